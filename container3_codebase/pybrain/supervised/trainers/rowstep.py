"""Online back-propagation over plain arrays: forward, backward and update, one row at a time.

A network is turned into two lists of small functions, each bound to its arrays; a row costs one
pass through both lists. The order of all sums is that of the network's own forward and backward
pass, so the numbers are the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.supervised.trainers.buffers import Buffers
from pybrain.supervised.trainers.rowfunctions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pybrain._typing import Array
    from pybrain.supervised.trainers.flatnet import FlatNet, Layer, Wire


class RowStep:
    """Forward and backward pass of one row.

    Args:
        flat: the network, as `flatnet.describe` gives it.
        params: its parameters, shape (paramdim,), read at every row, so they may be changed in place.

    Attributes:
        derivs: what the last row gave: minus the gradient of half its squared error, (paramdim,).
    """

    def __init__(self, flat: FlatNet, params: Array) -> None:
        self.derivs = np.zeros(flat.paramdim)
        self._buffers = Buffers(flat)
        self._forward: list[Any] = []
        self._backward: list[Any] = []
        self._clears = any(wire.shared for layer in flat.layers for wire in layer.wires)
        self._compile(flat, params)

    def _compile(self, flat: FlatNet, params: Array) -> None:
        fed = {wire.target for layer in flat.layers for wire in layer.wires if wire.first}
        for index, layer in enumerate(flat.layers):
            if layer.inputs is None and index not in fed and layer.kind is not BiasUnit:
                self._forward.append(_zero(self._buffers.ins[index]))
        for index, layer in enumerate(flat.layers):
            forward, backward = self._layerSteps(index, layer)
            back = []
            hasError = layer.outputs is not None
            for wire in layer.wires:
                there, home = self._wireSteps(wire, layer, params, hasError)
                forward += there
                back += home
                hasError = True
            self._forward += forward
            # Backward, the wires of a layer come before the layer, and later layers before earlier.
            self._backward[:0] = back + backward

    def _layerSteps(self, index: int, layer: Layer) -> Any:
        """Return what the layer itself does forward and backward."""
        if layer.kind is BiasUnit or layer.linear:
            return [], []
        buffers = self._buffers
        x, y = buffers.ins[index], buffers.outs[index]
        outerr, inerr = buffers.outerrs[index], buffers.inerrs[index]
        forward, backward = FUNCTIONS[layer.kind]
        back = backward(x, y, outerr, inerr) if layer.learns and inerr is not outerr else []
        return forward(x, y), back

    def _wireSteps(self, wire: Wire, layer: Layer, params: Array, hasError: bool) -> Any:
        """Return what a connection does forward and backward.

        Args:
            wire: the connection.
            layer: the layer that it leaves.
            params: parameters of the network, shape (paramdim,).
            hasError: whether something was assigned to the error of the layer that it leaves.
        """
        buffers = self._buffers
        source = buffers.outs[wire.source][wire.fromSlice]
        target = buffers.ins[wire.target][wire.toSlice]
        error = buffers.inerrs[wire.target][wire.toSlice]
        into = buffers.outerrs[wire.source][wire.fromSlice] if layer.learns else None
        backward = []
        if into is not None and not hasError and into.size < layer.dim:
            backward.append(_zero(buffers.outerrs[wire.source]))
            hasError = True
        if wire.shape is None:
            forward = _copy(source, target) if wire.first else _add(source, target)
            if into is not None:
                backward.append(_add(error, into) if hasError else _copy(error, into))
            return [forward], backward
        part = slice(wire.offset, wire.offset + wire.shape[0] * wire.shape[1])
        weights, derivs = params[part].reshape(wire.shape), self.derivs[part].reshape(wire.shape)
        if layer.kind is BiasUnit:
            # A bias is 1: its weights are what it adds.
            column = weights[:, 0]
            forward = _copy(column, target) if wire.first else _add(column, target)
            backward.append(_add(error, derivs[:, 0]) if wire.shared else _copy(error, derivs[:, 0]))
            return [forward], backward
        if into is not None:
            backward += _product(weights.T, error, into, not hasError)
        backward += _outer(error, source, derivs, wire.shared)
        return _product(weights, source, target, wire.first), backward

    def run(self, inputs: Array, targets: Array, update: Iterable[Callable[[], Any]]) -> Array:
        """Visit rows in order, and change the parameters after each.

        Args:
            inputs: shape (n, indim).
            targets: shape (n, outdim).
            update: functions without arguments, called after each row, when `derivs` is that of the row.

        Returns:
            target - output of every row, at the parameters it met; shape (n, outdim).
        """
        buffers = self._buffers
        errors = np.empty_like(targets)
        x, y, error = buffers.x, buffers.y, buffers.error
        forward, subtract = self._forward, np.subtract
        clear = [partial(self.derivs.fill, 0.0)] if self._clears else []
        backward = [*clear, *self._backward, *update]
        for row, target, kept in zip(inputs, targets, errors, strict=True):
            x[:] = row
            for step in forward:
                step()
            subtract(target, y, error)
            kept[:] = error
            for step in backward:
                step()
        return errors


# Each of these returns a function without arguments: what it does is settled, only numbers change.
# They are partial objects of NumPy's own functions with arrays for all operands, because for so few
# numbers the way into a function costs more than what it does.


def _zero(array: Array) -> Any:
    return partial(array.fill, 0.0)


def _copy(source: Array, target: Array) -> Any:
    return partial(np.copyto, target, source)


def _add(source: Array, target: Array) -> Any:
    return partial(np.add, target, source, target)


def _product(matrix: Array, vector: Array, target: Array, assigns: bool) -> Any:
    """Return the steps for target = matrix vector, or target += matrix vector."""
    if assigns:
        return [partial(matrix.dot, vector, target)]
    product = np.empty(target.shape)
    return [partial(matrix.dot, vector, product), _add(product, target)]


def _outer(error: Array, source: Array, derivs: Array, adds: bool) -> Any:
    """Return the steps for derivs = error source^T, or derivs += error source^T."""
    column, row = error[:, None], source[None, :]
    if not adds:
        return [partial(column.dot, row, derivs)]
    product = np.empty(derivs.shape)
    return [partial(column.dot, row, product), _add(product, derivs)]
