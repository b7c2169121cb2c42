"""A request that is refused, and the problems that say why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.errors import DataError

MOST_PROBLEMS = 20
"""How many problems are reported in full; the others are counted."""


@dataclass(frozen=True, order=True)
class Problem:
    """One reason why a request is refused.

    Attributes:
        path: the place in the request, such as ``containers[1].volumes[0]``; empty for the whole request.
        reason: what is wrong there.
        hint: what to write instead; may be empty.
    """

    path: str
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        """Return path and reason in one line, the hint in a second one."""
        text = f"{self.path or 'the request'}: {self.reason}"
        return f"{text}\n    {self.hint}" if self.hint else text


class RequestRefused(DataError):
    """A request from which no file is generated.

    Args:
        problems: at least one.

    Attributes:
        problems: the first of them, sorted by path.
        count: how many there are.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = sorted(set(problems))
        self.problems = tuple(found[:MOST_PROBLEMS])
        self.count = len(found)
        lines = ["The request is refused."]
        lines += [f"  {problem}" for problem in self.problems]
        if self.count > len(self.problems):
            lines.append(f"  ... and {self.count - len(self.problems)} more problems")
        super().__init__("\n".join(lines))
