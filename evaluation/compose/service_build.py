"""The `build:` of a service: which image it builds, from which folder of the submission."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evaluation.compose.findings import Findings
from evaluation.compose.safe_stack import BuildRequest
from evaluation.compose.values import read_pairs

_DOCKERFILE = "Dockerfile"
_SUPPORTED = frozenset(["context", "dockerfile", "args", "target", "labels", "tags", "pull", "no_cache"])
# Settings that the evaluation chooses itself.
_LEFT_OUT = frozenset(
    ["cache_from", "cache_to", "shm_size", "platforms", "network", "isolation", "provenance", "sbom"]
)


def read_build(name: str, value: Any, findings: Findings) -> BuildRequest | None:
    """Read the `build:` of a service.

    Args:
        name: the service.
        value: a folder, or a mapping.
        findings: collects mistakes and refusals.

    Returns:
        None if nothing is built, or nothing can be.
    """
    if value is None:
        return None
    settings = {"context": value} if isinstance(value, str) else value
    if not isinstance(settings, Mapping):
        findings.mistake(f"`build:` of {name} must be a folder or a mapping")
        return None
    for key in set(settings) - _SUPPORTED:
        if key in _LEFT_OUT:
            findings.leave_out(f"{name}.build.{key}")
        else:
            findings.refuse(name, f"build.{key}", "is not supported in the builds of an evaluation")
    context, dockerfile = str(settings.get("context") or "."), str(settings.get("dockerfile") or _DOCKERFILE)
    if re.match(r"[A-Za-z][\w+.-]*://|git@", context):
        findings.refuse(name, f"build: {context}", "is not in the submission")
        return None
    folder = findings.path_inside(name, "build", context)
    if folder is None or findings.path_inside(name, "build.dockerfile", f"{context}/{dockerfile}") is None:
        return None
    lower = dockerfile.lower()
    has = findings.submission.has
    if dockerfile == _DOCKERFILE and not has(f"{folder}/{dockerfile}") and has(f"{folder}/{lower}"):
        dockerfile = lower  # Docker accepts these two spellings only
    arguments = tuple(sorted(read_pairs(settings.get("args")).items()))
    return BuildRequest(folder, dockerfile, arguments, str(settings.get("target") or ""))
