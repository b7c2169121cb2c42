"""CIAO plots: current individuals against ancestral opponents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.plotting.colormaps import ColorMap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pybrain._typing import Array


class CiaoPlot(ColorMap):
    """A colour map of the outcomes of all pairs from two halls of fame.

    Args:
        evaluator: takes two individuals and returns the outcome for the first.
        hof1, hof2: the two lists of individuals.
        **args: options of `ColorMap`.
    """

    def __init__(
        self, evaluator: Callable[[Any, Any], Any], hof1: Sequence[Any], hof2: Sequence[Any], **args: Any
    ) -> None:
        self.data = self.generateData(evaluator, hof1, hof2)
        ColorMap.__init__(self, self.data, **args)

    @staticmethod
    def generateData(evaluator: Callable[[Any, Any], Any], hof1: Sequence[Any], hof2: Sequence[Any]) -> Array:
        """Return the outcomes, shape (len(hof1), len(hof2)).

        Args:
            evaluator: takes two individuals and returns the outcome for the first.
            hof1: individuals, one per row.
            hof2: individuals, one per column.
        """
        return np.array([[evaluator(one, other) for other in hof2] for one in hof1], dtype=float)
