"""Processes in which a server decodes what may be damaged: how they are started, and what limits them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_CODEBASE = Path(__file__).resolve().parents[1]


def child_command(module: str) -> tuple[str, ...]:
    """Return the command that runs a module with the interpreter of this process."""
    return (sys.executable, "-P", "-m", module)


def child_environment() -> dict[str, str]:
    """Return the environment of a process: that of this one, with the folder of the codebase to import from."""
    paths = os.pathsep.join(filter(None, (str(_CODEBASE), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}


def limit_child(memory: int, seconds: int | None = None) -> None:
    """Limit the memory that this process can reserve beyond that of its code, where the system can.

    Where a container runs out of memory, the kernel ends this process before the server.

    Args:
        memory: bytes.
        seconds: of processor time; None for any.
    """
    try:
        import resource

        reserved = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (reserved + memory, reserved + memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if seconds is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    except (ImportError, OSError, ValueError):
        return
