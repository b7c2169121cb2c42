"""Start and limit the child processes that decode untrusted data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_CODEBASE = Path(__file__).resolve().parents[1]


def child_command(module: str) -> tuple[str, ...]:
    """Return the command that runs a module with the current interpreter."""
    return (sys.executable, "-P", "-m", module)


def child_environment() -> dict[str, str]:
    """Return the environment for a child process: a copy of the current one, with the codebase on ``PYTHONPATH``."""
    paths = os.pathsep.join(filter(None, (str(_CODEBASE), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}


def limit_child(memory: int, seconds: int | None = None) -> None:
    """Limit the memory and CPU time of this process, where the system supports it.

    If the container runs out of memory, the kernel kills this process before the server.

    Args:
        memory: the limit in bytes, in addition to the memory of the code.
        seconds: the limit on CPU time in seconds; None for no limit.
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
