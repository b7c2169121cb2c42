"""The minimal interface that an optimizer needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.utilities import Named, abstractMethod

if TYPE_CHECKING:
    from typing import Any, Self


class Evolvable(Named):
    """An object that can be copied, randomized and mutated."""

    def mutate(self, **args: Any) -> None:
        """Change this object slightly, at random."""
        abstractMethod()

    def copy(self) -> Self:
        """Return a copy that shares nothing with this object."""
        import copy

        return copy.deepcopy(self)

    def randomize(self) -> None:
        """Replace all variable parts by random values."""
        abstractMethod()

    def newSimilarInstance(self) -> Self:
        """Return a copy with random values."""
        result = self.copy()
        result.randomize()
        return result
