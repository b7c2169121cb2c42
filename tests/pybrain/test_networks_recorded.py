"""Networks written by PyBrain give the outputs that PyBrain computed."""

from __future__ import annotations

import csv
import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

from pybrain.structure.networks.feedforward import FeedForwardNetwork

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
FOLDERS = ("networks", "networks_py27", "networks_numpy2", "networks_pybrain03", "networks_pybrain3")
FILES = sorted(path for folder in FOLDERS for path in (FIXTURES / folder).glob("*/net.p*.pkl"))
BACKWARD = sorted((FIXTURES / "networks").glob("*/backward.json"))


def label(path):
    return f"{path.parent.parent.name}-{path.parent.name}-{path.name}"


def load(path):
    with path.open("rb") as file, warnings.catch_warnings():
        # NumPy 2 warns that protocol 5 files of NumPy 1 name numpy.core.numeric.
        warnings.simplefilter("ignore", DeprecationWarning)
        return pickle.load(file, encoding="latin1")


def rows(path):
    with path.open(newline="") as file:
        table = list(csv.reader(file))
    return table[0], np.array(table[1:], dtype=float)


def outputs_of(net, folder):
    """Return the outputs of the network, computed as meta.json says, and the recorded ones."""
    meta = json.loads((folder / "meta.json").read_text())
    header, inputs = rows(folder / "inputs.csv")
    expected_header, expected = rows(folder / "expected.csv")
    if meta["kind"] == "ff_needs_sort":
        net.sortModules()
    if meta.get("stochastic"):
        np.random.seed(12345)
    sequence = inputs[:, header.index("seq")] if "seq" in header else None
    inputs = inputs[:, [i for i, name in enumerate(header) if name != "seq"]]
    expected = expected[:, [i for i, name in enumerate(expected_header) if name != "seq"]]
    found = []
    for i, row in enumerate(inputs):
        if meta["kind"] == "rnn" and (i == 0 or sequence[i] != sequence[i - 1]):
            net.reset()
        found.append(net.activate(row))
    return np.array(found), expected


def nested(net):
    """Return the feed-forward networks nested in ``net``."""
    return [m for m in net.modules if isinstance(m, FeedForwardNetwork)]


@pytest.mark.parametrize("path", FILES, ids=label)
def test_a_recorded_network_gives_the_recorded_outputs(path):
    net = load(path)
    if path.parent.name == "rnn_nested_ffn":
        for inner in nested(net):
            inner.legacyNesting = True
    found, expected = outputs_of(net, path.parent)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("path", BACKWARD, ids=lambda path: path.parent.name)
def test_errors_and_derivatives_are_the_recorded_ones(path):
    record = json.loads(path.read_text())
    net = load(path.parent / "net.p2.pkl")
    for inner in nested(net):
        inner.legacyNesting = path.parent.name == "rnn_nested_ffn"
    if "cases" in record:
        for case in record["cases"]:
            net.resetDerivatives()
            np.testing.assert_allclose(net.activate(case["x"]), case["y"], rtol=1e-12)
            np.testing.assert_allclose(
                net.backActivate(case["outerr"]), case["inerr"], rtol=1e-10, atol=1e-14
            )
            np.testing.assert_allclose(net.derivs, case["derivs"], rtol=1e-10, atol=1e-14)
    else:
        case = record["sequence"]
        net.reset()
        net.resetDerivatives()
        found = [net.activate(x) for x in case["x"]]
        np.testing.assert_allclose(found, case["y"], rtol=1e-12)
        back = [net.backActivate(e) for e in reversed(case["outerr"])]
        np.testing.assert_allclose(back[::-1], case["inerr"], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(net.derivs, case["derivs"], rtol=1e-10, atol=1e-14)
