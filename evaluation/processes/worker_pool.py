"""Workers: processes of their own that read what a stranger supplied, within limits that are set from outside.

A worker (`evaluation.workers.main`) gets the name of a task and its arguments as a line of JSON and answers
with a line of JSON; what comes is checked against the type that is expected. It may ask for something that only the
evaluation itself can give (an image, a run of the stack). A worker that uses too much is ended, and that is an error
with a reason: `TooCostly`.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from evaluation.errors import CannotCheck, ImageRefused, NoSubmission, TooCostly, WorkerDefect
from evaluation.processes.messages import MessageError, decode, encode
from evaluation.quotas import MIB, Limits
from evaluation.sanitize import printable
from pipeline import process
from pipeline.errors import DataError, InputMissing, PipelineError

T = TypeVar("T")
Answer = Callable[[str, Mapping[str, Any]], object]
# What crosses as itself; every other error of the tree crosses as its root.
_ERRORS = {
    kind.__name__: kind
    for kind in (CannotCheck, DataError, ImageRefused, NoSubmission, InputMissing, WorkerDefect)
}
# Enough to find the interpreter's own parts; nothing that a person keeps in the environment.
_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP", "TMPDIR")
# One thread, and one arena for what it allocates: each further one takes address space.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")
_CHUNK = 64 * 1024
_LEAST_CPU = 2


def no_answer(name: str, arguments: Mapping[str, Any]) -> object:
    """What a worker gets that asks where there is nothing to ask for."""
    raise CannotCheck(f"{name} is not known here")


class WorkerPool:
    """Workers that are started when one is needed, and used again where it ended well.

    Args:
        limits: what one may use.
        context: what each is told when it starts.
        answer: gives what a worker asks for.
    """

    def __init__(
        self, limits: Limits, context: Mapping[str, Any] | None = None, answer: Answer = no_answer
    ) -> None:
        self.limits = limits
        self._context = dict(context or {})
        self._answer = answer
        self._idle: list[_Worker] = []
        self._exceeded = 0

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *error: object) -> None:
        with process.undisturbed():
            self.close()

    def close(self) -> None:
        """Ends them."""
        while self._idle:
            self._idle.pop().kill()

    def call(
        self,
        kind: type[T],
        task: str,
        what: str,
        *,
        cpu: int | None = None,
        seconds: float | None = None,
        **arguments: object,
    ) -> T:
        """Has a task done.

        Args:
            kind: the type of what it comes to.
            task: its name in `evaluation.workers.tasks`.
            what: what is read, for the error.
            cpu: seconds of processor time, where not the usual.
            seconds: by the clock, where not the usual.
            **arguments: of the task.

        Raises:
            TooCostly: it used too much, or its worker broke.
            PipelineError: what the task itself raised.
        """
        # A submission with many things that are too much does not get the whole time for each of them.
        usual = max(_LEAST_CPU, self.limits.read_cpu // (1 + self._exceeded))
        limits = (cpu or usual, seconds or self.limits.read_seconds)
        value = self._carried_out(task, what, limits, arguments)
        try:
            return decode(kind, value)
        except MessageError as error:
            raise WorkerDefect(f"a worker answered {task} with something else: {error}") from error

    def _carried_out(
        self, task: str, what: str, limits: tuple[int, float], arguments: Mapping[str, object]
    ) -> object:
        order = {"call": task, "arguments": encode(arguments), "cpu": limits[0]}
        used = bool(self._idle)
        try:
            return self._once(order, what, limits)
        except _OutOfMemory as error:
            if not used:
                raise TooCostly(what, error.limit) from None
        # What was read before may have taken the room: once more, in one that is new.
        self.close()
        try:
            return self._once(order, what, limits)
        except _OutOfMemory as error:
            raise TooCostly(what, error.limit) from None

    def _once(self, order: Mapping[str, Any], what: str, limits: tuple[int, float]) -> object:
        worker = self._idle.pop() if self._idle else _Worker(self.limits, self._context)
        try:
            value = worker.carry_out(order, what, limits, self._answer)
        except BaseException:
            with process.undisturbed():
                if worker.usable:
                    self._idle.append(worker)
                else:
                    self._exceeded += 1
                    worker.kill()
            raise
        self._idle.append(worker)
        return value


class _OutOfMemory(Exception):
    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class _Worker:
    """One process."""

    def __init__(self, limits: Limits, context: Mapping[str, Any]) -> None:
        self.limits = limits
        self.usable = False
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = process.open_pipes(
            [sys.executable, "-I", "-X", "utf8", "-m", "evaluation.workers.main"],
            environment | dict.fromkeys(_THREADS, "1"),
        )
        # Few at a time: what a worker writes beyond that waits in its pipe.
        self._chunks: queue.Queue[bytes] = queue.Queue(maxsize=16)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._rest = b""
        self._send({"memory": limits.read_memory, "parent": os.getpid(), "context": encode(context)})

    def carry_out(
        self, order: Mapping[str, Any], what: str, limits: tuple[int, float], answer: Answer
    ) -> object:
        """Has one task done, and answers what the worker asks meanwhile."""
        self.usable = False
        self._send(order)
        deadline = time.monotonic() + limits[1]
        while True:
            message = self._receive(deadline, what, limits)
            if "ask" not in message:
                break
            asked = time.monotonic()
            self._send(_answered(answer, message))
            deadline += time.monotonic() - asked  # what the evaluation does itself is not the worker's time
        if "result" in message:
            self.usable = True
            return message["result"]
        if message.get("error") == "memory":
            raise _OutOfMemory(f"it needs more than {self.limits.read_memory // MIB} MB of memory")
        if message.get("error") == "depth":
            raise TooCostly(what, "it is nested too deep")
        self.usable = True
        raise error_from_message(message)

    def kill(self) -> None:
        """Ends it, with whatever it started."""
        with suppress(ProcessLookupError, PermissionError):
            if process.WINDOWS:
                self._process.kill()
            elif self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        while self._reader.is_alive():  # it may wait for room
            with suppress(queue.Empty):
                self._chunks.get(timeout=0.05)
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):
            while chunk := self._process.stdout.read1(_CHUNK):  # type: ignore[attr-defined]
                self._chunks.put(chunk)
        self._chunks.put(b"")

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # a worker that has ended is seen when it is listened to
            self._process.stdin.write(json.dumps(message).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _receive(self, deadline: float, what: str, limits: tuple[int, float]) -> dict[str, Any]:
        parts, size = [self._rest], len(self._rest)
        while b"\n" not in parts[-1]:
            left = deadline - time.monotonic()
            try:
                chunk = self._chunks.get(timeout=max(left, 0.0))
            except queue.Empty:
                raise TooCostly(what, f"it did not end within {limits[1]:g} s") from None
            size += len(chunk)
            if size > self.limits.read_result:
                most = self.limits.read_result // MIB
                raise TooCostly(what, f"what there is to say about it is longer than {most} MB")
            if not chunk:
                raise self._ended(what, limits)
            parts.append(chunk)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise WorkerDefect(f"a worker answered with something else than JSON: {error}") from error
        return message if isinstance(message, dict) else {}

    def _ended(self, what: str, limits: tuple[int, float]) -> Exception:
        """Why a worker ended by itself, in words."""
        status = self._process.wait(10.0)
        if status == -getattr(signal, "SIGXCPU", 1000):
            return TooCostly(what, f"it takes more than {limits[0]} s of processor time")
        if status == -int(getattr(signal, "SIGKILL", 9)):
            return TooCostly(what, "its reader was ended by the system, as where memory runs out")
        if status < 0 or status > 0xC0000000:
            return TooCostly(
                what, f"its reader crashed (signal {-status})" if status < 0 else "its reader crashed"
            )
        return WorkerDefect(f"a worker of the evaluation ended with status {status} while it read {what}")


def _answered(answer: Answer, message: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"answer": encode(answer(str(message["ask"]), message.get("arguments") or {}))}
    except PipelineError as error:
        return error_to_message(error)


def error_to_message(error: PipelineError) -> dict[str, Any]:
    """An error of the tree as a message."""
    about = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    if isinstance(error, TooCostly):
        about |= {"what": error.what, "limit": error.limit}
    return about


def error_from_message(message: Mapping[str, Any]) -> PipelineError:
    """The error that `described` made a message of; names of a submission in it are shown as text."""
    kind, text, hint, what, limit = (
        printable(str(message.get(key) or "")) for key in ("error", "message", "hint", "what", "limit")
    )
    if kind == "TooCostly":
        return TooCostly(what, limit)
    return _ERRORS.get(kind, PipelineError)(text, hint=hint)
