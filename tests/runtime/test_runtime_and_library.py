"""The runtime and the library read, write and answer alike."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

from pybrain.structure import RecurrentNetwork
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.tools.customxml import NetworkWriter
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import load_knowledge
from pybrain_runtime.errors import KnowledgeError

FIXTURES = Path(__file__).parents[1] / "fixtures"
FOLDERS = sorted((FIXTURES / "networks").iterdir())
FIXED = [folder for folder in FOLDERS if folder.name != "man_gaussian_enabled"]


def name(folder: Path) -> str:
    return folder.name


def rows(indim: int, count: int = 5) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(count, indim))


@pytest.mark.parametrize("folder", FIXED, ids=name)
def test_a_network_built_from_a_file_answers_as_its_plan(folder: Path) -> None:
    knowledge = load_knowledge(folder / "net.p2.pkl")
    network = knowledge.to_pybrain()
    network.reset()
    inputs = rows(knowledge.indim)
    np.testing.assert_allclose(
        [network.activate(row) for row in inputs], knowledge.plan.run(inputs), rtol=1e-12, atol=1e-15
    )
    assert network.paramdim == knowledge.parameter_count
    assert isinstance(network, RecurrentNetwork) == knowledge.plan.recurrent


@pytest.mark.parametrize("folder", FIXED, ids=name)
def test_what_the_library_pickles_is_read(folder: Path, tmp_path: Path) -> None:
    knowledge = load_knowledge(folder / "net.p2.pkl")
    network, inputs = knowledge.to_pybrain(), rows(knowledge.indim)
    for protocol in range(6):
        path = tmp_path / f"{protocol}.pkl"
        path.write_bytes(pickle.dumps(network, protocol))
        again = load_knowledge(path)
        assert again.format == f"pickle protocol {protocol if protocol > 1 else 0}"
        np.testing.assert_allclose(again.plan.run(inputs), knowledge.plan.run(inputs), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("folder", FIXED, ids=name)
def test_what_the_library_writes_as_xml_is_read(folder: Path, tmp_path: Path) -> None:
    knowledge = load_knowledge(folder / "net.p2.pkl")
    NetworkWriter.writeToFile(knowledge.to_pybrain(), str(tmp_path / "net.xml"))
    inputs = rows(knowledge.indim)
    again = load_knowledge(tmp_path / "net.xml")
    np.testing.assert_allclose(again.plan.run(inputs), knowledge.plan.run(inputs), rtol=1e-12, atol=1e-15)
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
    assert not np.allclose(trained.plan.run(inputs), knowledge.plan.run(inputs))
    np.testing.assert_allclose(
        trained.plan.run(inputs), [network.activate(row) for row in inputs], rtol=1e-12
    )


@pytest.mark.parametrize("recurrent", [False, True])
def test_a_network_made_here_is_read(recurrent: bool, tmp_path: Path) -> None:
    network = buildNetwork(3, 4, 2, recurrent=recurrent)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(network))
    knowledge = load_knowledge(tmp_path / "net.pkl")
    network.reset()
    np.testing.assert_allclose(
        knowledge.plan.run(rows(3)), [network.activate(row) for row in rows(3)], rtol=1e-12, atol=1e-15
    )


def test_what_cannot_be_built_is_named() -> None:
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
