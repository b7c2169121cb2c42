"""The layers of a new network and its initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pybrain.structure import (
    BiasUnit,
    FeedForwardNetwork,
    FullConnection,
    LinearLayer,
    ReluLayer,
    SigmoidLayer,
    SoftmaxLayer,
    TanhLayer,
)
from pybrain.structure.modules.neuronlayer import NeuronLayer
from training.errors import OptionError

_MOST_PARAMETERS = 10_000_000
"""Training more parameters takes more than a gigabyte of memory."""

_HIDDEN: dict[str, type[NeuronLayer]] = {
    "tanh": TanhLayer,
    "sigmoid": SigmoidLayer,
    "relu": ReluLayer,
    "linear": LinearLayer,
}


def create_network(
    inputs: int, outputs: int, *, hidden: Sequence[int], hidden_class: str, softmax: bool, seed: int
) -> FeedForwardNetwork:
    """Create a fully connected network with biases and random weights.

    All modules and connections have explicit names, so the file of the network has the same bytes in every process.

    Args:
        inputs: the number of inputs.
        outputs: the number of outputs.
        hidden: the sizes of the hidden layers; may be empty.
        hidden_class: the kind of the hidden layers: tanh, sigmoid, relu or linear.
        softmax: whether the output layer is softmax rather than linear.
        seed: the seed for the initial weights.

    Raises:
        OptionError: the network would have too many parameters.
    """
    _check_size([inputs, *hidden, outputs])
    network = FeedForwardNetwork("network")
    output = SoftmaxLayer if softmax else LinearLayer
    layers: list[NeuronLayer] = [
        LinearLayer(inputs, name="in"),
        *(_HIDDEN[hidden_class](size, name=f"hidden{place}") for place, size in enumerate(hidden)),
        output(outputs, name="out"),
    ]
    bias = BiasUnit(name="bias")
    network.addInputModule(layers[0])
    network.addModule(bias)
    for layer in layers[1:-1]:
        network.addModule(layer)
    network.addOutputModule(layers[-1])
    generator = np.random.Generator(np.random.PCG64([seed, 1]))
    for source, target in pairwise(layers):
        # Glorot and Bengio (2010), as in scikit-learn's MLPClassifier, which initializes the biases in the same way.
        factor = 2.0 if hidden_class == "sigmoid" else 6.0
        bound = float(np.sqrt(factor / (source.outdim + target.indim)))
        for start in (source, bias):
            connection = FullConnection(start, target, name=f"{start.name}-{target.name}")
            connection.params[:] = generator.uniform(-bound, bound, connection.paramdim)
            network.addConnection(connection)
    network.sortModules()
    return network


def _check_size(sizes: Sequence[int]) -> None:
    parameters = sum((before + 1) * after for before, after in pairwise(sizes))
    if parameters > _MOST_PARAMETERS:
        raise OptionError(
            f"Hidden layers of {', '.join(f'{size:,}' for size in sizes[1:-1])} units have {parameters:,} parameters; "
            f"the limit is {_MOST_PARAMETERS:,}.",
            option="hidden",
        )
