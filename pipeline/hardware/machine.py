"""How facts about a machine are read: from the files of the system and by commands, within limits."""

from __future__ import annotations

import fnmatch
import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import process
from pipeline.errors import PipelineError

Ask = Callable[[Sequence[str]], str | None]

_SECONDS = 10.0
_MOST_CHARACTERS = 1 << 20
_MOST_ENTRIES = 4096


class _TooMuch(Exception):
    """A command writes more than is read."""


def ask(command: Sequence[str], *, seconds: float = _SECONDS) -> str | None:
    """Return what a command prints; None where it is not installed, fails, hangs, or prints too much.

    Args:
        command: the program and its arguments.
        seconds: how long it may take.
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
    """A machine.

    Attributes:
        root: the root of its file system.
        system: ``Linux``, ``Darwin`` or ``Windows``.
        architecture: as the kernel names it, such as ``x86_64``.
        processors: how many it has.
        affinity: how many of them this process may use; None where the system does not tell.
        ask: returns what a command prints; None where it is not installed or fails.
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
        """Return the beginning of a file without white space at its ends; empty where it cannot be read.

        Args:
            path: relative to the root.
        """
        try:
            descriptor = os.open(self.root / path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            with os.fdopen(descriptor, "rb") as file:
                return file.read(1 << 16).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def number(self, path: str) -> int | None:
        """Return the number in a file; None where there is none."""
        return whole_number(self.text(path))

    def entries(self, folder: str, *patterns: str) -> list[str]:
        """Return the paths of the entries of a folder whose names match one of some patterns, sorted.

        Args:
            folder: relative to the root.
            patterns: such as ``nvidia[0-9]*``.
        """
        try:
            with os.scandir(self.root / folder) as listed:
                names = [entry.name for _, entry in zip(range(_MOST_ENTRIES), listed, strict=False)]
        except OSError:
            return []
        matching = [name for name in names if any(fnmatch.fnmatchcase(name, each) for each in patterns)]
        return [f"{folder}/{name}" for name in sorted(matching)]

    def exists(self, path: str) -> bool:
        """Return whether there is a file, folder or device of a path, which is relative to the root."""
        return os.path.lexists(self.root / path)

    def group(self, path: str) -> int | None:
        """Return the number of the group of a file; None where there is no such file."""
        try:
            return (self.root / path).stat().st_gid
        except OSError:
            return None


def whole_number(text: str) -> int | None:
    """Return a number of at most 19 decimal digits; None for any other text."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(1 << 63)) else None
