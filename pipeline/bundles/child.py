"""Tasks that are done in a process of their own, which is limited from outside in time and memory.

The folder of a task has it as `task.json`, and gets the answer as `answer.json`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from evaluation.processes.bounded_process import TIME, run_bounded
from evaluation.processes.messages import MessageError, decode, encode
from evaluation.workers.main import limit_everything
from pipeline.bundles.errors import SourceFailed, SourceRefused
from pipeline.errors import PipelineError

T = TypeVar("T")
_Task = TypeVar("_Task")

_TASK, _ANSWER = "task.json", "answer.json"
_MOST_OUTPUT = 64 * 1024
_MOST_ANSWER = 64 * 1024
# What a process needs to start, and the certificates of an organization; nothing else of the environment.
_KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
# One thread and one allocation arena: each further one takes address space.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")
_ERRORS: dict[str, type[PipelineError]] = {kind.__name__: kind for kind in (SourceFailed, SourceRefused)}


class ChildFailed(PipelineError):
    """The process of a task ended without an answer.

    Attributes:
        timed_out: whether it was stopped because it took too long.
    """

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message)
        self.timed_out = timed_out


def run_child(module: str, task: object, answer: type[T], folder: Path, *, seconds: float, memory: int) -> T:
    """Do a task in a process, and return its answer.

    Args:
        module: the module of the process, which calls `answer_task`.
        task: a dataclass.
        answer: the type of the answer.
        folder: a folder of this task, which exists.
        seconds: the time limit.
        memory: bytes of address space.

    Raises:
        ChildFailed: the process was stopped, or has ended without an answer.
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
        raise ChildFailed(f"it ended with status {ended.status}", timed_out=ended.end_reason == TIME)
    message = _read_json(folder / _ANSWER, _MOST_ANSWER)
    if "error" in message:
        kind = _ERRORS.get(str(message["error"]), PipelineError)
        raise kind(str(message.get("message", "")), hint=str(message.get("hint", "")))
    try:
        return decode(answer, message.get("result"))
    except MessageError as error:
        raise ChildFailed(f"its answer is not valid: {error}", timed_out=False) from None


def answer_task(folder: Path, kind: type[_Task], carry_out: Callable[[_Task], object]) -> int:
    """Limit this process, do its task, and write the answer.

    Args:
        folder: the folder of the task.
        kind: the type of the task.
        carry_out: does it, and returns a dataclass.

    Returns:
        The exit status.
    """
    order = _read_json(folder / _TASK, _MOST_ANSWER)
    limit_everything(int(str(order["memory"])), int(str(order["parent"])))
    try:
        answer: dict[str, object] = {"result": encode(carry_out(decode(kind, order["task"])))}
    except PipelineError as error:
        answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    (folder / _ANSWER).write_text(json.dumps(answer), encoding="ascii")
    return 0


def _read_json(path: Path, limit: int) -> dict[str, object]:
    with path.open("rb") as file:
        content = json.loads(file.read(limit))
    return content if isinstance(content, dict) else {}
