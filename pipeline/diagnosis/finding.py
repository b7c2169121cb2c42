"""The finding of a check, and the machine that the checks inspect."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from common import process
from common.errors import PipelineError, TimedOut
from common.project import Layout

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""Nothing to do; a warning, but the pipeline runs; a problem that keeps the pipeline from running."""

NOT_INSTALLED, HANGS = 127, 124
"""The statuses of a program that is not installed, and of one that does not end."""

_SECONDS = 4.0
_MOST_CHARACTERS = 1 << 20


class Finding(NamedTuple):
    """The finding of a check.

    Attributes:
        check: what was checked, in one or two words.
        status: `OK`, `NOTE` or `PROBLEM`.
        text: the result of the check.
        advice: what to do; empty if there is nothing to do.
    """

    check: str
    status: str
    text: str
    advice: str = ""


class Answer(NamedTuple):
    """The response of a program.

    Attributes:
        status: the exit status.
        output: both output streams in the order of writing.
    """

    status: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line of the output."""
        return (self.output.strip().splitlines() or [""])[-1][:300]


def ask(command: Sequence[str], seconds: float = _SECONDS) -> Answer:
    """Run a program with a time limit, and return its response.

    Args:
        command: the program and its arguments.
        seconds: the time limit, in seconds.
    """
    program = shutil.which(command[0])
    if program is None:
        return Answer(NOT_INSTALLED, "")
    try:
        ended = process.run([program, *command[1:]], timeout=seconds)
    except TimedOut:
        return Answer(HANGS, f"{command[0]} did not respond within {seconds:.0f} s")
    except (OSError, PipelineError) as error:
        return Answer(126, str(error))
    return Answer(ended.status, ended.output[:_MOST_CHARACTERS])


@dataclass(frozen=True)
class Surroundings:
    """The machine and the folder that the checks inspect.

    Attributes:
        layout: the checkout, or the current folder.
        environment: the environment variables.
        ask: runs a program and returns its response.
        root: the root of the file system.
        system: ``Linux``, ``Darwin`` or ``Windows``.
        python: the interpreter.
        version: the version of the interpreter.
        has_ensurepip: whether the interpreter can create an environment with pip; None to find out.
    """

    layout: Layout
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    ask: Callable[[Sequence[str]], Answer] = ask
    root: Path = Path("/")
    system: str = field(default_factory=platform.system)
    python: str = sys.executable
    version: tuple[int, int, int] = sys.version_info[:3]
    has_ensurepip: bool | None = None

    @property
    def is_checkout(self) -> bool:
        """Whether the folder is a checkout."""
        return not self.layout.missing()


Check = Callable[[Surroundings], list[Finding]]
"""Checks one thing. It may raise any OSError, which becomes a finding."""
