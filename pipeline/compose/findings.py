"""Collect the problems and warnings of a request while it is checked."""

from __future__ import annotations

from pipeline.compose.errors import Problem, RequestRefused
from pipeline.compose.stack import StackWarning

MOST_ADDRESSES = 2000
"""Maximum number of addresses in the commands and variables of a request, since each of them is checked."""
SHOWN = 60
"""Maximum number of characters of a value that a message repeats."""


class Findings:
    """The problems and warnings of one request."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._warnings: dict[StackWarning, None] = {}
        self._addresses = 0

    def refuse(self, path: str, reason: str, hint: str = "") -> None:
        """Add a problem, which refuses the request.

        Args:
            path: the path in the request, such as ``containers[0].image``.
            reason: what is wrong with the value.
            hint: what to write instead.
        """
        self._problems.append(Problem(path, reason, hint))

    def warn(self, path: str, message: str) -> None:
        """Add a warning about a setting that the generated file does not reproduce.

        Args:
            path: the path in the request.
            message: what happens instead.
        """
        self._warnings[StackWarning(path, message)] = None

    def may_check_address(self, path: str) -> bool:
        """Count an address in a string, and return whether to check it; too many addresses refuse the request."""
        self._addresses += 1
        if self._addresses == MOST_ADDRESSES + 1:
            self.refuse(
                path,
                f"the commands and variables contain more than {MOST_ADDRESSES:,} addresses",
            )
        return self._addresses <= MOST_ADDRESSES

    @property
    def warnings(self) -> tuple[StackWarning, ...]:
        """The warnings, each once, in the order in which they were added."""
        return tuple(self._warnings)

    def raise_if_refused(self) -> None:
        """Raise an error if the request has problems.

        Raises:
            RequestRefused: the request has problems; the error lists them.
        """
        if self._problems:
            raise RequestRefused(self._problems)


def shown(text: str) -> str:
    """Return a value as shown in messages: in quotation marks, shortened if it is long."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
