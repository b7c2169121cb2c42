"""Worker processes that read untrusted input, within limits that are enforced from outside.

A worker (`evaluation.workers.main`) receives the name of a task and its arguments as a line of JSON and responds with
a line of JSON, which is checked against the expected type. It may request something that only the evaluation itself
can provide (an image, a run of the stack). A worker that exceeds its limits is killed, and `TooCostly` is raised.
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

from common import process
from common.errors import DataError, InputMissing, PipelineError
from evaluation.errors import (
    CannotCheck,
    CannotOpenHere,
    ImageRefused,
    MissingPrerequisite,
    NoSubmission,
    TooCostly,
    WorkerError,
)
from evaluation.processes.messages import MessageError, decode, encode
from evaluation.quotas import MIB, Limits
from evaluation.sanitize import printable

T = TypeVar("T")
AnswerRequest = Callable[[str, Mapping[str, Any]], object]
# Errors that keep their type when sent as a message; all others become PipelineError.
_ERRORS = {
    kind.__name__: kind
    for kind in (
        CannotCheck,
        CannotOpenHere,
        DataError,
        ImageRefused,
        InputMissing,
        MissingPrerequisite,
        NoSubmission,
        WorkerError,
    )
}
# The environment variables needed to start the interpreter; no others are inherited.
_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP", "TMPDIR")
# One thread and one allocation arena, because each additional one takes address space.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")
_CHUNK = 64 * 1024
_LEAST_CPU = 2


def refuse_request(name: str, arguments: Mapping[str, Any]) -> object:
    """Refuse a request of a worker: the default before `WorkerPool.set_context`.

    Args:
        name: the name of the request.
        arguments: the arguments of the request; not used.

    Raises:
        CannotCheck: every call raises it.
    """
    raise CannotCheck(f"unknown request {name}")


class WorkerPool:
    """Worker processes that are started on demand and reused after a successful task.

    Args:
        limits: limits of one worker.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._context: Mapping[str, object] = {}
        self._answer: AnswerRequest = refuse_request
        self._idle: list[_Worker] = []
        self._exceeded = 0

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *error: object) -> None:
        with process.ignore_signals():
            self.close()

    def set_context(self, context: Mapping[str, object], answer: AnswerRequest) -> None:
        """Set the data for all workers; workers that are already running receive it with their next task.

        Args:
            context: data for every worker.
            answer: called with the name and the arguments of a worker's request; returns the response.
        """
        self._context = dict(context)
        self._answer = answer

    def close(self) -> None:
        """Stop all workers."""
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
        """Run a task in a worker, and return its result.

        Args:
            kind: the expected type of the result.
            task: the name of the task in `evaluation.workers.tasks`.
            what: description of the input that is read, for error messages.
            cpu: limit on processor time in seconds; None for the default.
            seconds: limit on wall-clock time; None for the default.
            **arguments: the arguments of the task.

        Raises:
            TooCostly: the task exceeded a limit, or its worker crashed.
            PipelineError: the task failed with this error.
        """
        # After each input that exceeds its limits, the following inputs get less time.
        default_cpu = max(_LEAST_CPU, self.limits.read_cpu // (1 + self._exceeded))
        limits = (cpu or default_cpu, seconds or self.limits.read_seconds)
        value = self._carried_out(task, what, limits, arguments)
        try:
            return decode(kind, value)
        except MessageError as error:
            raise WorkerError(f"unexpected result of the task {task}: {error}") from error

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
        # Earlier tasks may have used up the memory: try again in a new worker.
        self.close()
        try:
            return self._once(order, what, limits)
        except _OutOfMemory as error:
            raise TooCostly(what, error.limit) from None

    def _once(self, order: Mapping[str, Any], what: str, limits: tuple[int, float]) -> object:
        worker = self._idle.pop() if self._idle else _Worker(self.limits)
        try:
            worker.set_context(self._context)
            value = worker.carry_out(order, what, limits, self._answer)
        except BaseException:
            with process.ignore_signals():
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
    """One worker process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.usable = False
        self._context: Mapping[str, object] | None = None
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = process.open_pipes(
            [sys.executable, "-I", "-X", "utf8", "-m", "evaluation.workers.main"],
            environment | dict.fromkeys(_THREADS, "1"),
        )
        # A short queue, so that excess output waits in the pipe.
        self._chunks: queue.Queue[bytes] = queue.Queue(maxsize=16)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._rest = b""
        self._send({"memory": limits.read_memory, "parent": os.getpid()})

    def set_context(self, context: Mapping[str, object]) -> None:
        """Send the data of the pool unless the worker already has it.

        Args:
            context: the data for the worker.
        """
        if context is not self._context:
            self._context = context
            self._send({"context": encode(context)})

    def carry_out(
        self, order: Mapping[str, Any], what: str, limits: tuple[int, float], answer: AnswerRequest
    ) -> object:
        """Run one task, responding to requests of the worker in the meantime.

        Args:
            order: the message with the task.
            what: description of the input that is read, for error messages.
            limits: limits on processor time and on wall-clock time, in seconds.
            answer: called with the name and the arguments of each request; returns the response.
        """
        self.usable = False
        self._send(order)
        deadline = time.monotonic() + limits[1]
        while True:
            message = self._receive(deadline, what, limits)
            if "ask" not in message:
                break
            request_started = time.monotonic()
            self._send(_response(answer, message))
            deadline += time.monotonic() - request_started  # the evaluation's own time does not count
        if "result" in message:
            self.usable = True
            return message["result"]
        if message.get("error") == "memory":
            raise _OutOfMemory(f"it needs more than {self.limits.read_memory // MIB} MB of memory")
        if message.get("error") == "depth":
            raise TooCostly(what, "it is nested too deeply")
        self.usable = True
        raise error_from_message(message)

    def kill(self) -> None:
        """Kill the worker and its child processes."""
        with suppress(ProcessLookupError, PermissionError):
            if process.WINDOWS:
                self._process.kill()
            elif self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        while self._reader.is_alive():  # it may be blocked by a full queue
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
        with suppress(OSError, ValueError):  # a worker that has ended is noticed when its response is read
            self._process.stdin.write(json.dumps(message).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _receive(self, deadline: float, what: str, limits: tuple[int, float]) -> dict[str, Any]:
        parts, size = [self._rest], len(self._rest)
        while b"\n" not in parts[-1]:
            remaining = deadline - time.monotonic()
            try:
                chunk = self._chunks.get(timeout=max(remaining, 0.0))
            except queue.Empty:
                raise TooCostly(what, f"it did not end within {limits[1]:g} s") from None
            size += len(chunk)
            if size > self.limits.read_result:
                limit = self.limits.read_result // MIB
                raise TooCostly(what, f"the result is larger than {limit} MB")
            if not chunk:
                raise self._ended(what, limits)
            parts.append(chunk)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise WorkerError(f"the response of a worker is not valid JSON: {error}") from error
        return message if isinstance(message, dict) else {}

    def _ended(self, what: str, limits: tuple[int, float]) -> Exception:
        """Return the error for a worker that ended by itself."""
        status = self._process.wait(10.0)
        if status == -getattr(signal, "SIGXCPU", 1000):
            return TooCostly(what, f"it takes more than {limits[0]} s of CPU time")
        if status == -int(getattr(signal, "SIGKILL", 9)):
            return TooCostly(what, "its reader was killed by the system, probably because memory ran out")
        if status < 0 or status > 0xC0000000:
            return TooCostly(
                what, f"its reader crashed (signal {-status})" if status < 0 else "its reader crashed"
            )
        return WorkerError(f"a worker exited with status {status} while it read {what}")


def _response(answer: AnswerRequest, message: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"answer": encode(answer(str(message["ask"]), message.get("arguments") or {}))}
    except PipelineError as error:
        return error_to_message(error)


def error_to_message(error: PipelineError) -> dict[str, Any]:
    """Return an error as a message."""
    message = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    if isinstance(error, TooCostly):
        message |= {"what": error.what, "limit": error.limit}
    return message


def error_from_message(message: Mapping[str, Any]) -> PipelineError:
    """Return the error of a message, with its strings made printable: they may contain names from a submission."""
    kind, text, hint, what, limit = (
        printable(str(message.get(key) or "")) for key in ("error", "message", "hint", "what", "limit")
    )
    if kind == "TooCostly":
        return TooCostly(what, limit)
    return _ERRORS.get(kind, PipelineError)(text, hint=hint)
