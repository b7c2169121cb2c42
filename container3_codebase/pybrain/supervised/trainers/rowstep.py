"""Online back-propagation over plain arrays: forward, backward and update, one row at a time.

A network is compiled into two lists of small functions, each bound to its arrays; a row costs one
pass through both lists. The order of all sums is that of the network's own forward and backward
pass, so the numbers are the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.supervised.trainers.buffers import RowBuffers
from pybrain.supervised.trainers.rowfunctions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pybrain._typing import Array
    from pybrain.supervised.trainers.flatnet import FlatNet, Layer, Wire


class RowStep:
    """Forward and backward pass of one row.

    Args:
        flat: the network, as returned by `flatnet.describe`.
        params: its parameters, shape (paramdim,), read at every row, so they may be changed in place.
        rate: a factor of the derivatives, shape (), read at every row; None for no factor. It is applied to the errors
            of the layers, which are fewer numbers than the derivatives.

    Attributes:
        derivs: minus the gradient of half the squared error of the last row, times the rate, shape (paramdim,).
    """

    def __init__(self, flat: FlatNet, params: Array, rate: Array | None = None) -> None:
        self.derivs = np.zeros(flat.paramdim)
        self._buffers = RowBuffers(flat)
        self._rate = rate
        self._scaled = self._buffers.inerrs if rate is None else _scaledErrors(flat, self.derivs)
        self._forward: list[Any] = []
        self._backward: list[Any] = []
        self._clears = any(wire.shared for layer in flat.layers for wire in layer.wires)
        self._compile(flat, params)
        self._forward = _joined(self._forward)

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
            if self._rate is not None and self._scaled[index] is not None:
                backward.append(
                    partial(np.multiply, self._buffers.inerrs[index], self._rate, self._scaled[index])
                )
            # In the backward pass, a layer's wires come before the layer, and later layers before earlier ones.
            self._backward[:0] = back + backward

    def _layerSteps(self, index: int, layer: Layer) -> Any:
        """Return the forward and backward steps of a layer itself."""
        if layer.kind is BiasUnit or layer.linear:
            return [], []
        buffers = self._buffers
        x, y = buffers.ins[index], buffers.outs[index]
        outerr, inerr = buffers.outerrs[index], buffers.inerrs[index]
        forward, backward = FUNCTIONS[layer.kind]
        back = backward(x, y, outerr, inerr) if layer.learns and inerr is not outerr else []
        return forward(x, y), back

    def _wireSteps(self, wire: Wire, layer: Layer, params: Array, hasError: bool) -> Any:
        """Return the forward and backward steps of a connection.

        Args:
            wire: the connection.
            layer: the layer that it leaves.
            params: the parameters of the network, shape (paramdim,).
            hasError: whether the error of the layer that it leaves has already been assigned.
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
        scaled = self._scaled[wire.target][wire.toSlice]
        part = slice(wire.offset, wire.offset + wire.shape[0] * wire.shape[1])
        weights, derivs = params[part].reshape(wire.shape), self.derivs[part].reshape(wire.shape)
        if layer.kind is BiasUnit:
            # The output of a bias unit is 1, so it adds its weights.
            column = weights[:, 0]
            forward = _copy(column, target) if wire.first else _add(column, target)
            home = derivs[:, 0]
            if wire.shared:
                backward.append(_add(scaled, home))
            elif not np.may_share_memory(scaled, home):
                backward.append(_copy(scaled, home))
            return [forward], backward
        if into is not None:
            backward += _product(weights.T, error, into, not hasError)
        backward += _outer(scaled, source, derivs, wire.shared)
        return _product(weights, source, target, wire.first), backward

    def run(self, inputs: Array, targets: Array, update: Iterable[Callable[[], Any]]) -> Array:
        """Visit rows in order, and change the parameters after each.

        Args:
            inputs: the inputs, shape (n, indim).
            targets: the targets, shape (n, outdim).
            update: functions without arguments, called after each row, when `derivs` belongs to that row.

        Returns:
            target - output of every row, at the parameters when it was visited; shape (n, outdim).
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


def _scaledErrors(flat: FlatNet, derivs: Array) -> list[Any]:
    """Return an array per layer for its error times the rate; None if no weights lead to the layer.

    The derivatives of bias weights equal these errors, so such an array is a part of the derivatives.
    """
    homes: list[Any] = [None] * len(flat.layers)
    for layer in flat.layers:
        for wire in layer.wires:
            dim = flat.layers[wire.target].dim
            if wire.shape is None:
                continue
            if homes[wire.target] is None:
                homes[wire.target] = np.zeros(dim)
            if layer.kind is BiasUnit and not wire.shared and wire.shape[0] == dim:
                homes[wire.target] = derivs[wire.offset : wire.offset + dim]
    return homes


def _joined(steps: list[Any]) -> list[Any]:
    """Return the steps with "target = a" and a later "target += b" merged into "target = a + b".

    The numbers are the same with fewer calls. No step between the two may use the target.
    """
    joined: list[Any] = []
    for step in steps:
        copy = _copyBefore(joined, step)
        if copy is None:
            joined.append(step)
        else:
            joined.remove(copy)
            joined.append(partial(np.add, copy.args[1], step.args[1], step.args[0]))
    return joined


def _copyBefore(steps: list[Any], step: Any) -> Any:
    """Return the step that set the target to which a step adds, unless a step in between has used the target."""
    if step.func is not np.add or len(step.args) != 3 or step.args[0] is not step.args[2]:
        return None
    target = step.args[0]
    for earlier in reversed(steps):
        if earlier.func is np.copyto and _isSame(earlier.args[0], target):
            return earlier
        used = [
            array for array in (*earlier.args, *earlier.keywords.values()) if isinstance(array, np.ndarray)
        ]
        if any(np.may_share_memory(array, target) for array in used):
            return None
    return None


def _isSame(one: Array, other: Array) -> bool:
    """Return whether two contiguous arrays share the same memory."""
    return one.shape == other.shape and one.ctypes.data == other.ctypes.data


# Each of these returns a function without arguments: its operation is fixed, only the numbers change.
# They are partial objects of NumPy's own functions with arrays for all operands, because for so few
# numbers calling a function costs more than its work.


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
