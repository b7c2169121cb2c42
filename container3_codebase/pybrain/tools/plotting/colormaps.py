"""Plots of a matrix as colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.plotting.network import pyplot

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import ArrayLike, StrPath


class ColorMap:
    """Draws a matrix, one square per value.

    Args:
        mat: the matrix, shape (rows, columns).
        cmap: a matplotlib colour map.
        pixelspervalue: side length of a square in pixels.
        minvalue, maxvalue: values at the ends of the colour map; by default those of the matrix.
    """

    def __init__(
        self,
        mat: ArrayLike,
        cmap: Any = None,
        pixelspervalue: int = 20,
        minvalue: float | None = None,
        maxvalue: float | None = None,
    ) -> None:
        mat = np.asarray(mat)
        plt = pyplot()
        size = np.array(mat.shape[::-1]) * pixelspervalue / 100
        self.figure = plt.figure(figsize=tuple(np.maximum(size, 1.0)), dpi=100)
        axes = self.figure.add_axes((0, 0, 1, 1))
        axes.imshow(mat, cmap=cmap, vmin=minvalue, vmax=maxvalue, interpolation="nearest", aspect="auto")
        axes.set_axis_off()

    def show(self) -> None:
        """Open a window."""
        pyplot().show()

    def save(self, filename: StrPath) -> None:
        """Write a picture file."""
        self.figure.savefig(filename)
