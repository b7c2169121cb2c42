"""Damaged pickles: reading any file ends quickly, with a network or one type of error."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.describe import describe
from pybrain_runtime.loading.pickle.reader import PickleReader
from pybrain_runtime.loading.search import find_network

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[1] / "fixtures"
SEEDS = [
    path.read_bytes()
    for path in (
        FIXTURES / "default/course/currentSolution.pkl",
        FIXTURES / "networks/man_sliced/net.p0.pkl",
        FIXTURES / "networks/rnn_bn_lstm_peep/net.p2.pkl",
        FIXTURES / "networks/man_shared2/net.p4.pkl",
        FIXTURES / "networks_numpy2/bn_4_8_2/net.p5.pkl",
        FIXTURES / "networks_py27/man_gatelayer/net.p0.pkl",
        FIXTURES / "objects/trainer_rprop.p2.pkl",
        FIXTURES / "objects/wrap_dict.p2.pkl",
    )
]
TIGHT = Limits(opcodes=200_000, array_elements=1 << 20, units=10_000, seconds=5.0)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check_no_crash(data: bytes) -> None:
    """Read, describe and run a file; any error but a KnowledgeError fails the test."""
    try:
        network, _ = find_network(PickleReader(data, "fuzz.pkl", TIGHT).read(), "fuzz.pkl")
        description = describe(network, "fuzz.pkl", TIGHT)
        plan = CompiledNetwork(description)
    except KnowledgeError as error:
        assert "fuzz.pkl" in str(error) or "cannot be run" in str(error)
        return
    assert plan.run(np.zeros((2, plan.indim))).shape == (2, plan.outdim)


@QUICK
@given(
    st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), min_size=1, max_size=4)
)
def test_flipped_bits_give_a_network_or_one_error_type(seed: bytes, flips: list[tuple[float, int]]) -> None:
    data = bytearray(seed)
    for place, bit in flips:
        data[int(place * (len(data) - 1))] ^= 1 << bit
    check_no_crash(bytes(data))


@QUICK
@given(st.sampled_from(SEEDS), st.floats(0, 1), st.binary(max_size=12), st.integers(0, 12))
def test_inserted_and_deleted_bytes_give_a_network_or_one_error_type(
    seed: bytes, place: float, extra: bytes, gone: int
) -> None:
    cut = int(place * len(seed))
    check_no_crash(seed[:cut] + extra + seed[cut + gone :])


@QUICK
@given(st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.floats(0, 1), st.floats(0, 1))
def test_joined_halves_of_two_files_give_a_network_or_one_error_type(
    one: bytes, other: bytes, first: float, second: float
) -> None:
    check_no_crash(one[: int(first * len(one))] + other[int(second * len(other)) :])


@QUICK
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x80\x02", b"\x80\x04", b"\x80\x05"]))
def test_random_bytes_give_a_network_or_one_error_type(noise: bytes, start: bytes) -> None:
    check_no_crash(start + noise + b".")


@QUICK
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text() | st.integers(0, 9), inner) | st.tuples(inner)
        ),
        max_leaves=20,
    ),
    st.integers(0, 5),
)
def test_values_pickled_by_python_are_read(value: object, protocol: int) -> None:
    found = PickleReader(pickle.dumps(value, protocol), "plain.pkl").read()
    assert pickle.dumps(found, 4) == pickle.dumps(value, 4) or repr(found) == repr(value)


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_every_truncation_is_reported_as_truncated(seed: int) -> None:
    data = SEEDS[seed]
    for size in range(0, len(data), 7):
        with pytest.raises(KnowledgeError, match=r"fuzz\.pkl is "):
            PickleReader(data[:size], "fuzz.pkl", TIGHT).read()
