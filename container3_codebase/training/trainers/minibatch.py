"""Gradients of batches of rows, by forward and backward passes over a network's layers.

The loss of a row with targets t and outputs y is cross-entropy, ``-sum(t log y)``, where the output layer is softmax,
and half the squared error, ``sum((y - t)^2) / 2``, otherwise; that of a batch is the mean. For softmax of x, the
derivative of cross-entropy by x is ``y - t`` (Bishop, Pattern Recognition and Machine Learning, 2006, eq. 5.18).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from pybrain.structure import FeedForwardNetwork, SoftmaxLayer
from pybrain.tools.functions import EXPONENT_LIMIT
from training.trainers.base import Array
from training.trainers.chain import ChainLayer, Indices
from training.trainers.layerfunctions import FUNCTIONS, Steps


class ChainGradient:
    """Losses and gradients of a chain of layers.

    The parameters are kept apart from those of the network, each layer as one matrix with the biases in its last
    column: one matrix product then computes a layer, another one its gradient.

    Args:
        network: where the parameters come from and go to.
        layers: its layers, from :func:`training.trainers.chain.chain_of`.
        inputs: shape (n, indim).
        targets: shape (n, outdim).

    Attributes:
        params: the parameters, shape (paramdim,), layer by layer.
        gradient: of the mean loss of the last batch, shape (paramdim,).
        weights: which parameters are weights and not biases, shape (paramdim,).
    """

    def __init__(
        self, network: FeedForwardNetwork, layers: Sequence[ChainLayer], inputs: Array, targets: Array
    ) -> None:
        self.network = network
        self.layers = layers
        self._positions = np.concatenate([layer.parameters.ravel() for layer in layers])
        self.params = np.array(network.params)[self._positions]
        self.gradient = np.zeros(len(self.params))
        self.weights = np.concatenate([_is_weight(layer).ravel() for layer in layers])
        self._inputs = np.hstack([inputs, np.ones((len(inputs), 1))]) if layers[0].biased else inputs
        self._targets = targets
        self._batches: dict[int, _Batch] = {}

    def read(self) -> None:
        """Take over the parameters of the network."""
        np.take(self.network.params, self._positions, out=self.params)

    def write(self) -> None:
        """Give the parameters to the network."""
        self.network.params[self._positions] = self.params

    def batch(self, rows: Indices) -> float:
        """Compute the gradient of the mean loss of some rows.

        Args:
            rows: their numbers.

        Returns:
            The sum of their squared errors.
        """
        batch = self._batch(len(rows))
        # With mode "clip" NumPy writes into `out` directly; all numbers are within range.
        self._inputs.take(rows, 0, batch.inputs, "clip")
        self._targets.take(rows, 0, batch.targets, "clip")
        for step in batch.steps:
            step()
        return float(batch.squared_error)

    def loss_of_last(self, rows: int) -> float:
        """Return the sum of the losses of the last batch of so many rows."""
        return self._batch(rows).loss()

    def _batch(self, size: int) -> _Batch:
        if size not in self._batches:
            self._batches[size] = _Batch(self, size)
        return self._batches[size]

    def matrices(self, flat: Array) -> list[Array]:
        """Return the part of each layer as a matrix.

        Args:
            flat: ``params`` or ``gradient``.
        """
        ends = np.cumsum([0, *(layer.parameters.size for layer in self.layers)])
        parts = [flat[start:end] for start, end in pairwise(ends)]
        return [part.reshape(layer.parameters.shape) for part, layer in zip(parts, self.layers, strict=True)]


class _Batch:
    """The buffers for batches of one size, and the steps that compute in them.

    Args:
        chain: the parameters, and where the gradient goes.
        size: rows of a batch.

    Attributes:
        inputs: shape (size, indim), with a column of ones where the first layer has biases.
        targets: shape (size, outdim).
        steps: compute gradient and squared error.
        squared_error: the sum over the batch, shape ().
    """

    def __init__(self, chain: ChainGradient, size: int) -> None:
        self.layers = chain.layers
        self.inputs = np.empty((size, self.layers[0].parameters.shape[1]))
        self.targets = np.empty((size, len(self.layers[-1].parameters)))
        self.squared_error = np.zeros(())
        # Each layer's outputs, followed by a row of ones where the next layer has biases.
        self._inputs = [
            self.inputs.T,
            *(np.ones((layer.parameters.shape[1], size)) for layer in self.layers[1:]),
        ]
        hidden = [
            into[: len(layer.parameters)] for into, layer in zip(self._inputs[1:], self.layers, strict=False)
        ]
        self._sums = np.empty((self.targets.shape[1], size))
        self._output = np.empty_like(self._sums)
        self._outputs = [*hidden, self._output]
        self._errors = [np.empty_like(outputs) for outputs in self._outputs]
        weights, gradients = chain.matrices(chain.params), chain.matrices(chain.gradient)
        self.steps: Steps = [
            *self._forward(weights),
            *self._output_error(),
            *self._backward(weights, gradients),
        ]

    def _forward(self, weights: Sequence[Array]) -> Steps:
        steps: Steps = []
        sums = [*self._outputs[:-1], self._sums]
        for layer, matrix, into, x, y in zip(
            self.layers, weights, self._inputs, sums, self._outputs, strict=True
        ):
            steps += [partial(np.dot, matrix, into, x), *FUNCTIONS[layer.kind][0](x, y)]
        return steps

    def _output_error(self) -> Steps:
        error = self._errors[-1]
        flat = error.reshape(-1)
        return [
            partial(np.subtract, self._output, self.targets.T, error),
            partial(np.dot, flat, flat, self.squared_error),
            partial(np.multiply, error, np.array(1.0 / len(self.targets)), error),
        ]

    def _backward(self, weights: Sequence[Array], gradients: Sequence[Array]) -> Steps:
        steps: Steps = []
        for at in reversed(range(len(self.layers))):
            error = self._errors[at]
            steps += FUNCTIONS[self.layers[at].kind][1](self._outputs[at], error)
            steps.append(partial(np.dot, error, self._inputs[at].T, gradients[at]))
            if at:
                before = self._errors[at - 1]
                steps.append(partial(np.dot, weights[at][:, : len(before)].T, error, before))
        return steps

    def loss(self) -> float:
        """Return the sum of the losses of the rows."""
        if self.layers[-1].kind is not SoftmaxLayer:
            return 0.5 * float(self.squared_error)
        # -sum(t log softmax(x)) = log(sum(exp(x))) - sum(t x), as the targets of a row add up to 1; with x cut off
        # as SoftmaxLayer does it: beyond the limit its outputs are no longer those of the softmax of x.
        x = np.clip(self._sums, -EXPONENT_LIMIT, EXPONENT_LIMIT)
        return float(np.sum(_log_sum_exp(x)) - np.sum(x * self.targets.T))


def _log_sum_exp(x: Array) -> Array:
    largest = x.max(axis=0)
    return np.asarray(largest + np.log(np.exp(x - largest).sum(axis=0)))


def _is_weight(layer: ChainLayer) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    weights = np.ones(layer.parameters.shape, dtype=bool)
    if layer.biased:
        weights[:, -1] = False
    return weights
