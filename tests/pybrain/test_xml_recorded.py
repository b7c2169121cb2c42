"""Files of PyBrain's NetworkWriter are read, and files written here are read back."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from pybrain.tools.customxml import NetworkReader, NetworkWriter

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "networks"
XML = sorted(path.parent for path in FIXTURES.glob("*/net.xml"))
# What the file of PyBrain does not hold: the permutation; that the layer is disabled; that the module is an
# output too; the position in the sequence.
INCOMPLETE = {"man_permutation", "man_gaussian_disabled", "man_in_is_out", "rnn_midsequence"}


def load(folder):
    with (folder / "net.p2.pkl").open("rb") as file:
        return pickle.load(file)


def read_rows(path):
    with path.open(newline="") as file:
        table = list(csv.reader(file))
    return table[0], np.array(table[1:], dtype=float)


def legacy(net):
    """Restore PyBrain's outputs of nested networks, for comparison with the recorded ones."""
    for m in net.modules:
        if hasattr(m, "modules"):
            m.legacyNesting = True
    return net


def answers(net, folder):
    meta = json.loads((folder / "meta.json").read_text())
    header, inputs = read_rows(folder / "inputs.csv")
    sequence = inputs[:, 0] if header[0] == "seq" else None
    inputs = inputs[:, 1:] if header[0] == "seq" else inputs
    if meta["stochastic"]:
        np.random.seed(12345)
    if meta["kind"] == "rnn_continue":
        net.reset()
    found = []
    for i, row in enumerate(inputs):
        if meta["kind"] == "rnn" and (i == 0 or sequence[i] != sequence[i - 1]):
            net.reset()
        found.append(net.activate(row))
    return np.array(found)


def expected(folder):
    header, rows = read_rows(folder / "expected.csv")
    return rows[:, 1:] if header[0] == "seq" else rows


@pytest.mark.parametrize("folder", [f for f in XML if f.name not in INCOMPLETE], ids=lambda f: f.name)
def test_a_file_of_pybrain_is_read_with_the_recorded_outputs(folder):
    net = legacy(NetworkReader.readFrom(folder / "net.xml"))
    np.testing.assert_allclose(answers(net, folder), expected(folder), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("folder", [f for f in XML if f.name not in INCOMPLETE], ids=lambda f: f.name)
def test_parameters_keep_their_positions(folder):
    net = NetworkReader.readFrom(folder / "net.xml")
    assert net.params.tolist() == load(folder).params.tolist()


@pytest.mark.parametrize("folder", XML, ids=lambda f: f.name)
def test_every_network_survives_writing_and_reading(folder, tmp_path):
    net = load(folder)
    NetworkWriter.writeToFile(net, tmp_path / "net.xml")
    again = NetworkReader.readFrom(tmp_path / "net.xml")
    assert type(again) is type(net)
    assert again.params.tolist() == net.params.tolist()
    assert [m.name for m in again.modulesSorted] == [m.name for m in net.modulesSorted]
    if folder.name == "rnn_midsequence":
        net.reset()
    np.testing.assert_array_equal(answers(again, folder), answers(net, folder))


# We write what PyBrain leaves out or cannot read; in the last one, modules got their names after pickling.
DIFFERENT = {"man_permutation", "man_gaussian_disabled", "man_gaussian_enabled", "man_mixturedensity"}
DIFFERENT |= {"man_in_is_out", "man_bidirectional", "odd_names", "rnn_forget", "man_tutorial_2_3_1"}


@pytest.mark.parametrize("folder", [f for f in XML if f.name not in DIFFERENT], ids=lambda f: f.name)
def test_written_files_equal_pybrains_files(folder, tmp_path):
    NetworkWriter.writeToFile(load(folder), tmp_path / "net.xml")
    assert (tmp_path / "net.xml").read_bytes() == (folder / "net.xml").read_bytes()
