"""Several threads use one network, and several users have separate sequences."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

from pybrain.structure import (
    FeedForwardNetwork,
    FullConnection,
    LinearLayer,
    LSTMLayer,
    MDLSTMLayer,
    RecurrentNetwork,
    TanhLayer,
)
from pybrain.structure.networks.custom.capturegame import CaptureGameNetwork
from pybrain.structure.networks.multidimensional import MultiDimensionalLSTM
from pybrain.tools.shortcuts import buildNetwork

THREADS = 6


@pytest.fixture(autouse=True)
def frequent_switches():
    """Switch threads often enough to reveal shared intermediate values."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def run_in_threads(work):
    """Run ``work(k)`` in several concurrent threads and return the errors."""
    wrong, start = [], threading.Barrier(THREADS)

    def run(k):
        try:
            start.wait()
            work(k)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def with_lstm():
    net = FeedForwardNetwork()
    a, b, c = LinearLayer(2), LSTMLayer(2, peepholes=True), MDLSTMLayer(1, dimensions=1, peepholes=True)
    net.addInputModule(a)
    net.addModule(b)
    net.addOutputModule(c)
    net.addConnection(FullConnection(a, b))
    net.addConnection(FullConnection(b, c))
    net.sortModules()
    return net


def with_nested():
    net = FeedForwardNetwork()
    a, b, c = LinearLayer(2), buildNetwork(3, 4, 2, hiddenclass=TanhLayer), LinearLayer(2)
    net.addInputModule(a)
    net.addModule(b)
    net.addOutputModule(c)
    net.addConnection(FullConnection(a, b))
    net.addConnection(FullConnection(b, c))
    net.sortModules()
    return net


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda: buildNetwork(4, 8, 2),
        lambda: CaptureGameNetwork(size=2, hsize=1),
        lambda: MultiDimensionalLSTM((2,), hsize=1),
        with_lstm,
        with_nested,
    ],
    ids=["built", "capture game", "multidimensional lstm", "lstm", "nested"],
)
def test_concurrent_threads_get_the_outputs_for_their_own_inputs(make):
    net = make()
    rows = np.random.RandomState(1).normal(size=(THREADS, net.indim))
    wanted = [net.activate(row) for row in rows]

    def work(k):
        for _ in range(150):
            np.testing.assert_array_equal(net.activate(rows[k]), wanted[k])

    assert not run_in_threads(work)


def recurrent_with_nested():
    net = RecurrentNetwork()
    a, b, c = LinearLayer(2), buildNetwork(2, 3, 2), LinearLayer(1)
    net.addInputModule(a)
    net.addModule(b)
    net.addOutputModule(c)
    net.addConnection(FullConnection(a, b))
    net.addConnection(FullConnection(b, c))
    net.addRecurrentConnection(FullConnection(b, b))
    net.sortModules()
    return net


RECURRENT = {
    "elman": lambda: buildNetwork(2, 3, 1, selfrecurrent=True),
    "lstm": lambda: buildNetwork(2, 3, 1, hiddenclass=LSTMLayer, peepholes=True),
    "nested": recurrent_with_nested,
}


@pytest.mark.parametrize("make", RECURRENT.values(), ids=RECURRENT.keys())
def test_sessions_of_one_network_are_independent(make):
    net = make()
    sequences = np.random.RandomState(1).normal(size=(THREADS, 6, 2))
    wanted = []
    for sequence in sequences:
        net.reset()
        wanted.append([net.activate(row) for row in sequence])

    def work(k):
        session = net.session()
        for _ in range(5):
            np.testing.assert_array_equal(session.activateSequence(sequences[k]), wanted[k])

    assert not run_in_threads(work)


@pytest.mark.parametrize("make", RECURRENT.values(), ids=RECURRENT.keys())
def test_sessions_use_trained_parameters(make):
    net = make()
    session = net.session()
    session.activate([1, 2])
    session.reset()
    net.params[:] = np.linspace(-1, 1, net.paramdim)
    net.reset()
    for row in ([1, 2], [3, 4]):
        np.testing.assert_array_equal(session.activate(row), net.activate(row))


def test_a_session_does_not_change_the_network_state():
    net = buildNetwork(1, 2, 1, selfrecurrent=True)
    net.activate([1])
    net.session().activate([1])
    assert net.offset == 1
