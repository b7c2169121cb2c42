"""The inference library and PyBrain's library read, write and compute equally."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain.structure import (
    BiasUnit,
    FeedForwardNetwork,
    FullConnection,
    GateLayer,
    IdentityConnection,
    LinearConnection,
    LinearLayer,
    LSTMLayer,
    MultiplicationLayer,
    Network,
    RecurrentNetwork,
    SigmoidLayer,
    SoftmaxLayer,
    TanhLayer,
)
from pybrain.structure.networks.network import NetworkConstructionException
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.tools.customxml import NetworkWriter
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import load_knowledge
from pybrain_runtime.convert import convert_file
from pybrain_runtime.errors import KnowledgeError

FIXTURES = Path(__file__).parents[1] / "fixtures"
FOLDERS = sorted((FIXTURES / "networks").iterdir())
FIXED = [folder for folder in FOLDERS if folder.name != "man_gaussian_enabled"]


def name(folder: Path) -> str:
    return folder.name


def rows(indim: int, count: int = 5) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(count, indim))


@pytest.mark.parametrize("folder", FIXED, ids=name)
def test_a_network_built_from_a_file_equals_its_compiled_network(folder: Path) -> None:
    knowledge = load_knowledge(folder / "net.p2.pkl")
    network = knowledge.to_pybrain()
    network.reset()
    inputs = rows(knowledge.indim)
    np.testing.assert_allclose(
        [network.activate(row) for row in inputs], knowledge.compiled.run(inputs), rtol=1e-12, atol=1e-15
    )
    assert network.paramdim == knowledge.parameter_count
    assert isinstance(network, RecurrentNetwork) == knowledge.compiled.recurrent


@pytest.mark.parametrize("folder", FIXED, ids=name)
def test_networks_pickled_by_the_library_are_read(folder: Path, tmp_path: Path) -> None:
    knowledge = load_knowledge(folder / "net.p2.pkl")
    network, inputs = knowledge.to_pybrain(), rows(knowledge.indim)
    for protocol in range(6):
        path = tmp_path / f"{protocol}.pkl"
        path.write_bytes(pickle.dumps(network, protocol))
        again = load_knowledge(path)
        assert again.format == f"pickle protocol {protocol if protocol > 1 else 0}"
        np.testing.assert_allclose(
            again.compiled.run(inputs), knowledge.compiled.run(inputs), rtol=1e-12, atol=1e-15
        )


@pytest.mark.parametrize("folder", FIXED, ids=name)
def test_xml_files_of_the_library_are_read(folder: Path, tmp_path: Path) -> None:
    knowledge = load_knowledge(folder / "net.p2.pkl")
    NetworkWriter.writeToFile(knowledge.to_pybrain(), str(tmp_path / "net.xml"))
    inputs = rows(knowledge.indim)
    again = load_knowledge(tmp_path / "net.xml")
    np.testing.assert_allclose(
        again.compiled.run(inputs), knowledge.compiled.run(inputs), rtol=1e-12, atol=1e-15
    )
    assert again.parameter_count == knowledge.parameter_count


def test_a_built_network_can_be_trained(tmp_path: Path) -> None:
    from pybrain.datasets import SupervisedDataSet

    knowledge = load_knowledge(FIXTURES / "networks/bn_2_3_1/net.p2.pkl")
    network = knowledge.to_pybrain()
    data = SupervisedDataSet(2, 1)
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        data.addSample((a, b), (a * b,))
    BackpropTrainer(network, data).train()
    (tmp_path / "trained.pkl").write_bytes(pickle.dumps(network))
    trained, inputs = load_knowledge(tmp_path / "trained.pkl"), rows(2)
    assert not np.allclose(trained.compiled.run(inputs), knowledge.compiled.run(inputs))
    np.testing.assert_allclose(
        trained.compiled.run(inputs), [network.activate(row) for row in inputs], rtol=1e-12
    )


@pytest.mark.parametrize("recurrent", [False, True])
def test_a_network_created_with_the_library_is_read(recurrent: bool, tmp_path: Path) -> None:
    network = buildNetwork(3, 4, 2, recurrent=recurrent)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(network))
    knowledge = load_knowledge(tmp_path / "net.pkl")
    network.reset()
    np.testing.assert_allclose(
        knowledge.compiled.run(rows(3)), [network.activate(row) for row in rows(3)], rtol=1e-12, atol=1e-15
    )


def test_a_network_that_cannot_be_built_is_refused_with_the_reason() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        knowledge = load_knowledge(FIXTURES / "objects/kohonen.p2.pkl")
        with pytest.raises(KnowledgeError, match="The KohonenMap 'KohonenMap' cannot be built"):
            knowledge.to_pybrain()


def test_the_names_that_a_file_refers_to_are_known() -> None:
    meta = json.loads((FIXTURES / "networks/bn_2_3_1/meta.json").read_text())
    knowledge = load_knowledge(FIXTURES / "networks/bn_2_3_1/net.p0.pkl")
    assert meta["cls"] in knowledge.names
    assert "copy_reg._reconstructor" in knowledge.names
    assert len(set(knowledge.names)) == len(knowledge.names)


# Invalid orders of computation, and nested networks.


def moved(order: list[Any], random: np.random.Generator) -> list[Any]:
    """Return another list of some of the same modules."""
    order = [order[place] for place in random.permutation(len(order))]
    if random.random() < 0.3:
        order.pop()
    if random.random() < 0.3:
        order.append(order[0])
    return order


@pytest.mark.parametrize("folder", FIXED, ids=name)
def test_another_module_order_gives_the_same_outputs_or_an_error(folder: Path, tmp_path: Path) -> None:
    knowledge = load_knowledge(folder / "net.p2.pkl")
    random = np.random.default_rng(5)
    inputs = rows(knowledge.indim)
    for _ in range(6):
        network = knowledge.to_pybrain()
        network.modulesSorted = moved(network.modulesSorted, random)
        (tmp_path / "moved.pkl").write_bytes(pickle.dumps(network, 2))
        again = pickle.loads((tmp_path / "moved.pkl").read_bytes())
        try:
            answers = load_knowledge(tmp_path / "moved.pkl").compiled.run(inputs)
        except KnowledgeError as error:
            assert "its order of computation (modulesSorted) " in error.message
            with pytest.raises(
                NetworkConstructionException, match="modulesSorted is not an order of computation"
            ):
                again.activate(inputs[0])
            continue
        again.reset()
        np.testing.assert_allclose(answers, [again.activate(row) for row in inputs], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(answers, knowledge.compiled.run(inputs), rtol=1e-12, atol=1e-15)


SIZED = (LinearLayer, SigmoidLayer, TanhLayer, SoftmaxLayer, GateLayer, MultiplicationLayer, LSTMLayer)


def random_network(random: np.random.Generator, depth: int) -> Network:
    """Build a random network of a few parts, with bias units, nested networks and all kinds of connections."""
    network = (RecurrentNetwork if random.random() < 0.3 else FeedForwardNetwork)()
    parts: list[Any] = []
    for _ in range(random.integers(1, 6)):
        kind = random.integers(len(SIZED) + 4)
        if kind < len(SIZED):
            parts.append(SIZED[kind](int(random.integers(1, 5))))
        elif kind == len(SIZED) or not depth:
            parts.append(BiasUnit())
        else:
            parts.append(random_network(random, depth - 1))
    for part in [part for part in parts if random.random() < 0.4] or parts[:1]:
        network.addInputModule(part)
    for part in [part for part in parts if random.random() < 0.4] or parts[-1:]:
        network.addOutputModule(part)
    for part in parts:
        network.addModule(part)
    for place, part in enumerate(parts):
        for other in parts[place + 1 :]:
            if other.indim and random.random() < 0.7:
                network.addConnection(random_connection(part, other, random))
    if isinstance(network, RecurrentNetwork) and parts[0].indim:
        network.addRecurrentConnection(random_connection(parts[-1], parts[0], random))
    network.sortModules()
    return network


def random_connection(source: Any, target: Any, random: np.random.Generator) -> Any:
    kind = (FullConnection, IdentityConnection, LinearConnection)[random.integers(3)]
    width = min(source.outdim, target.indim)
    if kind is FullConnection:
        return kind(source, target)
    return kind(source, target, inSliceTo=width, outSliceFrom=target.indim - width, outSliceTo=target.indim)


@pytest.mark.parametrize("seed", range(60))
def test_nested_networks_give_the_same_outputs(seed: int, tmp_path: Path) -> None:
    np.random.seed(seed)
    network = random_network(np.random.default_rng(seed), 2)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(network, 2))
    knowledge, inputs = load_knowledge(tmp_path / "net.pkl"), rows(network.indim)
    network.reset()
    expected = [network.activate(row) for row in inputs]
    np.testing.assert_allclose(knowledge.compiled.run(inputs), expected, rtol=1e-9, atol=1e-12)
    built = knowledge.to_pybrain()
    np.testing.assert_allclose([built.activate(row) for row in inputs], expected, rtol=1e-9, atol=1e-12)
    convert_file(tmp_path / "net.pkl", "npz")


def test_a_nested_network_may_output_only_a_bias_unit(tmp_path: Path) -> None:
    inner, outer = FeedForwardNetwork(), FeedForwardNetwork()
    bias, out = BiasUnit(), LinearLayer(2)
    inner.addInputModule(LinearLayer(1))
    inner.addOutputModule(bias)
    inner.sortModules()
    outer.addInputModule(inner)
    outer.addOutputModule(out)
    outer.addConnection(FullConnection(inner, out))
    outer.sortModules()
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(outer, 2))
    answers = load_knowledge(tmp_path / "net.pkl").compiled.run(rows(1))
    np.testing.assert_allclose(answers, [outer.activate(row) for row in rows(1)], rtol=1e-12)
