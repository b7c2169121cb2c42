"""Functions that build common networks in one line."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

# Some are not used here: programs import them from this module, as PyBrain's has them.
from pybrain.structure.connections import FullConnection, IdentityConnection
from pybrain.structure.modules import BiasUnit, LinearLayer, LSTMLayer, SigmoidLayer
from pybrain.structure.modules.module import Module
from pybrain.structure.networks import FeedForwardNetwork, RecurrentNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class NetworkError(Exception):
    """The requested network cannot be built."""


_OPTIONS = {
    "bias": True,
    "hiddenclass": SigmoidLayer,
    "outclass": LinearLayer,
    "outputbias": True,
    "peepholes": False,
    "recurrent": False,
    "selfrecurrent": False,
    "fast": False,
}


def buildNetwork(*layers: int, **options: Any) -> FeedForwardNetwork | RecurrentNetwork:
    """Build a network of fully connected layers, each connected to the next.

    The layers are named 'in', 'hidden0', 'hidden1' .., 'out', and the bias unit 'bias'.

    Args:
        *layers: number of neurons of each layer, input first, output last.
        **options: the options below.

    Options:
        bias: whether there is a bias unit, connected to the hidden layers and the output.
        hiddenclass: class of the hidden layers.
        outclass: class of the output layer.
        outputbias: whether the output is connected to the bias unit.
        peepholes: whether LSTM layers have peepholes.
        recurrent: whether to build a RecurrentNetwork, to which recurrent connections can be added. LSTM layers are
            connected to themselves in any case.
        selfrecurrent: whether each hidden layer is connected to itself with a delay of one time step. Not an
            option of PyBrain.
        fast: accepted for old programs; every network is compiled.

    Returns:
        A sorted FeedForwardNetwork, or RecurrentNetwork if an option or layer makes it recurrent.

    Raises:
        NetworkError: an option is unknown, there are fewer than two layers, or a layer has no neurons.

    Example:
        >>> net = buildNetwork(4, 8, 2)
        >>> net.indim, net.outdim, net.paramdim
        (4, 2, 58)
    """
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise NetworkError(
            f"buildNetwork has no option {unknown[0]!r}; accepted: {', '.join(sorted(_OPTIONS))}"
        )
    opt = {**_OPTIONS, **options}
    if len(layers) < 2:
        raise NetworkError(f"a network needs at least 2 layers, for input and output; {len(layers)} given")
    for size in layers:
        if isinstance(size, bool) or int(size) != size or size < 1:
            raise NetworkError(
                f"the number of neurons of a layer must be an integer of at least 1, not {size!r}"
            )
    recurrent = (
        bool(opt["recurrent"] or opt["selfrecurrent"])
        or opt["hiddenclass"].sequential
        or opt["outclass"].sequential
    )
    net: FeedForwardNetwork | RecurrentNetwork = RecurrentNetwork() if recurrent else FeedForwardNetwork()
    hidden = _addLayers(net, [int(size) for size in layers], opt)
    _connectLayers(net, hidden, opt)
    net.sortModules()
    return net


def _layer(cls: Any, size: int, name: str | None, opt: Mapping[str, Any]) -> Any:
    if hasattr(cls, "peepholes"):
        return cls(size, peepholes=opt["peepholes"], name=name)
    return cls(size, name=name)


def _addLayers(net: Any, sizes: Sequence[int], opt: Mapping[str, Any]) -> Any:
    """Add layers of these sizes, and return the hidden ones."""
    net.addInputModule(LinearLayer(sizes[0], name="in"))
    net.addOutputModule(_layer(opt["outclass"], sizes[-1], "out", opt))
    if opt["bias"]:
        net.addModule(BiasUnit(name="bias"))
    hidden = [_layer(opt["hiddenclass"], n, f"hidden{i}", opt) for i, n in enumerate(sizes[1:-1])]
    for layer in hidden:
        net.addModule(layer)
    return hidden


def _connectLayers(net: Any, hidden: Any, opt: Mapping[str, Any]) -> None:
    inputs, outputs, bias = net["in"], net["out"], net["bias"]
    if opt["bias"] and opt["outputbias"]:
        net.addConnection(FullConnection(bias, outputs))
    if opt["bias"]:
        for layer in hidden:
            net.addConnection(FullConnection(bias, layer))
    chain = [inputs, *hidden, outputs]
    for before, after in pairwise(hidden):
        net.addConnection(FullConnection(before, after))
    net.addConnection(FullConnection(inputs, chain[1]))
    if hidden:
        net.addConnection(FullConnection(hidden[-1], outputs))
    for layer in hidden:
        if layer.sequential or opt["selfrecurrent"]:
            net.addRecurrentConnection(FullConnection(layer, layer))


def _buildNetwork(*layers: Any, **options: Any) -> Any:
    """Build a network of arbitrary layers, each fully connected to the next.

    Args:
        *layers: modules, or sequences of modules of one width, each passed on to the next unchanged; input first,
            output last.
        **options: ``bias``, whether each layer but the first gets a bias unit; ``fast``, accepted for old programs.

    Returns:
        A sorted FeedForwardNetwork, or RecurrentNetwork if a layer is sequential.

    Raises:
        NetworkError: an option is unknown, there are fewer than two layers, or a layer is not a module.
    """
    unknown = sorted(set(options) - {"fast", "bias"})
    if unknown:
        raise NetworkError(f"_buildNetwork has no option {unknown[0]!r}; accepted: bias, fast")
    chains = [tuple(layer) if isinstance(layer, (tuple, list)) else (layer,) for layer in layers]
    if len(chains) < 2:
        raise NetworkError(f"a network needs at least 2 layers, for input and output; {len(chains)} given")
    for item in (item for chain in chains for item in chain or (None,)):
        if not isinstance(item, Module):
            raise NetworkError(f"a layer consists of modules; {item!r} was given")
    sequential = any(m.sequential for chain in chains for m in chain)
    net = RecurrentNetwork() if sequential else FeedForwardNetwork()
    net.addInputModule(chains[0][0])
    net.addOutputModule(chains[-1][-1])
    for m in [m for chain in chains for m in chain][1:-1]:
        net.addModule(m)
    for chain in chains:
        for one, other in pairwise(chain):
            net.addConnection(IdentityConnection(one, other))
    for before, after in pairwise(chains):
        if options.get("bias"):
            bias = BiasUnit(name=f"BiasUnit for {after[0].name}")
            net.addModule(bias)
            net.addConnection(FullConnection(bias, after[0]))
        net.addConnection(FullConnection(before[-1], after[0]))
    net.sortModules()
    return net
