"""Recurrent networks: sequences, resets, resuming, inference sessions, and nested networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pybrain_runtime import CompiledNetwork, InferenceSession, Knowledge, load_knowledge
from pybrain_runtime.engine.execution_context import aligned_zeros
from pybrain_runtime.errors import ActivationError, KnowledgeError
from pybrain_runtime.network.layers.formulas import sigmoid

FIXTURES = Path(__file__).parents[1] / "fixtures"
RECURRENT = [
    "rnn_tutorial",
    "rnn_bn_lstm_peep",
    "rnn_identity_context",
    "rnn_shared_recurrent",
    "rnn_nested_ffn",
]


def network(name: str) -> Knowledge:
    return load_knowledge(FIXTURES / "networks" / name / "net.p2.pkl")


def rows(compiled: CompiledNetwork, count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, compiled.indim))


@pytest.mark.parametrize("name", RECURRENT)
def test_every_run_starts_from_a_reset_network(name: str) -> None:
    compiled = network(name).compiled
    assert compiled.recurrent
    inputs = rows(compiled, 6)
    first = compiled.run(inputs)
    assert (compiled.run(inputs) == first).all()
    assert not np.allclose(compiled.run(inputs[3:]), first[3:])


@pytest.mark.parametrize("name", [*RECURRENT, "bn_4_8_2"])
def test_batched_sequences_equal_separate_sequences(name: str) -> None:
    compiled = network(name).compiled
    inputs = rows(compiled, 35).reshape(5, 7, compiled.indim)
    together = compiled.run_sequences(inputs)
    assert together.shape == (5, 7, compiled.outdim)
    one_by_one = np.stack([compiled.run(sequence) for sequence in inputs])
    np.testing.assert_allclose(together, one_by_one, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [*RECURRENT, "bn_4_8_2"])
def test_a_session_with_batches_equals_one_run(name: str) -> None:
    knowledge = network(name)
    inputs = rows(knowledge.compiled, 9)
    session = knowledge.session()
    outputs = [session.activate(inputs[start : start + 4]) for start in (0, 4, 8)]
    np.testing.assert_allclose(
        np.concatenate(outputs), knowledge.compiled.run(inputs), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("name", RECURRENT)
def test_a_restored_session_continues_the_saved_session(name: str) -> None:
    knowledge = network(name)
    inputs = rows(knowledge.compiled, 9)
    first, second = knowledge.session(), knowledge.session()
    first.activate(inputs[:5])
    second.restore(first.steps, first.recurrent_state)
    assert (second.activate(inputs[5:]) == first.activate(inputs[5:])).all()
    assert first.steps == second.steps == 9


def test_a_session_can_resume_a_saved_sequence() -> None:
    compiled = network("rnn_midsequence").compiled
    inputs = rows(compiled, 4)
    session = InferenceSession(compiled, resume=True)
    assert session.steps == compiled.saved_steps
    assert (session.activate(inputs) == compiled.run(inputs, resume=True)).all()


def test_buffers_are_aligned_to_cache_lines() -> None:
    for shape in ((3, 5), (7, 1), (512, 784)):
        array = aligned_zeros(shape, np.dtype("float32"))
        assert array.shape == shape and not array.any() and array.flags.c_contiguous
        assert array.__array_interface__["data"][0] % 64 == 0


def test_a_network_saved_in_mid_sequence_is_resumed_only_on_request() -> None:
    compiled = network("rnn_midsequence").compiled
    inputs = rows(compiled, 4)
    assert not np.allclose(compiled.run(inputs), compiled.run(inputs, resume=True))


@pytest.mark.parametrize("name", ["rnn_tutorial", "bn_1_1"])
def test_a_network_saved_between_sequences_cannot_be_resumed(name: str) -> None:
    compiled = network(name).compiled
    if not compiled.recurrent:
        assert (compiled.run(np.ones((2, 1)), resume=True) == compiled.run(np.ones((2, 1)))).all()
        return
    with pytest.raises(
        KnowledgeError, match="was not saved in the middle of a sequence; there is no sequence to resume"
    ):
        compiled.run(rows(compiled, 2), resume=True)


def test_nested_networks_receive_input_at_every_step() -> None:
    # PyBrain's nested networks receive input in the first step only. The correct outputs are computed here explicitly.
    found = network("rnn_nested_ffn")
    parts = {c.name: c for c in found.network.all_connections()}
    inner = next(m.network for m in found.network.modules if m.network)
    w = {
        (inner.modules[c.source].name, inner.modules[c.target].name): c.parameters.reshape(c.outdim, c.indim)
        for c in inner.connections
        if c.parameters is not None
    }

    def weights(name: str) -> np.ndarray:
        parameters = parts[name].parameters
        assert parameters is not None
        return parameters.reshape(parts[name].outdim, parts[name].indim)

    inputs = rows(found.compiled, 5)
    sub, expected = np.zeros(2), []
    for x in inputs:
        fed = weights("c1") @ x + weights("r") @ sub
        hidden = np.tanh(w["in", "hidden0"] @ fed + w["bias", "hidden0"][:, 0])
        sub = w["hidden0", "out"] @ hidden + w["bias", "out"][:, 0]
        expected.append(weights("c2") @ sub)
    np.testing.assert_allclose(found.compiled.run(inputs), expected, rtol=1e-12)


def test_pybrains_nesting_defect_can_be_enabled() -> None:
    found = network("rnn_nested_ffn")
    inputs = rows(found.compiled, 5)
    right, as_pybrain = found.activate(inputs), found.with_legacy_nesting().activate(inputs)
    assert (right[0] == as_pybrain[0]).all()
    assert not np.allclose(right[1:], as_pybrain[1:])
    # From the second step on, the inner network receives no input: its output is constant.
    assert (as_pybrain[1:] == as_pybrain[1]).all()


def test_legacy_nesting_does_not_affect_other_networks() -> None:
    for name in ("man_nested_ffn", "rnn_bn_lstm", "bn_4_8_2"):
        found = network(name)
        inputs = rows(found.compiled, 4)
        assert (found.activate(inputs) == found.with_legacy_nesting().activate(inputs)).all()


def test_sequences_of_the_wrong_shape_are_refused() -> None:
    compiled = network("rnn_tutorial").compiled
    with pytest.raises(ActivationError, match=r"must have the shape \(n, 2\), got \(2, 2\)"):
        compiled.run_sequences(np.zeros((2, 2)))


def test_an_empty_sequence_has_no_outputs() -> None:
    compiled = network("rnn_tutorial").compiled
    assert compiled.run(np.empty((0, 2))).shape == (0, 1)


def test_a_random_layer_requires_a_random_generator() -> None:
    compiled = network("man_gaussian_enabled").compiled
    assert compiled.random
    with pytest.raises(KnowledgeError, match="The GaussianLayer 'g' draws its outputs at random") as caught:
        compiled.run([[1.0, 2.0]])
    assert "enabled = False" in caught.value.hint
    some = compiled.run([[1.0, 2.0]] * 3, random=np.random.RandomState(1))
    assert (some == compiled.run([[1.0, 2.0]] * 3, random=np.random.RandomState(1))).all()
    assert len(np.unique(some[:, 0])) == 3


def test_a_bernoulli_layer_computes_as_in_pybrain() -> None:
    compiled = load_knowledge(FIXTURES / "objects" / "bernoulli.p2.pkl").compiled
    assert compiled.run([[0.2, 0.8]], random=np.random.RandomState(5)).tolist() == [[1.0, 1.0]]
    assert 0 < sigmoid(np.array(-1e9)) < 1e-200
