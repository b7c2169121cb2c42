"""Collect what is wrong with a request, and what is not carried over, while it is checked."""

from __future__ import annotations

from pipeline.compose.errors import Problem, RequestRefused
from pipeline.compose.stack import Warning

MOST_ADDRESSES = 2000
"""How many addresses the commands and variables of a request may name, since each is checked."""
SHOWN = 60
"""How many characters of a value are repeated in a message."""


class Findings:
    """The problems and warnings of one request."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._warnings: dict[Warning, None] = {}
        self._addresses = 0

    def refuse(self, path: str, reason: str, hint: str = "") -> None:
        """Add a reason to refuse the request."""
        self._problems.append(Problem(path, reason, hint))

    def warn(self, path: str, message: str) -> None:
        """Add something that is not carried over as the request says."""
        self._warnings[Warning(path, message)] = None

    def may_check_address(self, path: str) -> bool:
        """Count an address in a text, and return whether it is checked; too many of them refuse the request."""
        self._addresses += 1
        if self._addresses == MOST_ADDRESSES + 1:
            self.refuse(path, f"the texts of the request name more than {MOST_ADDRESSES:,} addresses")
        return self._addresses <= MOST_ADDRESSES

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """The warnings, each once, in the order in which they were added."""
        return tuple(self._warnings)

    def raise_if_refused(self) -> None:
        """Raise if there is a reason to refuse the request.

        Raises:
            RequestRefused: with all of them.
        """
        if self._problems:
            raise RequestRefused(self._problems)


def shown(text: str) -> str:
    """Return a value as messages repeat it."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
