"""Run tasks in a child process, whose time and memory are limited from outside.

The folder of a task contains the task in `task.json`, and the child process writes the result to `result.json`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from common.errors import PipelineError
from evaluation.processes.bounded_process import TIME, run_bounded
from evaluation.processes.messages import MessageError, decode, encode
from evaluation.workers.main import limit_everything
from pipeline.bundles.errors import SourceFailed, SourceRefused

T = TypeVar("T")
_Task = TypeVar("_Task")

_TASK, _RESULT = "task.json", "result.json"
_MOST_OUTPUT = 64 * 1024
_MOST_RESULT = 64 * 1024
# The variables that a process needs to start, and the certificates of an organization; no other variables are passed.
_KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
# One thread and one allocation arena: each additional one takes address space.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")
_ERRORS: dict[str, type[PipelineError]] = {kind.__name__: kind for kind in (SourceFailed, SourceRefused)}


class ChildFailed(PipelineError):
    """The child process ended without a result.

    Attributes:
        timed_out: whether the process was stopped at its time limit.
    """

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message)
        self.timed_out = timed_out


def run_child(module: str, task: object, kind: type[T], folder: Path, *, seconds: float, memory: int) -> T:
    """Run a task in a child process and return its result.

    Args:
        module: the module that the process runs, which calls `carry_out_task`.
        task: the task, a dataclass.
        kind: the type of the result, a dataclass.
        folder: an existing folder for this task.
        seconds: the time limit.
        memory: the limit of the address space in bytes.

    Raises:
        ChildFailed: the process was stopped, or ended without a result.
        PipelineError: the task failed.
    """
    content = {"memory": memory, "parent": os.getpid(), "task": encode(task)}
    (folder / _TASK).write_text(json.dumps(content), encoding="ascii")
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    ended = run_bounded(
        [sys.executable, "-I", "-X", "utf8", "-m", module, str(folder)],
        seconds=seconds,
        output=_MOST_OUTPUT,
        environment=environment | dict.fromkeys(_THREADS, "1"),
    )
    if not ended.ok:
        raise ChildFailed(
            f"its process exited with status {ended.status}", timed_out=ended.end_reason == TIME
        )
    message = _read_json(folder / _RESULT, _MOST_RESULT)
    if "error" in message:
        error_type = _ERRORS.get(str(message["error"]), PipelineError)
        raise error_type(str(message.get("message", "")), hint=str(message.get("hint", "")))
    try:
        return decode(kind, message.get("result"))
    except MessageError as error:
        raise ChildFailed(f"its process wrote an invalid result: {error}", timed_out=False) from None


def carry_out_task(folder: Path, kind: type[_Task], carry_out: Callable[[_Task], object]) -> int:
    """Limit the resources of this process, carry out its task, and write the result.

    Args:
        folder: the folder of the task.
        kind: the type of the task.
        carry_out: the function that carries out the task and returns a dataclass.

    Returns:
        The exit status.
    """
    order = _read_json(folder / _TASK, _MOST_RESULT)
    limit_everything(int(str(order["memory"])), int(str(order["parent"])))
    try:
        message: dict[str, object] = {"result": encode(carry_out(decode(kind, order["task"])))}
    except PipelineError as error:
        message = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    (folder / _RESULT).write_text(json.dumps(message), encoding="ascii")
    return 0


def _read_json(path: Path, limit: int) -> dict[str, object]:
    with path.open("rb") as file:
        content = json.loads(file.read(limit))
    return content if isinstance(content, dict) else {}
