"""Read the record of a run, completely or only the lines added since the last read."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pybrain_runtime.errors import CannotResume, InputMissing
from pybrain_runtime.io.input_file import InputFile

_LINE_LIMIT, _SIZE_LIMIT = 1 << 20, 1 << 28
_RESULT_LIMIT = 1 << 30
_KEY = re.compile(r"[0-9a-f]{32}")
_STATUSES = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class Point:
    """The value of a metric at a step.

    Attributes:
        key: the name of the metric.
        value: the value, which is finite.
        step: the step.
        time: the time of recording, in milliseconds since 1970.
    """

    key: str
    value: float
    step: int
    time: int


@dataclass(frozen=True)
class Model:
    """The network trained by a run.

    Attributes:
        path: the network file, relative to the folder of the results.
        register: the name of the registered model; None to register none.
        alias: the alias for the registered version; None without an alias.
    """

    path: str
    register: str | None = None
    alias: str | None = None


@dataclass
class Recorded:
    """The content of a record.

    Attributes:
        key: the unique ID of the run.
        name: the name of the run.
        experiment: the name of the experiment.
        parent: the key of the outer run; None if the run is not nested.
        started: the start time, in milliseconds since 1970.
        ended: the end time, in milliseconds since 1970; None while the run is in progress.
        status: the status at the end; None while the run is in progress.
        params: the parameters.
        tags: the tags.
        points: the metrics, in the order of the file.
        artifacts: the destination folder of each artifact, by the path of its file.
        digests: the SHA-256 of artifacts, by the path of the file.
        model: the trained network; None without one.
        size: the number of bytes of the complete lines.
    """

    key: str = ""
    name: str = ""
    experiment: str = ""
    parent: str | None = None
    started: int = 0
    ended: int | None = None
    status: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    artifacts: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    model: Model | None = None
    size: int = 0


def read_record(path: Path) -> Recorded:
    """Read a record.

    Args:
        path: the file.

    Raises:
        CannotResume: the record is missing or damaged.
    """
    found = Recorded()
    read_added(path, found)
    return found


def read_added(path: Path, found: Recorded) -> None:
    """Read the lines added to a record. An incomplete last line is left for the next call.

    Args:
        path: the file.
        found: the content read so far, updated in place.

    Raises:
        CannotResume: the record is missing, damaged, or belongs to another run.
    """
    if not os.path.lexists(path):
        raise CannotResume(f"There is no record of a run at {path}.")
    with InputFile(path, "record of a run") as file:
        content = file.read(_SIZE_LIMIT)
    if len(content) < found.size:
        raise CannotResume(f"The record {path} was replaced by that of another run.")
    for line in content[found.size :].splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            _take(found, json.loads(line[:_LINE_LIMIT], parse_constant=_refuse))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise CannotResume(f"The record {path} is damaged after {found.size:,} bytes.") from None
        found.size += len(line)
    if not found.key:
        raise CannotResume(f"The record {path} is damaged: it does not identify its run.")


def recorded_steps(found: Recorded) -> dict[str, int]:
    """Return the last recorded step of each metric."""
    return {point.key: point.step for point in found.points}


def result_file(folder: Path, name: str) -> Path:
    """Return the path of a recorded file.

    Args:
        folder: the folder of the results.
        name: the recorded path of the file, relative to the folder.

    Raises:
        InputMissing: a folder in the path is a symbolic link, which could lead to any file of this machine.
    """
    path = folder / name
    for parent in list(path.parents)[: len(PurePosixPath(name).parts) - 1]:
        if parent.is_symlink():
            raise InputMissing(f"{parent} is a symbolic link, and links are not followed.", path=str(parent))
    return path


def read_result(folder: Path, found: Recorded, name: str) -> bytes:
    """Return the content of a recorded file.

    Args:
        folder: the folder of the results.
        found: the record.
        name: the recorded path of the file.

    Raises:
        InputMissing: the file does not exist, or another run has replaced it.
    """
    path = result_file(folder, name)
    with InputFile(path, "artifact") as file:
        content = file.read(_RESULT_LIMIT)
    expected = found.digests.get(name)
    if expected and hashlib.sha256(content).hexdigest() != expected:
        raise InputMissing(f"{path} is not sent: a later run has replaced it.", path=str(path))
    return content


def _take(found: Recorded, line: dict[str, Any]) -> None:
    known = [kind for kind in _KINDS if kind in line]
    if known:
        _KINDS[known[0]](found, line)


def _run(found: Recorded, line: dict[str, Any]) -> None:
    run = line["run"]
    if not _KEY.fullmatch(run["key"]) or (found.key and found.key != run["key"]):
        raise ValueError("another run")
    found.key, found.name, found.experiment = run["key"], _text(run["name"]), _text(run["experiment"])
    found.parent = run["parent"] if run["parent"] is None else _text(run["parent"])
    found.started = int(line["time"])


def _reopened(found: Recorded, line: dict[str, Any]) -> None:
    found.status = found.ended = None


def _params(found: Recorded, line: dict[str, Any]) -> None:
    found.params |= {_text(key): str(value) for key, value in line["params"].items()}


def _tags(found: Recorded, line: dict[str, Any]) -> None:
    found.tags |= {_text(key): _text(value) for key, value in line["tags"].items()}


def _metrics(found: Recorded, line: dict[str, Any]) -> None:
    step, time = int(line["step"]), int(line["time"])
    for key, value in line["metrics"].items():
        if not math.isfinite(value):
            raise ValueError("not finite")
        found.points.append(Point(_text(key), float(value), step, time))


def _artifact(found: Recorded, line: dict[str, Any]) -> None:
    path = _inside(line["artifact"])
    found.artifacts[path] = _inside(line["folder"]) if line["folder"] else ""
    found.digests[path] = _text(line.get("sha256", ""))


def _model(found: Recorded, line: dict[str, Any]) -> None:
    found.model = Model(_inside(line["model"]), line["register"], line["alias"])


def _end(found: Recorded, line: dict[str, Any]) -> None:
    if line["end"] not in _STATUSES:
        raise ValueError("unknown status")
    found.status, found.ended = line["end"], int(line["time"])


_KINDS: dict[str, Callable[[Recorded, dict[str, Any]], None]] = {
    "run": _run,
    "reopened": _reopened,
    "params": _params,
    "tags": _tags,
    "metrics": _metrics,
    "artifact": _artifact,
    "model": _model,
    "end": _end,
}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a string")
    return value


def _inside(value: object) -> str:
    """Return a path that stays within its folder."""
    path = PurePosixPath(_text(value))
    if path.is_absolute() or ".." in path.parts or "\\" in str(path) or not path.parts:
        raise ValueError("a path outside the folder")
    return str(path)


def _refuse(constant: str) -> None:
    raise ValueError(constant)
