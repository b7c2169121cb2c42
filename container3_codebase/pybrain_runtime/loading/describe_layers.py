"""Sizes, options and parameters of each kind of layer, as its attributes in a pickle give them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pybrain_runtime.loading.pickle_state import State
from pybrain_runtime.network.layers import LAYERS


def layer_sizes(state: State) -> tuple[int, int]:
    """Returns how many numbers go in and come out, and checks both against the layer's kind."""
    kind = state.instance.kind
    layer = LAYERS.get(kind)
    if layer is None:
        raise state.bad("is of a kind that cannot be run")
    sizes = state.whole("indim"), state.whole("outdim")
    expected = _SIZES.get(kind, _by_dim)(state)
    if sizes != expected or not sizes[1]:
        raise state.bad(f"has {sizes[0]} inputs and {sizes[1]} outputs where its kind has {expected}")
    return sizes


def layer_options(state: State) -> dict[str, object]:
    """Returns what the formula of the layer needs besides its inputs."""
    return _OPTIONS.get(state.instance.kind, _nothing)(state)


def layer_arrays(state: State) -> dict[str, np.ndarray]:
    """Returns the layer's parameters by their name in the formula."""
    make = _ARRAYS.get(state.instance.kind)
    return make(state) if make else {}


def _nothing(state: State) -> dict[str, object]:
    return {}


def _by_dim(state: State) -> tuple[int, int]:
    layer = LAYERS[state.instance.kind]
    dim = state.whole("dim", state.whole("outdim") // layer.outputs)
    return layer.inputs * dim, layer.outputs * dim


def _as_told(state: State) -> tuple[int, int]:
    return state.whole("indim"), state.whole("outdim")


def _mixture_options(state: State) -> dict[str, object]:
    mixtures, dim = state.whole("nGaussians"), state.whole("outdim")
    if not mixtures or dim % mixtures or dim // mixtures < 3:
        raise state.bad(f"has {dim} outputs, which is not {mixtures} times a weight, a width and a centre")
    return {"mixtures": mixtures}


def _partial_options(state: State) -> dict[str, object]:
    length = state.whole("slicelength")
    if not length or state.whole("outdim") % length:
        raise state.bad(f"normalises slices of {length} in {state.whole('outdim')} outputs")
    return {"slicelength": length}


def _peepholes(state: State) -> dict[str, np.ndarray]:
    if not state.flag("peepholes"):
        return {}
    dim, dimensions = state.whole("dim"), state.whole("dimensions", 1)
    # The attributes are what PyBrain computes with; _params only holds a copy after unpickling.
    return {
        "ingate": state.numbers("ingatePeepWeights", dim),
        "forgetgate": state.numbers("forgetgatePeepWeights", dim * dimensions),
        "outgate": state.numbers("outgatePeepWeights", dim),
    }


def _neurons(state: State) -> dict[str, np.ndarray]:
    side, dim = state.whole("nNeurons"), state.whole("indim")
    return {"neurons": state.numbers("neurons", side * side * dim).reshape(side, side, dim)}


_SIZES: dict[str, Callable[[State], tuple[int, int]]] = {
    "BiasUnit": lambda state: (0, 1),
    "MDLSTMLayer": lambda state: (
        (3 + 2 * state.whole("dimensions")) * state.whole("dim"),
        2 * state.whole("dim"),
    ),
    "KohonenMap": lambda state: (state.whole("nInput"), 2),
    "StateDependentLayer": _as_told,
    "Table": _as_told,
    "EvolinoNetwork": _as_told,
    "MdrnnLayer": _as_told,
}

_OPTIONS: dict[str, Callable[[State], dict[str, object]]] = {
    "MixtureDensityLayer": _mixture_options,
    "PartialSoftmaxLayer": _partial_options,
    "LSTMLayer": lambda state: {"peepholes": state.flag("peepholes")},
    "MDLSTMLayer": lambda state: {
        "peepholes": state.flag("peepholes"),
        "dimensions": state.whole("dimensions"),
    },
    "GaussianLayer": lambda state: {"enabled": state.flag("enabled", True)},
}

_ARRAYS: dict[str, Callable[[State], dict[str, np.ndarray]]] = {
    "LSTMLayer": _peepholes,
    "MDLSTMLayer": _peepholes,
    "GaussianLayer": lambda state: {"sigmas": state.numbers("_params", state.whole("dim"))},
    "KohonenMap": _neurons,
}
