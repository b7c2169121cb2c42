"""Networks whose parameters can be grouped by neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.networks.feedforward import FeedForwardNetwork
from pybrain.structure.networks.recurrent import RecurrentNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain._typing import Array, ArrayLike
    from pybrain.structure.modules.module import Module
    from pybrain.structure.networks.network import Network


# A type checker sees the class that this one is always mixed into.
if TYPE_CHECKING:
    _Part = Network
else:
    _Part = object


class NeuronDecomposableNetwork(_Part):
    """Gets and sets parameters in groups, one per neuron.

    Only FullConnections have a neuron at both ends of every parameter, so only these are supported.

    Attributes:
        espStyleDecomposition: whether the parameters of connections that leave a hidden neuron also belong to it
            (otherwise only those of incoming connections). Source of the name: F. Gomez, R. Miikkulainen,
            "Incremental Evolution of Complex General Behavior", 1997 (enforced subpopulations).
        paramInfo: index of a parameter -> ((module, neuron) it comes from, (module, neuron) it leads to).
        decompositionIndices: (module, neuron) -> indices of the parameters that belong to it.
    """

    espStyleDecomposition = True

    def addModule(self, m: Module) -> None:
        """Add a module, which must not have parameters of its own.

        Raises:
            ValueError: the module has parameters.
        """
        if m.paramdim:
            raise ValueError(f"{m!r} has parameters of its own, which do not belong to a single neuron")
        super().addModule(m)

    def sortModules(self) -> None:
        """Sort, and determine which parameter belongs to which neuron.

        Raises:
            ValueError: a connection with parameters is not a FullConnection.
        """
        if self.sorted:
            return
        super().sortModules()
        self._constructParameterInfo()
        self._constructDecomposition()

    def _constructParameterInfo(self) -> None:
        self.paramInfo: dict[int, Any] = {}
        for container, start, _ in self._portions():
            if not isinstance(container, FullConnection):
                raise ValueError(
                    f"{container!r} is not a FullConnection: its parameters do not belong to a single neuron"
                )
            for i in range(container.paramdim):
                source, target = container.whichBuffers(i)
                self.paramInfo[start + i] = (
                    (container.inmod, container.inmod.whichNeuron(outputIndex=source)),
                    (container.outmod, container.outmod.whichNeuron(inputIndex=target)),
                )

    def _constructDecomposition(self) -> None:
        self.decompositionIndices: dict[Any, list[int]] = {
            (m, neuron): [] for m in self.modulesSorted for neuron in range(getattr(m, "dim", 1))
        }
        for i, (source, target) in sorted(self.paramInfo.items()):
            inner = target[0] not in self.outmodules
            if inner or not self.espStyleDecomposition:
                self.decompositionIndices[target].append(i)
            elif source[0] not in self.inmodules:
                self.decompositionIndices[source].append(i)
            else:
                self.decompositionIndices[target].append(i)

    def getDecomposition(self) -> list[Array]:
        """Return the parameters of each neuron that has any, a list of arrays."""
        return [self.params[i] for i in map(list, self.decompositionIndices.values()) if i]

    def setDecomposition(self, decomposedParams: Sequence[ArrayLike]) -> None:
        """Set all parameters from groups as returned by :meth:`getDecomposition`."""
        groups = [i for i in self.decompositionIndices.values() if i]
        if len(groups) != len(decomposedParams):
            raise ValueError(
                f"{len(groups)} groups of parameters are needed; {len(decomposedParams)} were given"
            )
        for indices, values in zip(groups, decomposedParams, strict=True):
            self.params[indices] = np.asarray(values, dtype=float)

    @staticmethod
    def convertNormalNetwork(n: Any) -> NeuronDecomposableNetwork:
        """Return a decomposable network of the modules and connections of ``n``.

        ``n`` itself must not be used afterwards.
        """
        recurrent = isinstance(n, RecurrentNetwork)
        result: Any = RecurrentDecomposableNetwork() if recurrent else FeedForwardDecomposableNetwork()
        for container in n._containers():
            # A copy of the values, so that no view keeps the old network's vector alive.
            container._bindParameters(np.array(container.params))
            container.owner = None
        for m in n.inmodules:
            result.addInputModule(m)
        for m in n.outmodules:
            result.addOutputModule(m)
        for m in n.modulesSorted:
            result.addModule(m)
        for m in n.modulesSorted:
            for c in n.connections[m]:
                result.addConnection(c)
        if recurrent:
            for c in n.recurrentConns:
                result.addRecurrentConnection(c)
        result.name = n.name
        result.sortModules()
        return result


class FeedForwardDecomposableNetwork(NeuronDecomposableNetwork, FeedForwardNetwork):
    """A feed-forward network whose parameters can be grouped by neuron."""


class RecurrentDecomposableNetwork(NeuronDecomposableNetwork, RecurrentNetwork):
    """A recurrent network whose parameters can be grouped by neuron."""
