"""A feed-forward network on a device: many rows at once, in float64, a layer at a time.

Layers and connections are computed by the formulas of their kinds, which give the same results as CompiledNetwork's
kernels. Arrays have a row for each row of the activation.
"""

from __future__ import annotations

import numpy as np

from pybrain_runtime.engine.device.arrays import Device
from pybrain_runtime.engine.flatten import PASS, Cell, Feed, FlatNetwork
from pybrain_runtime.errors import DeviceUnavailable
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.network.connections import CONNECTIONS, Carry, matrix
from pybrain_runtime.network.description import ConnectionDescription, NetworkDescription
from pybrain_runtime.network.layers.formulas import Array, identity
from pybrain_runtime.network.layers.kind import Forward
from pybrain_runtime.network.layers.registry import LAYERS

MEMORY = 512 << 20
"""Maximum number of bytes for the values of the rows that are computed at once."""
_TEMPORARIES = 8
"""Number of arrays of a layer's width that its formula may need at the same time."""


def check_supported(description: NetworkDescription) -> None:
    """Check that a network can be computed on a device.

    Raises:
        DeviceUnavailable: the network cannot be computed on a device; the message says why.
    """
    _supported(FlatNetwork(description))


class DeviceNetwork:
    """A network whose parameters are in the memory of a device.

    Attributes:
        rows_at_once: number of rows that are computed at once, limited by the memory.

    Args:
        description: the network.
        device: the device.
        memory: bytes of device memory for the values of rows; at most half of the free memory is used.

    Raises:
        DeviceUnavailable: the network is recurrent, or has a layer that is not computed on devices.
    """

    def __init__(self, description: NetworkDescription, device: Device, *, memory: int = MEMORY) -> None:
        network = FlatNetwork(description)
        _supported(network)
        self._device = device
        self._outdim = network.outdim
        cells = network.cells
        self._outputs = [(place, cells[place].outdim) for place in network.outputs]
        widths = [cell.indim + cell.outdim for cell in cells]
        numbers = network.indim + network.outdim + sum(widths) + _TEMPORARIES * max(widths, default=0)
        available = min(memory, device.memory // 2)
        self.rows_at_once = max(1, available // (8 * numbers))
        device.limit(2 * available + 16 * description.parameter_count)
        self._steps = [_Step(cell, cells, device) for cell in cells]

    def run(self, rows: Array) -> Array:
        """Return the outputs of rows.

        Args:
            rows: float64, shape (n, indim).

        Returns:
            float64, shape (n, outdim).
        """
        outputs = np.empty((len(rows), self._outdim))
        for start in range(0, len(rows), self.rows_at_once):
            part = slice(start, start + self.rows_at_once)
            self._run_chunk(rows[part], outputs[part])
        return outputs

    def _run_chunk(self, rows: Array, outputs: Array) -> None:
        inputs = self._device.arrays.asarray(np.ascontiguousarray(rows))
        values: list[Array] = []
        with np.errstate(all="ignore"):  # overflow gives infinity or NaN, as in PyBrain
            for step in self._steps:
                values.append(step.compute(inputs, values))
        start = 0
        for place, width in self._outputs:
            outputs[:, start : start + width] = self._device.fetch(values[place])
            start += width


class _Step:
    """One cell, with its parameters on the device.

    Args:
        cell: the cell.
        cells: all cells of the network.
        device: the device.
    """

    def __init__(self, cell: Cell, cells: list[Cell], device: Device) -> None:
        self._arrays = device.arrays
        self._indim = cell.indim
        self._given = slice(*cell.given) if cell.given else None
        self._forward = None if cell.constant else _formula(cell, device)
        self._feeds: list[tuple[int, slice, slice, Carry]] = []
        constant = np.zeros(cell.indim)
        for feed in cell.feeds:
            if cells[feed.source].constant:
                constant[slice(*feed.fed)] += _carry(feed.connection)(np.ones((1, 1)))[0]
            else:
                self._feeds.append(_device_feed(feed, device))
        self._constant = device.arrays.asarray(constant) if constant.any() else None

    def compute(self, inputs: Array, values: list[Array]) -> Array:
        """Return the outputs of the cell.

        Args:
            inputs: the inputs of the network, shape (n, indim).
            values: the outputs of the cells that come before it.
        """
        if self._forward is None:
            return self._arrays.ones((len(inputs), 1))
        return self._forward(self._net_input(inputs, values))

    def _net_input(self, inputs: Array, values: list[Array]) -> Array:
        whole = slice(0, self._indim)
        if self._given is not None and not self._feeds:
            z = inputs[:, self._given]
        elif self._given is None and len(self._feeds) == 1 and self._feeds[0][2] == whole:
            source, taken, _, carry = self._feeds[0]
            z = carry(values[source][:, taken])
        else:
            z = self._arrays.zeros((len(inputs), self._indim))
            if self._given is not None:
                z += inputs[:, self._given]
            for source, taken, fed, carry in self._feeds:
                z[:, fed] += carry(values[source][:, taken])
        return z if self._constant is None else z + self._constant


def _supported(network: FlatNetwork) -> None:
    if network.recurrent:
        raise DeviceUnavailable("the time steps of a recurrent network are computed one after another")
    for cell in network.cells:
        kind = LAYERS.get(cell.kind)
        if kind and (kind.forward is None or kind.random or not kind.continuous):
            raise DeviceUnavailable(f"the {cell.kind} '{escaped(cell.name, 60)}' is not computed there")


def _formula(cell: Cell, device: Device) -> Forward:
    if cell.kind == PASS or cell.module is None:
        return identity
    forward = LAYERS[cell.kind].forward
    assert forward is not None
    arrays = {name: device.arrays.asarray(array) for name, array in cell.module.arrays.items()}
    return forward(cell.module.replace(arrays=arrays))


def _carry(connection: ConnectionDescription | None) -> Carry:
    # A cell of a nested network is fed without a connection.
    return identity if connection is None else CONNECTIONS[connection.kind].carry(connection)


def _device_feed(feed: Feed, device: Device) -> tuple[int, slice, slice, Carry]:
    return feed.source, slice(*feed.taken), slice(*feed.fed), _device_carry(feed.connection, device)


def _device_carry(connection: ConnectionDescription | None, device: Device) -> Carry:
    if connection is None:
        return identity
    if CONNECTIONS[connection.kind].dense:
        weights = device.arrays.asarray(np.ascontiguousarray(matrix(connection).T))
        return lambda y: y @ weights
    parameters = connection.parameters
    options = {
        name: device.arrays.asarray(value) if isinstance(value, np.ndarray) else value
        for name, value in connection.options.items()
    }
    return _carry(
        connection.replace(
            parameters=None if parameters is None else device.arrays.asarray(parameters), options=options
        )
    )
