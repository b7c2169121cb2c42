"""Trainers for mixture density networks: the output describes a distribution, not a value.

Source of all formulas: Bishop, Pattern Recognition and Machine Learning (2006), section 5.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.supervised.trainers.backprop import BackpropTrainer
from pybrain.supervised.trainers.rprop import RPropMinusTrainer
from pybrain.supervised.trainers.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain._typing import Array, ArrayLike


def gaussian(x: ArrayLike, mean: ArrayLike, stddev: ArrayLike) -> Any:
    """Return the density of an isotropic normal distribution.

    Args:
        x: points, shape (..., d).
        mean: centres, shape (..., d).
        stddev: standard deviation along every axis, shape (...).

    Returns:
        (2 pi stddev^2)^(-d/2) exp(-|x-mean|^2 / (2 stddev^2)), shape (...).
    """
    x, mean, stddev = np.atleast_1d(x), np.atleast_1d(mean), np.asarray(stddev, dtype=float)
    return np.exp(_logGaussian(x, mean, stddev))


def _logGaussian(x: Array, mean: Array, stddev: Array) -> Any:
    squares = ((x - mean) ** 2).sum(axis=-1)
    return -0.5 * squares / stddev**2 - 0.5 * x.shape[-1] * np.log(2 * np.pi * stddev**2)


class BackpropTrainerMix(BackpropTrainer):
    """Back-propagation for networks whose output is a `MixtureDensityLayer`.

    With K components for targets of c dimensions the output is K mixing coefficients p, K standard
    deviations s and K centres m, shape (K*c,). The error of a sample is -ln sum_k p_k N(t; m_k, s_k).
    """

    def setData(self, dataset: Any) -> None:
        """Set the training data, whose targets have the dimension of the distribution, not of the output."""
        layer = self._mixtureLayer()
        if dataset.indim != self.module.indim:
            raise ValueError(
                f"the data set has {dataset.indim} inputs per sample, the module has {self.module.indim}"
            )
        if dataset.outdim != layer.nDims:
            raise ValueError(
                f"the data set has {dataset.outdim} targets, the mixture has {layer.nDims} dimensions"
            )
        self.ds = dataset

    def _checkFits(self, dataset: Any) -> None:
        """Skip the check: `setData` compares sizes with the mixture, and the output itself is longer."""

    def _mixtureLayer(self) -> Any:
        layers = [layer for layer in self.module.outmodules if hasattr(layer, "nGaussians")]
        if len(layers) != 1 or len(self.module.outmodules) != 1:
            raise ValueError("the only output module of the network must be a MixtureDensityLayer")
        return layers[0]

    def _parts(self, sample: Sequence[Any], output: Array) -> tuple[Array, Array, Array, Array, Array, Any]:
        """Return target (c,), coefficients (K,), deviations (K,), centres (K, c), responsibilities (K,)."""
        count = self._mixtureLayer().nGaussians
        target = np.asarray(sample[1], dtype=float)
        chances, deviations = output[:count], output[count : 2 * count]
        centres = output[2 * count :].reshape(count, -1)
        # In logarithms: far from all centres every density underflows, but the responsibilities do not.
        with np.errstate(divide="ignore"):
            logs = np.log(chances) + _logGaussian(target, centres, deviations)
        likelihood = np.logaddexp.reduce(logs)
        return target, chances, deviations, centres, np.exp(logs - likelihood), likelihood

    def _sampleError(self, sample: Sequence[Any], output: Array) -> tuple[float, float]:
        return -float(self._parts(sample, output)[-1]), np.size(sample[1])

    def _outputError(self, sample: Sequence[Any], output: Array) -> Array:
        """Return minus the derivatives with respect to the activations of the layer (5.155 to 5.157).

        s_k = exp(a_k) for the deviations, which gives responsibility * (|t-m|^2/s^2 - c).
        """
        target, chances, deviations, centres, shares, _ = self._parts(sample, output)
        offsets = target - centres
        toDeviations = shares * ((offsets**2).sum(axis=1) / deviations**2 - target.size)
        toCentres = (shares / deviations**2)[:, None] * offsets
        return np.concatenate([shares - chances, toDeviations, toCentres.ravel()])


class RPropMinusTrainerMix(BackpropTrainerMix, RPropMinusTrainer):
    """Rprop- for networks whose output is a `MixtureDensityLayer`."""
