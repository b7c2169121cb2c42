"""Networks whose hidden weights evolve and whose output weights are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.lstm import LSTMLayer
from pybrain.structure.modules.module import Module
from pybrain.structure.networks.recurrent import RecurrentNetwork

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike
    from pybrain.datasets.supervised import SupervisedDataSet


class NetworkWrapper:
    """Evolino's view of a recurrent network with one hidden layer.

    A chromosome belongs to one hidden neuron: the weights of its incoming connections, then its
    peephole weights. The weights to the output are not part of it.

    Args:
        network: a sorted RecurrentNetwork: input layer, hidden layer, output layer.
    """

    def __init__(self, network: RecurrentNetwork) -> None:
        self.network = network

    def getNetwork(self) -> RecurrentNetwork:
        """Return the network."""
        return self.network

    def getInputLayer(self) -> Any:
        """Return the input layer."""
        return self.network.inmodules[0]

    def getOutputLayer(self) -> Any:
        """Return the output layer."""
        return self.network.outmodules[0]

    def getConnections(self) -> list[Any]:
        """Return all connections: those within a time step, then those from the previous one."""
        within = [one for module in self.network.modulesSorted for one in self.network.connections[module]]
        return within + list(self.network.recurrentConns)

    def getInConnections(self, module: Module) -> list[Any]:
        """Return the connections that lead to a module."""
        return [one for one in self.getConnections() if one.outmod is module]

    def getOutputConnection(self) -> Any:
        """Return the connection from the last hidden layer to the output layer."""
        recurrent = self.network.recurrentConns
        found = [one for one in self.getInConnections(self.getOutputLayer()) if one not in recurrent]
        if len(found) != 1:
            raise ValueError(f"the output layer needs exactly one incoming connection, not {len(found)}")
        return found[0]

    def getHiddenLayers(self) -> list[Any]:
        """Return the modules that are neither input nor output, in the order of computation."""
        ends = {*self.network.inmodules, *self.network.outmodules}
        return [module for module in self.network.modulesSorted if module not in ends]

    def getLastHiddenLayer(self) -> Any:
        """Return the layer that leads to the output."""
        return self.getOutputConnection().inmod

    def getFirstHiddenLayer(self) -> Any:
        """Return the layer that the input leads to."""
        return self.network.connections[self.getInputLayer()][0].outmod

    def _weightMatrices(self) -> list[Array]:
        """Return the weights into the hidden layer as views, shape (blocks, neurons, inputs) each."""
        layer = self.getLastHiddenLayer()
        return [
            one.params.reshape(-1, layer.outdim, one.indim)
            for one in self.getInConnections(layer)
            if one.paramdim
        ]

    def _peepholes(self) -> Array:
        """Return the peephole weights as a view, shape (gates, neurons); empty without peepholes."""
        layer = self.getLastHiddenLayer()
        return layer.params.reshape(-1, layer.outdim) if layer.paramdim else np.zeros((0, layer.outdim))

    def getGenome(self) -> Any:
        """Return one list of weights per hidden neuron."""
        parts = [matrix.transpose(1, 0, 2).reshape(matrix.shape[1], -1) for matrix in self._weightMatrices()]
        return np.hstack([*parts, self._peepholes().T]).tolist()

    def setGenome(self, weights: ArrayLike) -> None:
        """Set the weights of all hidden neurons, as returned by `getGenome`."""
        genome = np.asarray(weights, dtype=float)
        wanted = np.shape(self.getGenome())
        if genome.shape != wanted:
            raise ValueError(f"the genome has shape {genome.shape}; this network takes {wanted}")
        start = 0
        for matrix in self._weightMatrices():
            blocks, neurons, inputs = matrix.shape
            part = genome[:, start : start + blocks * inputs]
            matrix[:] = part.reshape(neurons, blocks, inputs).transpose(1, 0, 2)
            start += blocks * inputs
        self._peepholes()[:] = genome[:, start:].T

    def getOutputWeightMatrix(self) -> Array:
        """Return the weights to the output, shape (hiddim, outdim)."""
        one = self.getOutputConnection()
        return one.params.reshape(one.outdim, one.indim).T.copy()

    def setOutputWeightMatrix(self, W: ArrayLike) -> None:
        """Set the weights to the output, shape (hiddim, outdim)."""
        one = self.getOutputConnection()
        W = np.asarray(W, dtype=float)
        if W.shape != (one.indim, one.outdim):
            raise ValueError(f"the output weights have shape {(one.indim, one.outdim)}, not {W.shape}")
        one.params[:] = W.T.ravel()

    def injectBackproject(self, injection: ArrayLike) -> None:
        """Use a value, shape (outdim,), as the last output in the next step."""
        network = self.network
        if network.offset == 0:
            raise ValueError("there is no last output yet: activate the network first")
        self.getOutputLayer().outputbuffer[network.offset - 1] = injection


class EvolinoNetwork(Module):
    """An LSTM network for Evolino: inputs, LSTM cells, linear outputs that are fed back to the cells.

    Args:
        indim: number of inputs; may be 0.
        outdim: number of outputs.
        hiddim: number of LSTM cells.
    """

    def __init__(self, indim: int, outdim: int, hiddim: int = 6) -> None:
        Module.__init__(self, indim, outdim)
        network = RecurrentNetwork()
        inputs = LinearLayer(indim, name="input")
        hidden, outputs = LSTMLayer(hiddim, peepholes=True, name="hidden"), LinearLayer(outdim, name="output")
        network.addInputModule(inputs)
        network.addModule(hidden)
        network.addOutputModule(outputs)
        network.addConnection(FullConnection(inputs, hidden, name="in_to_hidden"))
        network.addConnection(FullConnection(hidden, outputs, name="hidden_to_out"))
        network.addRecurrentConnection(FullConnection(hidden, hidden, name="hidden_to_hidden"))
        network.addRecurrentConnection(FullConnection(outputs, hidden, name="out_to_hidden"))
        network.sortModules()
        self._network = network
        self._wrapper = NetworkWrapper(network)

    sequential = True

    def reset(self) -> None:
        """Reset the module."""
        Module.reset(self)
        self._network.reset()

    def activate(self, inpt: ArrayLike) -> Array:
        """Return the output for the next input of a sequence, shape (outdim,)."""
        return self._network.activate(inpt)

    def calculateOutput(self, dataset: SupervisedDataSet, washout: int = 0) -> float:
        """Compute the output weights by linear regression on a sequential data set.

        The target outputs are fed back while the states of the cells are collected.

        Args:
            dataset: sequences of (input, target).
            washout: number of steps at the beginning of each sequence that are ignored.

        Returns:
            The remaining mean squared error.
        """
        states, targets = [], []
        for sequence in dataset._provideSequences():
            self.reset()
            for step, sample in enumerate(sequence):
                self._network.activate(sample[0])
                if step >= washout:
                    states.append(
                        self._wrapper.getLastHiddenLayer().outputbuffer[self._network.offset - 1].copy()
                    )
                    targets.append(sample[1])
                self._wrapper.injectBackproject(sample[1])
        if not states:
            raise ValueError(f"no step is left to learn from after {washout} steps of washout")
        inputs, wanted = np.array(states), np.array(targets)
        weights = np.linalg.lstsq(inputs, wanted, rcond=None)[0]
        self.setOutputWeightMatrix(weights)
        return float(np.mean((inputs @ weights - wanted) ** 2))

    def getGenome(self) -> Any:
        """Return one list of weights per cell."""
        return self._wrapper.getGenome()

    def setGenome(self, weights: ArrayLike) -> None:
        """Set the weights of all cells."""
        self._wrapper.setGenome(weights)

    def getOutputWeightMatrix(self) -> Array:
        """Return the weights to the output, shape (hiddim, outdim)."""
        return self._wrapper.getOutputWeightMatrix()

    def setOutputWeightMatrix(self, W: ArrayLike) -> None:
        """Set the weights to the output, shape (hiddim, outdim)."""
        self._wrapper.setOutputWeightMatrix(W)
