"""Neurons whose output is drawn at random: 0 or 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer

if TYPE_CHECKING:
    from pybrain._typing import Array


class SampleLayer(NeuronLayer):
    """A layer whose output is drawn from NumPy's global generator; no error is propagated back."""

    stochastic = True

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return np.zeros_like(x)


class BernoulliLayer(SampleLayer):
    """``y = 1`` if ``x <= u``, u uniform between 0 and 1, else 0; shape (dim,) to (dim,).

    Note the sign, which is PyBrain's: the probability of a 1 is ``1 - x``.
    """

    def _transfer(self, x: Array) -> Array:
        return (x <= np.random.random_sample(x.shape)).astype(float)
