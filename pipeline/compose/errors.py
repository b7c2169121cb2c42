"""The error for a refused request, and the problems that it lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import DataError

MOST_PROBLEMS = 20
"""Maximum number of problems that an error lists; further ones are only counted."""


@dataclass(frozen=True, order=True)
class Problem:
    """One reason why a request is refused.

    Attributes:
        path: the path in the request, such as ``containers[1].volumes[0]``; empty for the whole request.
        reason: what is wrong with the value.
        hint: what to write instead; may be empty.
    """

    path: str
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        """Return the path and the reason in one line, and the hint in a second one."""
        text = f"{self.path or 'the request'}: {self.reason}"
        return f"{text}\n    {self.hint}" if self.hint else text


class RequestRefused(DataError):
    """A request from which no file is generated.

    Args:
        problems: the problems, at least one.

    Attributes:
        problems: the first problems, sorted by path.
        count: the number of all problems.
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
