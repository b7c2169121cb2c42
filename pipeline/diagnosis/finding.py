"""What a check finds, and what it looks at."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline import process
from pipeline.errors import PipelineError, TimedOut
from pipeline.project import Layout

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""Nothing to do; something to know, the pipeline runs; something without which the pipeline does not run."""

NOT_INSTALLED, HANGS = 127, 124
"""The statuses of a program that is not installed, and of one that does not end."""

_SECONDS = 4.0
_MOST_CHARACTERS = 1 << 20


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        check: what was looked at, in one or two words.
        status: `OK`, `NOTE` or `PROBLEM`.
        text: what was found.
        advice: what to do; empty if there is nothing to do.
    """

    check: str
    status: str
    text: str
    advice: str = ""


class Answer(NamedTuple):
    """What a program answered.

    Attributes:
        status: its exit status.
        output: what it wrote to both streams.
    """

    status: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line of the output."""
        return (self.output.strip().splitlines() or [""])[-1][:300]


def ask(command: Sequence[str], seconds: float = _SECONDS) -> Answer:
    """Run a program that answers a question, within limits.

    Args:
        command: the program and its arguments.
        seconds: how long it may take.
    """
    program = shutil.which(command[0])
    if program is None:
        return Answer(NOT_INSTALLED, "")
    try:
        ended = process.run([program, *command[1:]], timeout=seconds)
    except TimedOut:
        return Answer(HANGS, f"{command[0]} did not answer within {seconds:.0f} s")
    except (OSError, PipelineError) as error:
        return Answer(126, str(error))
    return Answer(ended.status, ended.output[:_MOST_CHARACTERS])


@dataclass(frozen=True)
class Surroundings:
    """What the checks look at.

    Attributes:
        layout: the checkout, or the current folder.
        environment: the environment variables.
        ask: runs a program that answers a question.
        root: the root of the file system.
        system: ``Linux``, ``Darwin`` or ``Windows``.
        python: the interpreter.
        version: its version.
        has_ensurepip: whether it can make an environment with pip.
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
        """Whether there is a checkout."""
        return not self.layout.missing()


Check = Callable[[Surroundings], list[Finding]]
"""Looks at one thing. It may raise any OSError, which becomes a finding."""
