"""Every recorded network gives the outputs of PyBrain."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import CompiledNetwork, load_knowledge, read_activation
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.loading.describe import describe
from pybrain_runtime.loading.pickle.reader import PickleReader
from pybrain_runtime.loading.values import Instance

FIXTURES = Path(__file__).parents[1] / "fixtures"
IRIS, COURSE = FIXTURES / "default" / "iris", FIXTURES / "default" / "course"
PICKLES = sorted(FIXTURES.glob("networks*/*/net.p*.pkl"))


def rows_of(path: Path) -> np.ndarray:
    with path.open(newline="") as file:
        return np.array([[float(cell) for cell in line] for line in list(csv.reader(file))[1:]])


def meta_of(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / "meta.json").read_text())
    assert isinstance(content, dict)
    return content


def label(path: Path) -> str:
    return "/".join(path.parts[-3:])


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


def outputs_of(path: Path, *, legacy_nesting: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Run a recorded network on its recorded inputs; return its outputs and the recorded ones."""
    meta = meta_of(path.parent)
    inputs, expected = rows_of(path.parent / "inputs.csv"), rows_of(path.parent / "expected.csv")
    knowledge = load_knowledge(path)
    plan = (knowledge.with_legacy_nesting() if legacy_nesting else knowledge).compiled
    if meta["kind"] == "ff":
        random = np.random.RandomState(12345) if meta.get("stochastic") else None
        return plan.run(inputs, random=random), expected
    cuts = np.flatnonzero(np.diff(inputs[:, 0])) + 1
    resume = meta["kind"] == "rnn_continue"
    return np.concatenate(
        [plan.run(part, resume=resume) for part in np.split(inputs[:, 1:], cuts)]
    ), expected[:, 1:]


XML = sorted(FIXTURES.glob("networks*/*/net.xml"))


def test_recorded_networks_exist() -> None:
    assert len(PICKLES) > 300
    assert len(XML) > 90


@pytest.mark.parametrize("path", PICKLES, ids=label)
def test_a_pickled_network_reproduces_the_recorded_outputs(path: Path) -> None:
    # One network was recorded with a defect of PyBrain's; see test_recurrent_runs.
    assert_same(*outputs_of(path, legacy_nesting=path.parent.name == "rnn_nested_ffn"))


NOT_IN_XML = {
    # What NetworkWriter leaves out, and what the reader makes of it.
    "man_bidirectional": "as its mother, but several mothers have that name",
    "man_permutation": "has no permutation, which is required",
    "odd_names": "has the same name as another module",
    "man_gaussian_disabled": "draws its outputs at random, which requires a random number generator",
    "rnn_midsequence": "was not saved in the middle of a sequence",
}


@pytest.mark.parametrize("path", XML, ids=label)
def test_a_network_in_xml_reproduces_the_recorded_outputs(path: Path) -> None:
    name = path.parent.name
    if name in NOT_IN_XML:
        with pytest.raises(KnowledgeError, match=NOT_IN_XML[name]):
            outputs_of(path)
        return
    found, expected = outputs_of(path, legacy_nesting=name == "rnn_nested_ffn")
    # A module that is input and output at once: PyBrain's file does not say that it is an output, too.
    assert_same(found, expected[:, -1:] if name == "man_in_is_out" else expected)


@pytest.mark.parametrize("path", PICKLES, ids=label)
def test_the_description_matches_the_recording(path: Path) -> None:
    meta = meta_of(path.parent)
    root = PickleReader(path.read_bytes(), path.name).read()
    assert isinstance(root, Instance)
    network = describe(root, path.name)
    assert network.parameter_count == len(meta["params"])
    if "cls" not in meta:  # of the oldest versions, only the parameters were recorded
        return
    assert network.kind == meta["cls"].rpartition(".")[2]
    assert (network.indim, network.outdim) == (meta["indim"], meta["outdim"])
    assert network.parameter_count == meta["paramdim"]
    kinds = [m["cls"].rpartition(".")[2] for m in meta["modulesSorted"]]
    assert sorted(m.kind for m in network.modules) == sorted(kinds)
    assert len(network.connections) == len(meta["connections"])
    assert len(network.recurrent_connections) == len(meta.get("recurrent", []))


def test_the_default_network_predicts_one_row() -> None:
    knowledge = load_knowledge(IRIS / "currentSolution.pkl")
    activation = read_activation(IRIS / "currentActivation.csv", knowledge)
    outputs = knowledge.activate(activation.inputs)
    assert_same(outputs, rows_of(IRIS / "expected_current.csv"))
    assert knowledge.classes(outputs) == ["virginica"]


def test_the_default_network_predicts_all_150_rows() -> None:
    knowledge = load_knowledge(IRIS / "currentSolution.pkl")
    activation = read_activation(IRIS / "activation_all.csv", knowledge)
    assert activation.targets is not None and activation.targets.shape == (150, 3)
    assert_same(knowledge.activate(activation.inputs), rows_of(IRIS / "expected_all.csv"))


def test_the_course_network_predicts_80_rows() -> None:
    knowledge = load_knowledge(COURSE / "currentSolution.pkl")
    activation = read_activation(COURSE / "activation_80.csv", knowledge)
    assert activation.targets is not None and activation.targets.shape == (80, 1)
    assert_same(knowledge.activate(activation.inputs), rows_of(COURSE / "expected_80.csv"))


def test_batched_and_single_predictions_agree() -> None:
    folder = FIXTURES / "networks" / "man_shortcut"
    plan = load_knowledge(folder / "net.p2.pkl").compiled
    rows = np.random.default_rng(3).normal(size=(500, plan.indim))
    one_by_one = np.concatenate([plan.run(row) for row in rows])
    np.testing.assert_allclose(plan.run(rows), one_by_one, rtol=1e-12, atol=1e-15)


def test_chunked_predictions_equal_a_single_batch() -> None:
    plan = load_knowledge(COURSE / "currentSolution.pkl").compiled
    rows = np.linspace(-3, 3, 60_001)[:, None]
    outputs = plan.run(rows)
    assert outputs.shape == (60_001, 1)
    np.testing.assert_allclose(outputs[::7], plan.run(rows[::7]), rtol=1e-12, atol=1e-15)


def test_no_rows_give_no_outputs() -> None:
    plan = load_knowledge(COURSE / "currentSolution.pkl").compiled
    assert plan.run(np.empty((0, 1))).shape == (0, 1)


def test_extreme_inputs_saturate_without_a_warning() -> None:
    plan = load_knowledge(IRIS / "currentSolution.pkl").compiled
    outputs = plan.run(np.array([[1e308] * 4, [-1e308] * 4]))
    assert np.isfinite(outputs).all()


def test_a_compiled_network_is_thread_safe() -> None:
    from concurrent.futures import ThreadPoolExecutor

    plan = load_knowledge(IRIS / "currentSolution.pkl").compiled
    rows = np.random.default_rng(1).normal(size=(2_000, 4))
    expected = plan.run(rows)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(plan.run, [rows] * 16):
            assert (found == expected).all()


def test_a_compiled_network_refuses_a_wrong_number_of_columns() -> None:
    plan = load_knowledge(IRIS / "currentSolution.pkl").compiled
    with pytest.raises(Exception, match=r"^The rows must have the shape \(n, 4\), got \(2, 3\)\.$"):
        plan.run(np.zeros((2, 3)))


def test_a_network_is_compiled_once() -> None:
    knowledge = load_knowledge(IRIS / "currentSolution.pkl")
    assert knowledge.compiled is knowledge.compiled
    assert isinstance(knowledge.compiled, CompiledNetwork)
