"""The process that reads untrusted input: ``python -I -m evaluation.workers.main``.

It limits itself before anything is read, then does one task after another: a line of JSON each, in and out. It starts
nothing and keeps nothing; the side that starts it is `evaluation.processes.worker_pool`.
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
    from evaluation.processes.worker_pool import error_to_message
    from pipeline.errors import PipelineError

    try:
        return {"result": carry_out(str(order["call"]), order["arguments"])}
    except MemoryError:
        return {"error": "memory"}
    except RecursionError:
        return {"error": "depth"}
    except PipelineError as error:
        if isinstance(error.__cause__ or error.__context__, MemoryError):
            return {"error": "memory"}  # a reader that raises its own error
        return error_to_message(error)
    except Exception as error:
        text = f"internal error of the evaluation, not of the submission: {type(error).__name__}: {str(error)[:500]}"
        return {"error": "WorkerError", "message": text, "hint": "Please report it, with the submission."}


class _Channel:
    """The two pipes to the evaluation. Other output of this process is discarded."""

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
        """Ask the evaluation for something that only it can give."""
        from evaluation.processes.worker_pool import error_from_message

        self.send({"ask": name, "arguments": arguments})
        message = self.receive()
        if message is None:
            sys.exit(0)
        if "answer" not in message:
            raise error_from_message(message)
        return message["answer"]


def limit_everything(memory: int, parent: int) -> None:
    """Limit this process as far as the system can: memory, file sizes, processes, and its parent's life.

    Args:
        memory: bytes of address space.
        parent: the process id of the evaluation.
    """
    try:
        import resource
    except ImportError:  # Windows: the limit by the clock is all there is, and the report says so
        return
    # With one thread the libraries take 150 MB of address space, so this bounds what is really used as well.
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    _use_one_processor()
    _use_one_heap()
    _end_with(parent)


def _use_one_processor() -> None:
    """Keep libraries from starting a thread for each processor, which takes address space.

    A limit on processes would not do: the kernel counts all of the user's, and a thread is one of them.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})


def _use_one_heap() -> None:
    """Let all threads allocate from one heap: glibc reserves 64 MB of address space for each further one."""
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        arena_max = -8
        mallopt(arena_max, 1)


def _end_with(parent: int) -> None:
    """End this process when the evaluation ends, however that ends (Linux; elsewhere the limits on time do it)."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    prctl_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(prctl_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def limit_time(seconds: int) -> None:
    """Give the next task some processor time; SIGXCPU ends the process where it takes more."""
    try:
        import resource
    except ImportError:
        return
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main())
