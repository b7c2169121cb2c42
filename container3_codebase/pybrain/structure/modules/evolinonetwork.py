"""A recurrent network that continues a sequence.

Source: J. Schmidhuber, D. Wierstra, M. Gagliolo, F. Gomez, "Training Recurrent Networks by Evolino", 2007.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.lstm import LSTMLayer
from pybrain.structure.modules.module import Module
from pybrain.structure.networks.recurrent import RecurrentNetwork

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

    from pybrain._typing import Array, ArrayLike


class EvolinoNetwork(Module):
    """An LSTM network whose output, times 0.01, is its next input.

    Call :meth:`washout` with the beginning of a sequence, then :meth:`generate` to continue it. The input of the
    next step is the last row of the output layer.

    Args:
        outdim: width of the sequence.
        hiddim: number of LSTM cells.
    """

    sequential = True

    def __init__(self, outdim: int, hiddim: int = 15) -> None:
        Module.__init__(self, 0, outdim)
        self._network = RecurrentNetwork()
        self._in_layer = LinearLayer(outdim)
        self._hid_layer = LSTMLayer(hiddim)
        self._out_layer = LinearLayer(outdim)
        self._bias = BiasUnit()
        self._network.addInputModule(self._in_layer)
        self._network.addModule(self._hid_layer)
        self._network.addModule(self._bias)
        self._network.addOutputModule(self._out_layer)
        self._in_to_hid_connection = FullConnection(self._in_layer, self._hid_layer)
        self._bias_to_hid_connection = FullConnection(self._bias, self._hid_layer)
        self._hid_to_out_connection = FullConnection(self._hid_layer, self._out_layer)
        self._network.addConnection(self._in_to_hid_connection)
        self._network.addConnection(self._bias_to_hid_connection)
        self._network.addConnection(self._hid_to_out_connection)
        self._recurrent_connection = FullConnection(self._hid_layer, self._hid_layer)
        self._network.addRecurrentConnection(self._recurrent_connection)
        self._network.sortModules()
        self._network.reset()
        self.backprojectionFactor = 0.01

    def reset(self) -> None:
        """Begin a new sequence."""
        self._network.reset()

    def washout(self, sequence: ArrayLike) -> Array:
        """Drive the network with a sequence: at each step the true value replaces its output.

        Args:
            sequence: values of shape (n, outdim).

        Returns:
            The outputs of the LSTM cells, shape (n, hiddim).
        """
        cells = []
        for value in np.atleast_2d(np.asarray(sequence, dtype=float)):
            self._step()
            self._lastRow()[:] = value * self.backprojectionFactor
            cells.append(self._hid_layer.outputbuffer[self._network.offset - 1].copy())
        return np.array(cells).reshape(len(cells), self._hid_layer.dim)

    def activate(self, inpt: ArrayLike) -> NoReturn:
        """Raise NotImplementedError: this network continues sequences and does not take inputs."""
        raise NotImplementedError("an EvolinoNetwork continues sequences: call washout, then generate")

    def generate(self, length: int) -> Array:
        """Return the next ``length`` values of the sequence, shape (length, outdim)."""
        values = []
        for _ in range(length):
            values.append(self._step())
            self._lastRow()[:] = values[-1] * self.backprojectionFactor
        return np.array(values).reshape(length, self.outdim)

    def extrapolate(self, sequence: ArrayLike, length: int) -> Array:
        """Return the ``length`` values that follow ``sequence``, shape (length, outdim).

        Args:
            sequence: the beginning of the sequence, shape (n, outdim).
            length: number of values to generate.
        """
        self.reset()
        self.washout(sequence)
        return self.generate(length)

    def getGenome(self) -> list[list[float]]:
        """Return one chromosome per cell: the weights that lead into its four gates, gate after gate.

        For each gate, they come first from the cells, then from the input, then from the bias unit.
        """
        matrices = self._genomeMatrices()
        return [
            np.concatenate([m[row] for row in self._rowsOf(cell) for m in matrices]).tolist()
            for cell in range(self._hid_layer.dim)
        ]

    def setGenome(self, weights: Iterable[Iterable[Any]]) -> None:
        """Set the weights as returned by :meth:`getGenome`; lists of gates are also accepted."""
        matrices = self._genomeMatrices()
        length = 4 * sum(m.shape[1] for m in matrices)
        chromosomes = [np.array(list(chromosome), dtype=float).ravel() for chromosome in weights]
        if len(chromosomes) != self._hid_layer.dim or any(len(one) != length for one in chromosomes):
            raise ValueError(f"the genome has {self._hid_layer.dim} chromosomes of {length} weights each")
        for cell, chromosome in enumerate(chromosomes):
            start = 0
            for row in self._rowsOf(cell):
                for m in matrices:
                    m[row] = chromosome[start : start + m.shape[1]]
                    start += m.shape[1]

    def _genomeMatrices(self) -> list[Array]:
        """Return the weights of the genome as views, shape (4 hiddim, inputs) each, in the order of a gate."""
        parts = (self._recurrent_connection, self._in_to_hid_connection, self._bias_to_hid_connection)
        return [c.params.reshape(c.outdim, c.indim) for c in parts]

    def setOutputWeightMatrix(self, W: ArrayLike) -> None:
        """Set the weights from the cells to the output.

        Args:
            W: the weights, shape (outdim, hiddim).
        """
        c = self._hid_to_out_connection
        W = np.asarray(W, dtype=float)
        if W.shape != (c.outdim, c.indim):
            raise ValueError(f"the output weights have shape {(c.outdim, c.indim)}; {W.shape} was given")
        c.params[:] = W.ravel()

    def getOutputWeightMatrix(self) -> Array:
        """Return the weights from the cells to the output, shape (outdim, hiddim)."""
        c = self._hid_to_out_connection
        return c.params.reshape(c.outdim, c.indim).copy()

    def _rowsOf(self, cell: int) -> list[int]:
        return [cell + gate * self._hid_layer.dim for gate in range(4)]

    def _step(self) -> Array:
        """Activate once, with the input that the previous step left."""
        before = self._lastRow() if self._network.offset > 0 else np.zeros(self.outdim)
        return self._network.activate(before)

    def _lastRow(self) -> Array:
        return self._out_layer.outputbuffer[self._network.offset - 1]
