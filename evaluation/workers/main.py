"""The process that reads untrusted input: ``python -I -m evaluation.workers.main``.

It limits itself before it reads anything, then carries out one task after another: tasks and results are lines of JSON.
It starts no processes and keeps no data. `evaluation.processes.worker_pool` starts it.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

LARGEST_FILE = 1024 * 1024 * 1024


def main() -> int:
    """Carry out tasks until the evaluation closes the channel."""
    channel = _Channel()
    settings = channel.receive()
    if settings is None:
        return 0
    limit_everything(int(settings["memory"]), int(settings["parent"]))
    from evaluation.workers.tasks import TaskRunner

    tasks = TaskRunner({}, channel.ask)
    while (order := channel.receive()) is not None:
        if "context" in order:
            tasks = TaskRunner(order["context"], channel.ask)
            continue
        limit_time(int(order["cpu"]))
        answer = _carried_out(tasks.carry_out, order)
        channel.send(answer)
        if answer.get("error") in ("memory", "depth"):
            return 0
    return 0


def _carried_out(
    carry_out: Callable[[str, Mapping[str, Any]], Any], order: Mapping[str, Any]
) -> dict[str, Any]:
    from common.errors import PipelineError
    from evaluation.processes.worker_pool import error_to_message

    try:
        return {"result": carry_out(str(order["call"]), order["arguments"])}
    except MemoryError:
        return {"error": "memory"}
    except RecursionError:
        return {"error": "depth"}
    except PipelineError as error:
        if isinstance(error.__cause__ or error.__context__, MemoryError):
            return {"error": "memory"}  # the reader turned it into its own error
        return error_to_message(error)
    except Exception as error:
        text = f"internal error of the evaluation, not of the submission: {type(error).__name__}: {str(error)[:500]}"
        return {"error": "WorkerError", "message": text, "hint": "Please report it, with the submission."}


class _Channel:
    """The two pipes to the evaluation; all other output of this process is discarded."""

    def __init__(self) -> None:
        self._in: BinaryIO = sys.stdin.buffer
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def receive(self) -> dict[str, Any] | None:
        line = self._in.readline()
        message = json.loads(line) if line else None
        return message if isinstance(message, dict) else None

    def send(self, message: Mapping[str, Any]) -> None:
        try:
            line = json.dumps(message).encode("ascii")
        except MemoryError:
            line = b'{"error": "memory"}'
        self._out.write(line + b"\n")
        self._out.flush()

    def ask(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Request something that only the evaluation can provide, and return the response.

        Args:
            name: the name of the request.
            arguments: the arguments of the request, by name.
        """
        from evaluation.processes.worker_pool import error_from_message

        self.send({"ask": name, "arguments": arguments})
        message = self.receive()
        if message is None:
            sys.exit(0)
        if "answer" not in message:
            raise error_from_message(message)
        return message["answer"]


def limit_everything(memory: int, parent: int) -> None:
    """Limit memory, file sizes and processes of this process, as far as supported, and end it with its parent.

    Args:
        memory: limit on the address space in bytes.
        parent: the process id of the evaluation.
    """
    try:
        import resource
    except ImportError:  # Windows has only the limit on wall-clock time, as the report mentions
        return
    # With one thread, the libraries take 150 MB of address space, so this also limits the memory in use.
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    _use_one_processor()
    _use_one_heap()
    _end_with(parent)


def _use_one_processor() -> None:
    """Keep libraries from starting a thread per CPU, which takes address space.

    A limit on processes would not work, because the kernel counts all processes and threads of the user.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})


def _use_one_heap() -> None:
    """Make all threads allocate from one heap: glibc reserves 64 MB of address space for each additional heap."""
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        arena_max = -8
        mallopt(arena_max, 1)


def _end_with(parent: int) -> None:
    """End this process when the evaluation ends for any reason (Linux only; elsewhere, the time limits end it)."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    prctl_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(prctl_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def limit_time(seconds: int) -> None:
    """Limit the processor time of the next task; SIGXCPU ends the process if the task exceeds it."""
    try:
        import resource
    except ImportError:
        return
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main())
