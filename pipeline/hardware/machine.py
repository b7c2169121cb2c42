"""Read facts about a machine from system files and commands, within limits."""

from __future__ import annotations

import fnmatch
import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common import process
from common.errors import PipelineError

Ask = Callable[[Sequence[str]], str | None]

_SECONDS = 10.0
_MOST_CHARACTERS = 1 << 20
_MOST_ENTRIES = 4096


class _TooMuch(Exception):
    """A command prints more than the limit."""


def ask(command: Sequence[str], *, seconds: float = _SECONDS) -> str | None:
    """Return the output of a command; None if it is not installed, fails, hangs, or prints too much.

    Args:
        command: the program and its arguments.
        seconds: the time limit.
    """
    if shutil.which(command[0]) is None:
        return None
    characters = 0

    def count(line: str) -> None:
        nonlocal characters
        characters += len(line)
        if characters > _MOST_CHARACTERS:
            raise _TooMuch

    try:
        ended = process.run(command, timeout=seconds, on_line=count)
    except (OSError, PipelineError, _TooMuch):
        return None
    return ended.output if ended.ok else None


def _affinity() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


@dataclass(frozen=True)
class Machine:
    """A machine, as seen through its files, commands and environment.

    Attributes:
        root: the root folder of its file system.
        system: ``Linux``, ``Darwin`` or ``Windows``.
        architecture: the architecture, as reported by the kernel, such as ``x86_64``.
        processors: the number of CPUs.
        affinity: the number of CPUs that this process may use; None if the system does not report it.
        ask: a function that returns the output of a command; None if it is not installed or fails.
        environment: the environment variables.
    """

    root: Path = Path("/")
    system: str = field(default_factory=platform.system)
    architecture: str = field(default_factory=platform.machine)
    processors: int = field(default_factory=lambda: os.cpu_count() or 1)
    affinity: int | None = field(default_factory=_affinity)
    ask: Ask = ask
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def text(self, path: str) -> str:
        """Return the first 64 KiB of a file, stripped; empty if it cannot be read.

        Args:
            path: the path relative to the root.
        """
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            with os.fdopen(descriptor, "rb") as file:
                return file.read(1 << 16).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def number(self, path: str) -> int | None:
        """Return the number in a file; None if there is none."""
        return whole_number(self.text(path))

    def entries(self, folder: str, *patterns: str) -> list[str]:
        """Return the sorted paths of the entries of a folder whose names match one of the patterns.

        Args:
            folder: the path of the folder relative to the root.
            patterns: glob patterns, such as ``nvidia[0-9]*``.
        """
        try:
            with os.scandir(self.root / folder) as listed:
                names = [entry.name for _, entry in zip(range(_MOST_ENTRIES), listed, strict=False)]
        except OSError:
            return []
        matching = [name for name in names if any(fnmatch.fnmatchcase(name, each) for each in patterns)]
        return [f"{folder}/{name}" for name in sorted(matching)]

    def exists(self, path: str) -> bool:
        """Return whether a file, folder or device exists at a path relative to the root."""
        return os.path.lexists(self.root / path)

    def group(self, path: str) -> int | None:
        """Return the group ID of a file; None if the file does not exist."""
        try:
            return (self.root / path).stat().st_gid
        except OSError:
            return None


def whole_number(text: str) -> int | None:
    """Return the value of a string of at most 19 decimal digits; None for any other string."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(1 << 63)) else None
