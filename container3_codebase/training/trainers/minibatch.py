"""Compute the gradients of batches of rows, by forward and backward passes over a network's layers.

The loss of a row with targets t and outputs y is cross-entropy, ``-sum(t log y)``, if the output layer is softmax, and
half the squared error, ``sum((y - t)^2) / 2``, otherwise; the loss of a batch is the mean. For softmax of x, the
derivative of cross-entropy with respect to x is ``y - t`` (Bishop, Pattern Recognition and Machine Learning, 2006, eq.
5.18).
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

    The parameters are copied from the network, one matrix per layer with the biases in its last column, so one matrix
    product computes a layer, and another one its gradient.

    Args:
        network: the network that the parameters are copied from and to.
        layers: the layers of the network, from :func:`training.trainers.chain.chain_of`.
        inputs: array of shape (n, indim).
        targets: array of shape (n, outdim).

    Attributes:
        params: the parameters, shape (paramdim,), layer by layer.
        gradient: the gradient of the mean loss of the last batch, shape (paramdim,).
        weights: whether each parameter is a weight rather than a bias, shape (paramdim,).
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
        """Copy the parameters from the network."""
        np.take(self.network.params, self._positions, out=self.params)

    def write(self) -> None:
        """Copy the parameters to the network."""
        self.network.params[self._positions] = self.params

    def batch(self, rows: Indices) -> float:
        """Compute the gradient of the mean loss of some rows.

        Args:
            rows: the indices of the rows.

        Returns:
            The sum of the squared errors of the rows.
        """
        batch = self._batch(len(rows))
        # With mode "clip" NumPy writes directly to `out`; all indices are within range.
        self._inputs.take(rows, 0, batch.inputs, "clip")
        self._targets.take(rows, 0, batch.targets, "clip")
        for step in batch.steps:
            step()
        return float(batch.squared_error)

    def loss_of_last(self, rows: int) -> float:
        """Return the sum of the losses of the last batch, which had this number of rows."""
        return self._batch(rows).loss()

    def _batch(self, size: int) -> _Batch:
        if size not in self._batches:
            self._batches[size] = _Batch(self, size)
        return self._batches[size]

    def matrices(self, flat: Array) -> list[Array]:
        """Return views of a flat array, one matrix for each layer.

        Args:
            flat: ``params`` or ``gradient``.
        """
        ends = np.cumsum([0, *(layer.parameters.size for layer in self.layers)])
        parts = [flat[start:end] for start, end in pairwise(ends)]
        return [part.reshape(layer.parameters.shape) for part, layer in zip(parts, self.layers, strict=True)]


class _Batch:
    """The buffers for batches of one size, and the computation in them.

    Args:
        chain: the gradient object with the parameters and the buffer of the gradient.
        size: the number of rows of a batch.

    Attributes:
        inputs: buffer of shape (size, indim), with an additional column of ones if the first layer has biases.
        targets: buffer of shape (size, outdim).
        steps: the steps that compute gradient and squared error.
        squared_error: the sum of the squared errors of the batch, shape ().
    """

    def __init__(self, chain: ChainGradient, size: int) -> None:
        self.layers = chain.layers
        self.inputs = np.empty((size, self.layers[0].parameters.shape[1]))
        self.targets = np.empty((size, len(self.layers[-1].parameters)))
        self.squared_error = np.zeros(())
        # Each layer's outputs, followed by a row of ones if the next layer has biases.
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
        # -sum(t log softmax(x)) = log(sum(exp(x))) - sum(t x), because the targets of a row sum to 1; x is clipped
        # as in SoftmaxLayer, whose outputs beyond the limit are not the softmax of x.
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
