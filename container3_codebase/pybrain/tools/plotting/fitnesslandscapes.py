"""Plots of functions of two variables, with samples and covariances on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.plotting.network import pyplot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pybrain._typing import ArrayLike, StrPath


def plotCovEllipse(
    emat: ArrayLike, center: ArrayLike, segments: int = 50, color: str = "y", transp: float = 1.0
) -> Any:
    """Draw the one-standard-deviation ellipse of a normal distribution.

    Args:
        emat: covariance, shape (2, 2).
        center: mean, shape (2,).
        segments: number of line segments.
        color: matplotlib colour of the lines.
        transp: opacity, 0 to 1.

    Returns:
        The drawn lines.
    """
    angles = np.linspace(0, 2 * np.pi, segments)
    circle = np.array([np.cos(angles), np.sin(angles)])
    x, y = np.linalg.cholesky(np.asarray(emat)) @ circle + np.reshape(center, (2, 1))
    return pyplot().gca().plot(x, y, color=color, alpha=transp)


class FitnessPlotter:
    """Draws a function of two variables as contours.

    Args:
        f: takes an array of shape (2,).
        xmin, xmax, ymin, ymax: the range of both variables.
        precision: number of points along each axis.
        newfig: whether to draw in a new figure.
        colorbar, cblabel: whether to draw a colour bar, and its label.
    """

    def __init__(
        self,
        f: Callable[[Any], float],
        xmin: float = -1,
        xmax: float = 1,
        ymin: float = -1,
        ymax: float = 1,
        precision: int = 50,
        newfig: bool = True,
        colorbar: bool = False,
        cblabel: str | None = None,
    ) -> None:
        self.plt = pyplot()
        self.xs, self.ys = np.linspace(xmin, xmax, precision), np.linspace(ymin, ymax, precision)
        self.zs = np.array([[f(np.array([x, y])) for x in self.xs] for y in self.ys], dtype=float)
        self.figure = self.plt.figure() if newfig else self.plt.gcf()
        self.axes = self.figure.gca()
        self.colorbar, self.cblabel = colorbar, cblabel

    def plotAll(self, levels: int = 50, popup: bool = True) -> None:
        """Draw the contours.

        Args:
            levels: number of contour levels.
            popup: whether to open a window.
        """
        contours = self.axes.contour(self.xs, self.ys, self.zs, levels)
        if self.colorbar:
            self.figure.colorbar(contours, ax=self.axes, label=self.cblabel or "")
        if popup:
            self.plt.show()

    def addSamples(self, samples: Iterable[Any], rescale: bool = True, color: str = "") -> None:
        """Draw points on top of the contours.

        Args:
            samples: the points, shape (2,) each.
            rescale: whether to restore the range of the axes afterwards.
            color: matplotlib colour of the points.
        """
        x, y = np.array(list(samples), dtype=float).T
        self.axes.plot(x, y, f"{color}+")
        if rescale:
            self.axes.set(xlim=(self.xs[0], self.xs[-1]), ylim=(self.ys[0], self.ys[-1]))

    def addCovEllipse(
        self, emat: ArrayLike, center: ArrayLike, segments: int = 50, color: str = "y", transp: float = 1.0
    ) -> None:
        """Draw a covariance; see `plotCovEllipse`.

        Args:
            emat: covariance, shape (2, 2).
            center: mean, shape (2,).
            segments: number of line segments.
            color: matplotlib colour of the lines.
            transp: opacity, 0 to 1.
        """
        self.plt.sca(self.axes)
        plotCovEllipse(emat, center, segments, color, transp)

    def saveAs(self, filename: StrPath, format: str = "eps") -> None:
        """Write the figure to the file `filename`.`format`.

        Args:
            filename: path of the file, without its extension.
            format: the extension, a format of matplotlib.
        """
        self.figure.savefig(f"{filename}.{format}", format=format)
