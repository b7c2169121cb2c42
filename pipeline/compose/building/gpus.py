"""The GPUs of a container."""

from __future__ import annotations

import re

from pipeline.compose.findings import Findings, shown
from pipeline.compose.request import Container
from pipeline.compose.request.sections import Gpu
from pipeline.compose.stack import Gpus

_GPU = re.compile(r"[0-9]{1,2}|(?:GPU|MIG)(?:-[0-9A-Za-z]{1,40}){1,8}")


def gpus_of(container: Container, path: str, findings: Findings) -> Gpus | None:
    """Return the GPUs of a container; None if it has none.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems.
    """
    place, given = f"{path}.gpu_requirements", container.gpu_requirements
    if isinstance(given, Gpu):
        if given.driver not in (None, "nvidia"):
            findings.refuse(
                f"{place}.driver",
                f"{shown(given.driver)} is not a supported GPU driver",
                "Use nvidia, or a hardware profile.",
            )
        for index, word in enumerate(given.capabilities or ()):
            if word not in ("gpu", "compute", "utility"):
                findings.refuse(
                    f"{place}.capabilities[{index}]",
                    f"{shown(word)} is not a supported GPU capability",
                    "Use gpu, compute or utility.",
                )
        if given.device_ids:
            return _devices(given.device_ids, f"{place}.device_ids", findings)
        return gpu_count(1 if given.count is None else given.count, f"{place}.count", findings)
    if isinstance(given, list):
        return _devices(given, place, findings) if given else None
    if given is None or given is False:
        return None
    if isinstance(given, str) and given.strip().lower() not in ("all", "none"):
        return _devices(list(given.split(",")), place, findings)
    return gpu_count(1 if given is True else given, place, findings)


def gpu_count(value: int | str, path: str, findings: Findings) -> Gpus | None:
    """Return the GPUs for a count, or report why it is refused.

    Args:
        value: the number of GPUs, ``"all"`` or ``"none"``.
        path: the path of the value in the request.
        findings: collects problems.
    """
    text = str(value).strip().lower()
    if text in ("all", "none"):
        return Gpus(-1) if text == "all" else None
    if text.isascii() and text.isdecimal() and len(text) <= 2 and int(text) <= 64:
        return Gpus(int(text)) if int(text) else None
    findings.refuse(
        path, f"{shown(str(value))} is not a valid number of GPUs", 'Write 1, "all", or a list of GPU IDs.'
    )
    return None


def _devices(values: list[str | int], path: str, findings: Findings) -> Gpus | None:
    found = []
    for index, value in enumerate(values):
        text = str(value).strip()
        if not _GPU.fullmatch(text):
            findings.refuse(
                f"{path}[{index}]",
                f"{shown(text)} is not a valid GPU ID",
                'Write an index such as "0", or a GPU UUID.',
            )
        else:
            found.append(text)
    return Gpus(0, tuple(dict.fromkeys(found))) if found else None
