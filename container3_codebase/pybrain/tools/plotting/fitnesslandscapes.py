"""Functions of two variables, with samples and covariances on top."""

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
    """Draw where a normal distribution has one standard deviation.

    Args:
        emat: covariance, shape (2, 2).
        center: mean, shape (2,).
        segments: number of straight lines.
        color: colour of the lines, as matplotlib names it.
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
        xmin, xmax, ymin, ymax: the range.
        precision: points along each axis.
        newfig: draw in a figure of its own.
        colorbar, cblabel: a bar that explains the colours, and its label.
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
        """Draw the contours, and with `popup` open a window."""
        contours = self.axes.contour(self.xs, self.ys, self.zs, levels)
        if self.colorbar:
            self.figure.colorbar(contours, ax=self.axes, label=self.cblabel or "")
        if popup:
            self.plt.show()

    def addSamples(self, samples: Iterable[Any], rescale: bool = True, color: str = "") -> None:
        """Draw points, an iterable of shape (2,) each; with `rescale` the axes keep their range."""
        x, y = np.array(list(samples), dtype=float).T
        self.axes.plot(x, y, f"{color}+")
        if rescale:
            self.axes.set(xlim=(self.xs[0], self.xs[-1]), ylim=(self.ys[0], self.ys[-1]))

    def addCovEllipse(
        self, emat: ArrayLike, center: ArrayLike, segments: int = 50, color: str = "y", transp: float = 1.0
    ) -> None:
        """Draw a covariance; see `plotCovEllipse`."""
        self.plt.sca(self.axes)
        plotCovEllipse(emat, center, segments, color, transp)

    def saveAs(self, filename: StrPath, format: str = "eps") -> None:
        """Write a picture file `filename`.`format`."""
        self.figure.savefig(f"{filename}.{format}", format=format)
