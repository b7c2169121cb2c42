"""Restricted Boltzmann machines.

Source: P. Smolensky, "Information processing in dynamical systems", 1986; G. Hinton, "Training products of
experts by minimizing contrastive divergence", 2002.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork

if TYPE_CHECKING:
    from typing import Any, Self

    from pybrain._typing import Array, ArrayLike
    from pybrain.structure.modules.module import Module
    from pybrain.structure.networks.network import Network


class Rbm:
    """Visible units connected to hidden units, which have a bias.

    Args:
        net: a network with an input layer 'visible', an output layer 'hidden' and a bias unit 'bias'; the first and
            the last are each connected to 'hidden'.

    Attributes:
        net: the network.
        visible: the visible layer.
        hidden: the hidden layer.
        bias: the bias unit.
        con: the connection from visible to hidden.
        biascon: the connection from bias to hidden.
    """

    def __init__(self, net: Network) -> None:
        self.net = net
        self.bias = _found(net, "bias")
        self.visible = _found(net, "visible")
        self.hidden = _found(net, "hidden")
        self.biascon = net.connections[self.bias][0]
        self.con = net.connections[self.visible][0]

    @property
    def params(self) -> Array:
        """The weights, shape (hiddenDim * visibleDim,), a row per hidden unit."""
        return self.con.params

    @property
    def biasParams(self) -> Array:
        """The biases of the hidden units, shape (hiddenDim,)."""
        return self.biascon.params

    @property
    def visibleDim(self) -> int:
        """The number of visible units."""
        return self.net.indim

    @property
    def hiddenDim(self) -> int:
        """The number of hidden units."""
        return self.net.outdim

    @classmethod
    def fromDims(
        cls,
        visibledim: int,
        hiddendim: int,
        params: ArrayLike | None = None,
        biasParams: ArrayLike | None = None,
    ) -> Self:
        """Return a machine with a number of visible and hidden units.

        Args:
            visibledim: number of visible units.
            hiddendim: number of hidden units.
            params: weights, shape (hiddendim * visibledim,); None for random ones.
            biasParams: biases, shape (hiddendim,); None for random ones.
        """
        bias = BiasUnit("bias")
        visible = LinearLayer(visibledim, "visible")
        hidden = SigmoidLayer(hiddendim, "hidden")
        con = FullConnection(visible, hidden)
        biascon = FullConnection(bias, hidden)
        if params is not None:
            con.params[:] = params
        if biasParams is not None:
            biascon.params[:] = biasParams
        return cls.fromModules(visible, hidden, bias, con, biascon)

    @classmethod
    def fromModules(
        cls, visible: Module, hidden: Module, bias: Module, con: FullConnection, biascon: FullConnection
    ) -> Self:
        """Return a machine that consists of existing modules and connections.

        Args:
            visible: the visible layer.
            hidden: the hidden layer.
            bias: the bias unit.
            con: the connection from visible to hidden.
            biascon: the connection from bias to hidden.
        """
        net = FeedForwardNetwork()
        net.addInputModule(visible)
        net.addModule(bias)
        net.addOutputModule(hidden)
        net.addConnection(con)
        net.addConnection(biascon)
        net.sortModules()
        return cls(net)

    def invert(self) -> Rbm:
        """Return the inverse machine, from hidden to visible, with the same weights and new biases."""
        weights = self.con.params.reshape(self.hiddenDim, self.visibleDim)
        return Rbm.fromDims(self.hiddenDim, self.visibleDim, params=weights.T.ravel().copy())

    def activate(self, inpt: ArrayLike) -> Array:
        """Return the probabilities of the hidden units, shape (hiddenDim,), given the visible ones."""
        return self.net.activate(inpt)


def _found(net: Network, name: str) -> Any:
    module = net[name]
    if module is None:
        raise ValueError(f"an Rbm needs a network with a module named {name!r}; {net.name!r} has none")
    return module
