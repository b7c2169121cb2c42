"""The individuals of populations."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Self


class Individual:
    """An object with a genome; compared by identity."""

    def getGenome(self) -> Any:
        """Return the genome."""
        raise NotImplementedError("a subclass must implement getGenome")

    def copy(self) -> Self:
        """Return an independent copy."""
        return deepcopy(self)
