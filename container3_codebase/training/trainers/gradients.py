"""Compute the gradient of a network's loss: with arrays for chains of layers, through the network otherwise."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pybrain.structure import FeedForwardNetwork, SoftmaxLayer
from pybrain_runtime.errors import UnsupportedPart
from training.trainers.base import Array
from training.trainers.chain import Indices, chain_of
from training.trainers.minibatch import ChainGradient


class LossGradient(Protocol):
    """Losses and gradients of batches; see :class:`training.trainers.minibatch.ChainGradient`."""

    params: Array
    gradient: Array
    weights: NDArray[np.bool_]

    def read(self) -> None:
        """Copy the parameters from the network."""
        ...

    def write(self) -> None:
        """Copy the parameters to the network."""
        ...

    def batch(self, rows: Indices) -> float:
        """Compute the gradient of the mean loss of some rows; return the sum of their squared errors."""
        ...

    def loss_of_last(self, rows: int) -> float:
        """Return the sum of the losses of the last batch, which had this number of rows."""
        ...


class NetworkGradient:
    """Losses and gradients of a network of any structure, computed by its ``backActivateRows``.

    Args:
        network: the network; its parameters are changed by every batch.
        inputs: array of shape (n, indim).
        targets: array of shape (n, outdim).

    Attributes:
        params: the parameters, shape (paramdim,).
        gradient: the gradient of the mean loss of the last batch, shape (paramdim,).
        weights: all true, because biases cannot be distinguished from weights.
    """

    def __init__(self, network: FeedForwardNetwork, inputs: Array, targets: Array) -> None:
        self.network = network
        self.params = np.array(network.params)
        self.gradient = np.zeros(len(self.params))
        self.weights = np.ones(len(self.params), dtype=bool)
        self._softmax = all(isinstance(module, SoftmaxLayer) for module in network.outmodules)
        self._inputs, self._targets = inputs, targets
        self._loss = 0.0

    def read(self) -> None:
        """Copy the parameters from the network."""
        self.params[:] = self.network.params

    def write(self) -> None:
        """Copy the parameters to the network."""
        self.network.params[:] = self.params

    def batch(self, rows: Indices) -> float:
        """Compute the gradient of the mean loss of some rows; return the sum of their squared errors."""
        self.write()
        self.network.resetDerivatives()
        targets = self._targets[rows]
        outputs, trace = self.network.traceRows(self._inputs[rows])
        errors = targets - outputs
        self.network.backActivateRows(errors / len(rows), trace)
        # PyBrain's derivatives are the negative gradient.
        np.negative(self.network.derivs, self.gradient)
        self.network.resetDerivatives()
        squared = float(np.sum(errors**2))
        tiny = np.finfo(float).tiny
        self._loss = (
            -float(np.sum(targets * np.log(np.maximum(outputs, tiny)))) if self._softmax else squared / 2
        )
        return squared

    def loss_of_last(self, rows: int) -> float:
        """Return the sum of the losses of the last batch."""
        return self._loss


def loss_gradient(network: FeedForwardNetwork, inputs: Array, targets: Array) -> LossGradient:
    """Return the fastest implementation of the gradient for a network.

    Args:
        network: a sorted network.
        inputs: array of shape (n, indim).
        targets: array of shape (n, outdim).

    Raises:
        UnsupportedPart: the network is recurrent, or has a layer that draws random numbers.
    """
    layers = chain_of(network)
    if layers is not None:
        return ChainGradient(network, layers, inputs, targets)
    if not getattr(network, "_rowsTogether", lambda: False)():
        raise UnsupportedPart(
            "only feed-forward networks without random layers can be trained in batches", part=network.name
        )
    return NetworkGradient(network, inputs, targets)
