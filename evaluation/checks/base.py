"""What a check is: a name for rubrics, a function, and the parameters that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluation.evidence.evidence import Lab
from evaluation.result import Evidence, Verdict
from pipeline.project import SERVICES, Service

_ERROR = re.compile(
    r"[\w.]*(Error|Exception)\b|✗|(?i:error|fatal)\b.*:|\w[\w./-]*: (can't|cannot|not found|no such)"
)
Function = Callable[[Lab, Mapping[str, Any]], Verdict]


@dataclass(frozen=True)
class Check:
    """Something that can be checked.

    Attributes:
        name: what a rubric calls it.
        function: looks, and says what it saw; raises CannotCheck where it cannot look.
        required: the parameters that a rubric must give, with their types.
        optional: the parameters that it may give.
    """

    name: str
    function: Function
    required: Mapping[str, type] = field(default_factory=dict)
    optional: Mapping[str, type] = field(default_factory=dict)


def container(parameters: Mapping[str, Any]) -> Service:
    """The container that a rubric means: 1, 2 or 3."""
    return SERVICES[int(parameters["container"]) - 1]


def seen(**texts: object) -> tuple[Evidence, ...]:
    """Evidence out of what was seen; what is empty is left out."""
    return tuple(Evidence(kind, str(text)) for kind, text in texts.items() if text not in ("", None))


def tail(text: str, lines: int = 12) -> str:
    """The last lines of a text, for a report."""
    kept = [line[:300].rstrip() for line in text.rstrip().splitlines()[-lines:]]
    return "\n".join(kept)


def head(text: str, lines: int = 8) -> str:
    """The first lines of a text, for a report."""
    every = text.rstrip().splitlines()
    kept = [line[:300].rstrip() for line in every[:lines]]
    return "\n".join([*kept, f"... {len(every) - lines} more lines"] if len(every) > lines else kept)


def last_words(lines: Sequence[str], otherwise: str = "it printed nothing") -> str:
    """The line that says why a program ended: its last error, else its last line.

    What a program prints as an error and what it prints otherwise reach a log in no certain order.
    """
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if _ERROR.match(line)]
    return (errors or said or [otherwise])[-1][:200]
