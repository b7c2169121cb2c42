"""Regression with Gaussian processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike
    from pybrain.datasets.supervised import SupervisedDataSet


# The assumed noise variance of every observation.
NOISE = 0.001


class GaussianProcess:
    """A Gaussian process with a squared-exponential kernel (Rasmussen and Williams 2006, ch. 2).

    k(x, z) = s^2 exp(-|x-z|^2 / (2 l^2)); `hyper` begins with [l, s]. Its third entry is PyBrain's and
    has no effect. Observations have the noise variance 0.001. The posterior is computed on a regular
    grid of test points, or at those last passed to `testOnArray`.

    Args:
        indim: dimensions of the input.
        start: first test point on each axis.
        stop: end of the test points on each axis, exclusive.
        step: the distance between test points.
    """

    def __init__(self, indim: int, start: float = 0, stop: float = 1, step: float = 0.1) -> None:
        self.indim = indim
        self.mean = 0.0
        self.hyper = [0.5, 2.0, 0.1]
        self.autonoise = False
        self.testx = self._grid(start, stop, step)
        self.reset()

    def _grid(self, start: float, stop: float, step: float) -> Array:
        axis = np.arange(start, stop, step)
        return np.stack(np.meshgrid(*[axis] * self.indim, indexing="ij"), axis=-1).reshape(-1, self.indim)

    def reset(self) -> None:
        """Delete all samples."""
        self.trainx = np.zeros((0, self.indim))
        self.trainy = np.zeros(0)
        self.noise = np.zeros(0)
        self.pred_mean = np.full(len(self.testx), float(self.mean))
        self.pred_cov = self._kernel(self.testx, self.testx)
        self.calculated = True

    def _kernel(self, left: Array, right: Array) -> Array:
        """Return k for all pairs, shape (len(left), len(right))."""
        length, deviation = self.hyper[:2]
        squares = ((left[:, None, :] - right[None, :, :]) ** 2).sum(axis=-1)
        return deviation**2 * np.exp(-0.5 * squares / length**2)

    def trainOnDataset(self, dataset: SupervisedDataSet) -> None:
        """Replace all samples by those of a data set with one target."""
        self.reset()
        self.addDataset(dataset)

    def addDataset(self, dataset: SupervisedDataSet) -> None:
        """Add the samples of a data set with one target."""
        for inp, target in dataset:
            self.addSample(inp, target)

    def addSample(self, train: ArrayLike, target: ArrayLike) -> None:
        """Add one observation.

        With `autonoise` the noise of an observation is increased by the variance of the values
        already seen at the same point.

        Args:
            train: the point, shape (indim,).
            target: the observed value at the point.
        """
        point, value = np.ravel(train), np.ravel(target)
        if point.size != self.indim or value.size != 1:
            raise ValueError(
                f"a sample has {self.indim} inputs and 1 target, not {point.size} and {value.size}"
            )
        noise = NOISE
        if self.autonoise:
            same = self.trainy[(self.trainx == point).all(axis=1)]
            noise += float(np.var([*same, value[0]]))
        self.trainx = np.vstack([self.trainx, point])
        self.trainy = np.append(self.trainy, float(value[0]))
        self.noise = np.append(self.noise, noise)
        self.calculated = False

    def _posterior(self, points: Array) -> tuple[Array, Array]:
        """Return mean, shape (m,), and covariance, shape (m, m), at points of shape (m, indim)."""
        prior = self._kernel(points, points)
        if not len(self.trainx):
            return np.full(len(points), float(self.mean)), prior
        # A Cholesky factor is stable even if points nearly coincide (algorithm 2.1 of the book).
        factor = np.linalg.cholesky(self._kernel(self.trainx, self.trainx) + np.diag(self.noise))
        cross = np.linalg.solve(factor, self._kernel(self.trainx, points))
        residual = np.linalg.solve(factor, self.trainy - self.mean)
        return self.mean + cross.T @ residual, prior - cross.T @ cross

    def _calculate(self) -> None:
        if not self.calculated:
            self.pred_mean, self.pred_cov = self._posterior(self.testx)
            self.calculated = True

    def testOnArray(self, arr: ArrayLike) -> Array:
        """Return the posterior means at points of shape (m, indim), shape (m,); they become the test points."""
        self.testx = np.array(arr, dtype=float).reshape(-1, self.indim)
        self.calculated = False
        self._calculate()
        return self.pred_mean

    def draw(self) -> Array:
        """Draw one function from the posterior; return its values at the test points, shape (m,)."""
        self._calculate()
        return np.random.multivariate_normal(self.pred_mean, self.pred_cov, check_valid="ignore")

    def plotCurves(self, showSamples: bool = False, force2D: bool = True) -> Any:
        """Draw mean and two standard deviations with matplotlib (one or two inputs).

        Args:
            showSamples: draw the observations as well, and three functions of the posterior.
            force2D: for two inputs, a flat map; otherwise a surface.

        Returns:
            The matplotlib axes.
        """
        from pybrain.tools.plotting.network import pyplot

        self._calculate()
        plt = pyplot()
        if self.indim == 1:
            return self._plotLine(plt, showSamples)
        if self.indim == 2:
            return self._plotMap(plt, showSamples, force2D)
        raise ValueError(f"only one or two inputs can be drawn, not {self.indim}")

    def _plotLine(self, plt: Any, showSamples: bool) -> Any:
        axes = plt.figure().gca()
        x = self.testx[:, 0]
        spread = 2 * np.sqrt(np.clip(np.diag(self.pred_cov), 0, None))
        axes.fill_between(x, self.pred_mean - spread, self.pred_mean + spread, alpha=0.3)
        axes.plot(x, self.pred_mean)
        if showSamples:
            for _ in range(3):
                axes.plot(x, self.draw(), linewidth=0.5)
            axes.plot(self.trainx[:, 0], self.trainy, "o")
        return axes

    def _plotMap(self, plt: Any, showSamples: bool, force2D: bool) -> Any:
        size = round(len(self.testx) ** 0.5)
        grid = [column.reshape(size, size) for column in (*self.testx.T, self.pred_mean)]
        axes = plt.figure().add_subplot(projection=None if force2D else "3d")
        (axes.pcolormesh if force2D else axes.plot_surface)(*grid)
        if showSamples and force2D:
            axes.plot(self.trainx[:, 0], self.trainx[:, 1], "o")
        return axes
