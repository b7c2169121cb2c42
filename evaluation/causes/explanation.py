"""An error explained to a student, and the output that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.result import Observation


@dataclass(frozen=True)
class Explanation:
    """An error explained to a student.

    Attributes:
        id: the name of the fault.
        title: the fault, as a sentence without a full stop.
        what: what happened.
        do_first: what to do about it.
    """

    id: str
    title: str
    what: str
    do_first: str


def log(command: str, lines: Sequence[str], longest: int = 14) -> tuple[Observation, ...]:
    """Return a failed command with the last lines of its output.

    Args:
        command: the command, as a tutor types it.
        lines: the output of the command.
        longest: the maximum number of lines to keep.
    """
    shown = "\n".join(line[:300].rstrip() for line in list(lines)[-longest:])
    return tuple(
        Observation(kind, text) for kind, text in (("command", command), ("log", shown)) if text.strip()
    )
