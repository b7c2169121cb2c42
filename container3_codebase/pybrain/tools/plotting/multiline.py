"""Line plots that are updated while a program runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.plotting.network import pyplot

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import StrPath


class MultilinePlotter:
    """Several lines in one plot.

    Args:
        maxLines: initial number of lines; more are added when they get data.
        autoscale: factor by which the axes grow when data leave them; 0 to keep them.
        **kwargs: properties of matplotlib's axes, such as `xlim` and `ylim`.
    """

    def __init__(self, maxLines: int = 1, autoscale: float = 0.0, **kwargs: Any) -> None:
        self.plt = pyplot()
        self.autoscale = autoscale
        self.axes = self.plt.figure().gca()
        self.axes.set(**kwargs)
        self._xlim, self._ylim = self.axes.get_xlim(), self.axes.get_ylim()
        self.offset = 0.0
        self.lines: list[Any] = []
        self._points: list[Any] = []
        self._line(maxLines - 1)

    def _line(self, number: int) -> Any:
        while len(self.lines) <= number:
            self.lines += self.axes.plot([], [])
            self._points.append([])
        return self.lines[number]

    def setOffset(self, offset: float) -> None:
        """Set an offset that is added to all x values from now on."""
        self.offset = offset

    def addData(self, id0: int, x: Any, y: Any) -> None:
        """Add points to a line: numbers, or arrays of shape (n,).

        Args:
            id0: index of the line.
            x: a number, or an array of shape (n,).
            y: a number, or an array of shape (n,).
        """
        self._line(id0)
        xs, ys = np.atleast_1d(x) + self.offset, np.atleast_1d(y)
        self._points[id0] += list(zip(xs.tolist(), ys.tolist(), strict=True))

    def setData(self, id0: int, x: Any, y: Any) -> None:
        """Replace the points of a line.

        Args:
            id0: index of the line.
            x: the new x values, shape (n,).
            y: the new y values, shape (n,).
        """
        self._line(id0)
        self._points[id0] = []
        self.addData(id0, x, y)

    def saveData(self, filename: StrPath) -> None:
        """Write all points to a text file: line, x, y."""
        rows = [f"{number} {x!r} {y!r}\n" for number, points in enumerate(self._points) for x, y in points]
        Path(filename).write_text("".join(rows))

    def setLabels(self, x: str = "", y: str = "", title: str = "") -> None:
        """Set the names of the axes and the title.

        Args:
            x: label of the x axis.
            y: label of the y axis.
            title: title of the plot.
        """
        self.axes.set(xlabel=x, ylabel=y, title=title)

    def setLegend(self, *args: Any, **kwargs: Any) -> None:
        """Set the names of the lines; arguments as for matplotlib's legend: a list of names, or one name each."""
        names = args[0] if len(args) == 1 and not isinstance(args[0], str) else args
        self._line(len(names) - 1)
        self.axes.legend(self.lines, names, **kwargs)

    def setLineStyle(self, id: int | None = None, **kwargs: Any) -> None:
        """Set matplotlib properties of one line, or of all."""
        for line in self.lines if id is None else [self._line(id)]:
            line.set(**kwargs)

    def update(self) -> None:
        """Draw the added points."""
        for line, points in zip(self.lines, self._points, strict=True):
            line.set_data(*(np.array(points).T if points else ([], [])))
        if self.autoscale > 0:
            self._grow()
        self.axes.figure.canvas.draw_idle()

    def _grow(self) -> None:
        """Extend the axes to all points, with some margin."""
        points = np.array([point for points in self._points for point in points]).reshape(-1, 2)
        if not len(points):
            return
        for column, get, put in ((0, "get_xlim", "set_xlim"), (1, "get_ylim", "set_ylim")):
            low, high = getattr(self.axes, get)()
            low = min(low, points[:, column].min())
            if points[:, column].max() > high:
                high = low + (points[:, column].max() - low) * self.autoscale
            getattr(self.axes, put)(low, high)

    def show(self, popup: bool = True) -> None:
        """Draw; with `popup`, open a window and wait until it is closed."""
        self.update()
        if popup:
            self.plt.show()
