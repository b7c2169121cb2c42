"""The networks of the benchmarks, and their forward passes written by hand in NumPy."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np

from pybrain.structure import LinearLayer, LSTMLayer, SigmoidLayer, SoftmaxLayer
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime.knowledge import read_network
from pybrain_runtime.network.description import ConnectionDescription, NetworkDescription

Forward = Callable[[np.ndarray], np.ndarray]

SIZES = {
    "1-8-1": (1, 8, 1),
    "4-8-2": (4, 8, 2),
    "64-128-10": (64, 128, 10),
    "784-512-10": (784, 512, 10),
}
"""Layer sizes of the feed-forward networks: sigmoid hidden layers; linear outputs below 10, else softmax."""

LSTM = "LSTM 4-16-2"
COUNTS = {"1-8-1": 200_000, "4-8-2": 200_000, "64-128-10": 40_000, "784-512-10": 8_000, LSTM: 50_000}
"""Rows in a batch of each network."""
STEPS = 50
"""Time steps of each sequence of the LSTM network."""


def pickled(name: str) -> bytes:
    """Return the pickle of the network with a name from the tables, with fixed random parameters.

    The layer of the LSTM network receives the inputs, a bias and its previous outputs.
    """
    if name == LSTM:
        built = buildNetwork(4, 16, 2, hiddenclass=LSTMLayer, recurrent=True)
    else:
        sizes = SIZES[name]
        outclass = LinearLayer if sizes[-1] < 10 else SoftmaxLayer
        built = buildNetwork(*sizes, hiddenclass=SigmoidLayer, outclass=outclass)
    built.params[:] = np.random.default_rng(11).standard_normal(built.paramdim) * 0.3
    return pickle.dumps(built, protocol=2)


def network_named(name: str) -> NetworkDescription:
    """Return the network with a name from the tables."""
    return read_network(pickled(name), "benchmark.pkl").network


def rows_for(network: NetworkDescription, count: int) -> np.ndarray:
    """Return random rows, shape (count, indim), or (sequences, STEPS, indim) for a recurrent network.

    Args:
        network: the network.
        count: number of rows.
    """
    rows = np.random.default_rng(7).standard_normal((count, network.indim))
    return rows.reshape(-1, STEPS, network.indim) if network.recurrent else rows


def by_hand(network: NetworkDescription, dtype: type = np.float64) -> Forward:
    """Return the forward pass of a feed-forward network in NumPy, for a batch of rows.

    Args:
        network: the network.
        dtype: float64 or float32.
    """
    first, one = _weights(network, "in", "hidden0", dtype), _weights(network, "bias", "hidden0", dtype)
    last, two = _weights(network, "hidden0", "out", dtype), _weights(network, "bias", "out", dtype)
    one, two = one.ravel(), two.ravel()
    softmax = any(module.kind == "SoftmaxLayer" for module in network.modules)

    def forward(rows: np.ndarray) -> np.ndarray:
        hidden = 1.0 / (1.0 + np.exp(-(rows @ first.T + one)))
        outputs = hidden @ last.T + two
        if softmax:
            outputs = np.exp(outputs)
            outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    return forward


def lstm_by_hand(network: NetworkDescription) -> Forward:
    """Return the forward pass of the LSTM network in NumPy, for a batch of sequences."""
    first, one = _weights(network, "in", "hidden0"), _weights(network, "bias", "hidden0").ravel()
    last, two = _weights(network, "hidden0", "out"), _weights(network, "bias", "out").ravel()
    back = _weights(network, "hidden0", "hidden0", recurrent=True)
    dim = last.shape[1]

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-x))

    def forward(sequences: np.ndarray) -> np.ndarray:
        outputs = np.empty((*sequences.shape[:2], len(two)))
        hidden = np.zeros((len(sequences), dim))
        state = np.zeros((len(sequences), dim))
        for time in range(sequences.shape[1]):
            x = sequences[:, time] @ first.T + hidden @ back.T + one
            i, f, g, o = (x[:, place * dim : (place + 1) * dim] for place in range(4))
            state = sigmoid(i) * np.tanh(g) + sigmoid(f) * state
            hidden = sigmoid(o) * np.tanh(state)
            outputs[:, time] = hidden @ last.T + two
        return outputs

    return forward


def _weights(
    network: NetworkDescription,
    source: str,
    target: str,
    dtype: type = np.float64,
    *,
    recurrent: bool = False,
) -> np.ndarray:
    names = [module.name for module in network.modules]
    listed = network.recurrent_connections if recurrent else network.connections
    (found,) = (c for c in listed if (names[c.source], names[c.target]) == (source, target))
    return _matrix(found).astype(dtype)


def _matrix(connection: ConnectionDescription) -> np.ndarray:
    assert connection.parameters is not None
    return connection.parameters.reshape(connection.outdim, connection.indim)
