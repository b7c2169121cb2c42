"""Simulated machines: files in a folder, and the output of commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.hardware.machine import Machine

GIB = 1 << 30
ENGINE = {
    "ServerVersion": "27.1", "OSType": "linux", "OperatingSystem": "Debian GNU/Linux 12", "Architecture": "x86_64",
    "NCPU": 16, "MemTotal": 64 * GIB, "CpuCfsQuota": True, "MemoryLimit": True, "Runtimes": {"runc": {}},
}  # fmt: skip
SMI = "nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader,nounits"
INFO = "docker info --format {{json .}}"


def machine(
    root: Path,
    *,
    files: Mapping[str, str] | None = None,
    prints: Mapping[str, str] | None = None,
    engine: Mapping[str, object] | None = ENGINE,
    system: str = "Linux",
    architecture: str = "x86_64",
    processors: int = 16,
    affinity: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Machine:
    """Return a simulated machine.

    Args:
        root: an empty folder.
        files: the content of its files by path.
        prints: the output of commands by command line.
        engine: the output of `docker info`; None if no engine responds.
        system: the operating system.
        architecture: the architecture, as reported by the kernel.
        processors: the number of CPUs.
        affinity: the number of CPUs that the process may use.
        environment: the environment variables.
    """
    for path, content in {"proc/meminfo": f"MemTotal: {64 * GIB // 1024} kB", **(files or {})}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    printed = dict(prints or {})
    if engine is not None:
        printed[INFO] = f"WARNING: No swap limit support\n{json.dumps(engine)}\n"

    def ask(command: Sequence[str]) -> str | None:
        return printed.get(" ".join(command))

    return Machine(root, system, architecture, processors, affinity, ask, environment or {})
