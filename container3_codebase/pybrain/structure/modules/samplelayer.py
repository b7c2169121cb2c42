"""Neurons that answer 0 or 1 at random."""

from __future__ import annotations

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer


class SampleLayer(NeuronLayer):
    """A layer whose answer is drawn at random, from NumPy's global generator; nothing goes backward."""

    stochastic = True

    def _transferError(self, e, y, x):
        return np.zeros_like(x)


class BernoulliLayer(SampleLayer):
    """``y = 1`` where ``x <= u``, u uniform between 0 and 1, else 0; shape (dim,) to (dim,).

    Mind the sign, which is PyBrain's: the probability of a 1 is ``1 - x``.
    """

    def _transfer(self, x):
        return (x <= np.random.random_sample(x.shape)).astype(float)
