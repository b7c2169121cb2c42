"""The record of a run: parameters, metrics and artifacts as JSON lines, written during training.

Training only writes this file. `training.tracking.send` reads it and sends it to an MLflow server, during training or
later.
"""

from __future__ import annotations

import errno
import json
import math
import os
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pybrain_runtime.errors import CannotWrite
from pybrain_runtime.io.open_flags import NO_FOLLOW, WRITE_OR_RESUME
from training.tracking.record_file import read_record, recorded_steps

Clock = Callable[[], float]
"""Returns the time in seconds since 1970."""

Status = Literal["FINISHED", "FAILED", "KILLED"]
"""The status of a run that has ended, as defined by MLflow."""

FOLDER, FILE = "tracking", "record.jsonl"
VERSION = 1
_INTERVAL = 1.0
_STRIDES = ((5_000, 1), (50_000, 10), (500_000, 100))
"""The limits up to which every step, every tenth step, and so on is recorded; above, every thousandth."""


class RunRecord:
    """The record of a run, in ``tracking/record.jsonl`` in the folder of its results. It has a single writer.

    Metrics are buffered and written once a second, all other lines immediately. An incomplete line left by a killed
    process is removed when the record is continued.

    Attributes:
        key: the unique ID of the run, set as a tag of the MLflow run, so that no run is created twice.
        steps: the last recorded step of each metric.
    """

    def __init__(self, path: Path, key: str, descriptor: int, now: Clock = time.time) -> None:
        self.path = path
        self.key = key
        self.steps: dict[str, int] = {}
        self._descriptor: int | None = descriptor
        self._now = now
        self._waiting: list[str] = []
        self._left_out: tuple[int, dict[str, float]] | None = None
        self._written = time.monotonic()

    @classmethod
    def create(
        cls, folder: Path, *, name: str, experiment: str, parent: str | None = None, now: Clock = time.time
    ) -> Self:
        """Create the record of a new run, replacing that of an earlier run in the folder.

        Args:
            folder: the folder of the results of the run.
            name: the name of the run.
            experiment: the name of the experiment.
            parent: the key of the outer run if this run is nested.
            now: returns the time in seconds since 1970.

        Raises:
            CannotWrite: the record cannot be written.
        """
        path = _path(folder)
        record = cls(path, uuid.uuid4().hex, _opened(path), now)
        record._truncate(0)
        about = {"version": VERSION, "key": record.key, "name": name, "experiment": experiment}
        record._line({"run": about | {"parent": parent}, "time": record._time()})
        return record

    @classmethod
    def reopen(cls, folder: Path, *, now: Clock = time.time) -> Self:
        """Continue the record of a killed or interrupted run. Steps already in the record are not recorded again.

        Args:
            folder: the folder of the results of the run.
            now: returns the time in seconds since 1970.

        Raises:
            CannotResume: the record is missing or damaged.
            CannotWrite: the record cannot be written.
        """
        path = _path(folder)
        found = read_record(path)
        record = cls(path, found.key, _opened(path), now)
        record._truncate(found.size)
        record.steps = recorded_steps(found)
        record._line({"reopened": True, "time": record._time()})
        return record

    def params(self, values: Mapping[str, str | int | float | bool | None]) -> None:
        """Record parameters, except those that are None."""
        self._line({"params": {key: value for key, value in values.items() if value is not None}})

    def tags(self, values: Mapping[str, str]) -> None:
        """Record tags."""
        self._line({"tags": dict(values)})

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Record the metrics of a step, such as an epoch.

        After 5,000 steps, only every tenth or hundredth step and the last one are recorded.

        Args:
            step: the step; must increase from call to call.
            values: the metrics by name; values that are not finite are omitted.
        """
        new = {
            key: value
            for key, value in values.items()
            if math.isfinite(value) and step > self.steps.get(key, -1)
        }
        if not new:
            return
        if step % _stride(step):
            self._left_out = (step, new)
            return
        self._left_out = None
        self._metrics(step, new)
        if time.monotonic() - self._written >= _INTERVAL:
            self.flush()

    def artifact(self, path: str, folder: str = "", sha256: str = "") -> None:
        """Record that a file is an artifact of the run. The file is read when it is sent.

        Args:
            path: the file, relative to the folder of the results.
            folder: the destination folder among the artifacts of the run.
            sha256: the SHA-256 of the content; a file with other content belongs to another run and is not sent. Empty
                for any content.
        """
        self._line({"artifact": path, "folder": folder, "sha256": sha256})

    def model(self, path: str, *, register: str | None = None, alias: str | None = None) -> None:
        """Record that a file is the network trained by the run.

        Args:
            path: the file, relative to the folder of the results, with its card beside it.
            register: the name of the registered model; None to register none.
            alias: the alias for the registered version; None without an alias.
        """
        self._line({"model": path, "register": register, "alias": alias})

    def end(self, status: Status) -> None:
        """Record how the run ended."""
        self._line({"end": status, "time": self._time()})

    def flush(self) -> None:
        """Write all buffered lines.

        Raises:
            CannotWrite: the lines cannot be written; lines already in the file stay intact.
        """
        self._written = time.monotonic()
        if not self._waiting or self._descriptor is None:
            return
        content = "".join(self._waiting).encode()
        self._waiting.clear()
        start = os.lseek(self._descriptor, 0, os.SEEK_END)
        try:
            written = os.write(self._descriptor, content)
            while written < len(content):
                written += os.write(self._descriptor, content[written:])
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, start)
            raise _cannot_write(self.path, error) from None

    def close(self) -> None:
        """Write all buffered lines, and close the file."""
        if self._descriptor is None:
            return
        try:
            self._last_step()
            self.flush()
        finally:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _line(self, content: Mapping[str, object]) -> None:
        self._last_step()
        self._waiting.append(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")
        self.flush()

    def _metrics(self, step: int, values: dict[str, float]) -> None:
        self.steps |= dict.fromkeys(values, step)
        content = {"metrics": {key: float(value) for key, value in values.items()}, "step": step}
        self._waiting.append(json.dumps(content | {"time": self._time()}, ensure_ascii=False) + "\n")

    def _last_step(self) -> None:
        if self._left_out is not None:
            (step, values), self._left_out = self._left_out, None
            self._metrics(step, values)

    def _time(self) -> int:
        """Return the time in milliseconds since 1970, the unit of MLflow."""
        return int(self._now() * 1000)

    def _truncate(self, size: int) -> None:
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            os.close(self._descriptor)
            raise _cannot_write(self.path, error) from None


def _path(folder: Path) -> Path:
    return folder / FOLDER / FILE


def _stride(step: int) -> int:
    return next((stride for last, stride in _STRIDES if step <= last), 1000)


def check_links(*folders: Path) -> None:
    """Check that folders are not symbolic links, which could lead to any folder of this machine.

    Args:
        folders: the folders, which need not exist.

    Raises:
        CannotWrite: a folder is a symbolic link.
    """
    for folder in folders:
        if folder.is_symlink():
            raise CannotWrite(
                f"{folder} is a symbolic link, and links are not followed.",
                path=str(folder),
                errno=errno.ELOOP,
            )


def _opened(path: Path) -> int:
    check_links(path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, WRITE_OR_RESUME | NO_FOLLOW, 0o644)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> CannotWrite:
    reason = (error.strerror or str(error)).lower()
    return CannotWrite(f"{path} cannot be written: {reason}.", path=str(path), errno=error.errno)
