"""The registry of layer kinds: every part of the project handles each kind consistently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

import numpy as np
import pytest

from pybrain_runtime import CompiledNetwork, ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.convert.npz import npz_bytes
from pybrain_runtime.convert.onnx_inference import onnx_predict
from pybrain_runtime.convert.onnx_model import onnx_model
from pybrain_runtime.convert.pickled import pickle_bytes
from pybrain_runtime.convert.xml import xml_bytes
from pybrain_runtime.io.record import NOTHING
from pybrain_runtime.knowledge import read_network
from pybrain_runtime.network.allow_list import ALLOWED, class_entry
from pybrain_runtime.network.connections import CONNECTIONS
from pybrain_runtime.network.layers.kind import LayerKind
from pybrain_runtime.network.layers.registry import LAYERS
from pybrain_runtime.network.rebuild import build_network

RUNNABLE = [name for name, kind in LAYERS.items() if not kind.unsupported]
DETERMINISTIC = [name for name in RUNNABLE if not LAYERS[name].random]
REBUILDABLE = [name for name in RUNNABLE if LAYERS[name].rebuildable and name != "BiasUnit"]
NUMBERS = np.random.default_rng(3)


def example(name: str) -> ModuleDescription:
    """Return a layer of each kind; those without options have the size of the registry."""
    kind = LAYERS[name]

    def layer(
        indim: int,
        outdim: int,
        options: Mapping[str, object] = NOTHING,
        arrays: Mapping[str, np.ndarray] = NOTHING,
    ) -> ModuleDescription:
        return ModuleDescription("middle", name, indim, outdim, options, arrays)

    peepholes = {key: NUMBERS.standard_normal(3) for key in ("ingate", "forgetgate", "outgate")}
    special = {
        "BiasUnit": layer(0, 1),
        "PartialSoftmaxLayer": layer(6, 6, options={"slicelength": 3}),
        "MixtureDensityLayer": layer(6, 6, options={"mixtures": 2}),
        "LSTMLayer": layer(12, 3, options={"peepholes": True}, arrays=peepholes),
        "MDLSTMLayer": layer(
            21,
            6,
            options={"peepholes": True, "dimensions": 2},
            arrays=peepholes | {"forgetgate": NUMBERS.standard_normal(6)},
        ),
        "GaussianLayer": layer(3, 3, options={"enabled": False}, arrays={"sigmas": np.ones(3)}),
        "KohonenMap": layer(3, 2, arrays={"neurons": NUMBERS.standard_normal((4, 4, 3))}),
    }
    return special[name] if name in special else layer(3 * kind.inputs, 3 * kind.outputs)


def network_of(layer: ModuleDescription) -> NetworkDescription:
    """Return a network of two inputs, the layer, and a linear output layer."""
    modules = (
        ModuleDescription("in", "LinearLayer", 2, 2),
        layer,
        ModuleDescription("out", "LinearLayer", layer.outdim, layer.outdim),
    )
    weights = NUMBERS.standard_normal(2 * layer.indim)
    first = ConnectionDescription("first", "FullConnection", 0, 1, (0, 2), (0, layer.indim), weights)
    last = ConnectionDescription("last", "IdentityConnection", 1, 2, (0, layer.outdim), (0, layer.outdim))
    connections = (first, last) if layer.indim else (last,)
    return NetworkDescription("net", "FeedForwardNetwork", modules, (0,), (2,), connections)


@pytest.mark.parametrize("kind", LAYERS.values(), ids=lambda kind: kind.name)
def test_a_layer_kind_is_allowed_under_pybrains_module_path(kind: LayerKind) -> None:
    path = f"pybrain.structure.modules.{kind.module}"
    assert ALLOWED[path, kind.name].family == "module"
    assert class_entry(kind.name).path == f"{path}.{kind.name}"
    assert import_module(path).__dict__[kind.name].__module__ == path


def test_no_other_class_is_allowed_as_a_layer_or_connection() -> None:
    names = {entry.name for entry in ALLOWED.values() if entry.family == "module"}
    assert names == LAYERS.keys()
    names = {entry.name for entry in ALLOWED.values() if entry.family == "connection"}
    assert names == {*CONNECTIONS, "SharedConnection"}
    for kind in CONNECTIONS.values():
        path = f"pybrain.structure.connections.{kind.module}"
        assert import_module(path).__dict__[kind.name].__module__ == path


@pytest.mark.parametrize("kind", LAYERS.values(), ids=lambda kind: kind.name)
def test_a_layer_kind_can_be_run_or_gives_a_reason(kind: LayerKind) -> None:
    runs = kind.forward is not None or kind.kernel is not None
    assert runs != bool(kind.unsupported)
    assert not (kind.unsupported and kind.rebuildable)


@pytest.mark.parametrize("name", [n for n in DETERMINISTIC if LAYERS[n].forward and n != "BiasUnit"])
@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-14), ("float32", 1e-5)])
def test_kernel_and_formula_of_a_kind_agree(name: str, precision: str, tolerance: float) -> None:
    layer = example(name)
    forward = LAYERS[name].forward
    assert forward is not None
    network = NetworkDescription("net", "FeedForwardNetwork", (layer,), (0,), (0,), ())
    rows = np.random.default_rng(4).standard_normal((5, layer.indim)) * 3
    found = CompiledNetwork(network, precision=precision).run(rows)
    np.testing.assert_allclose(found, forward(layer)(rows), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", [name for name in REBUILDABLE if not LAYERS[name].random])
def test_the_library_computes_a_kind_equally(name: str) -> None:
    network = network_of(example(name))
    rows = np.random.default_rng(5).standard_normal((4, 2))
    built = build_network(network)
    expected = []
    for row in rows:
        built.reset()
        expected.append(built.activate(row))
    np.testing.assert_allclose(CompiledNetwork(network).run(rows), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_onnx_computes_a_kind_equally(name: str) -> None:
    network = network_of(example(name))
    rows = np.random.default_rng(6).standard_normal((4, 2))
    answers = onnx_predict(onnx_model(network, metadata={}).SerializeToString())(rows)
    np.testing.assert_allclose(answers, CompiledNetwork(network).run(rows), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in DETERMINISTIC if name != "KohonenMap"])
@pytest.mark.parametrize("write", [pickle_bytes, xml_bytes, npz_bytes], ids=["pickle", "xml", "npz"])
def test_a_kind_keeps_options_and_parameters_in_every_format(
    name: str, write: Callable[[NetworkDescription], bytes]
) -> None:
    network = network_of(example(name))
    found = read_network(write(network), "net").network
    layer = next(module for module in found.modules if module.name == "middle")
    expected = network.modules[1]
    assert (layer.kind, layer.indim, layer.outdim) == (expected.kind, expected.indim, expected.outdim)
    assert dict(layer.options) == dict(expected.options)
    assert layer.arrays.keys() == expected.arrays.keys()
    for key, array in expected.arrays.items():
        np.testing.assert_array_equal(layer.arrays[key], array)


def test_a_kohonen_map_keeps_its_neurons_in_npz() -> None:
    network = network_of(example("KohonenMap"))
    layer = read_network(npz_bytes(network), "net").network.modules[1]
    np.testing.assert_array_equal(layer.arrays["neurons"], network.modules[1].arrays["neurons"])
