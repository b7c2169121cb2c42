"""Every recorded network converts to every format with equal outputs, or is refused with a reason."""

from __future__ import annotations

import json
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain.structure.networks.network import Network
from pybrain.tools.customxml import NetworkReader
from pybrain_runtime import CompiledNetwork, load_knowledge
from pybrain_runtime.convert import TARGETS, convert_file
from pybrain_runtime.errors import KnowledgeError

FIXTURES = Path(__file__).parents[1] / "fixtures"
NETWORKS = sorted(FIXTURES.glob("networks/*/net.p2.pkl"))
OTHER_WRITERS = sorted(FIXTURES.glob("networks_*/*/net.p*.pkl"))
RANDOM = ("man_gaussian_enabled",)

# All that a pickle for PyBrain on NumPy 1 may name besides PyBrain's own classes.
NAMES_OF_ANY_NUMPY = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("__builtin__", "set"),
    ("__builtin__", "bytes"),
    ("_codecs", "encode"),
}


def label(path: Path) -> str:
    return "/".join(path.parts[-3:-1])


def rows_of(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def recorded(folder: Path, plan: CompiledNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Return the outputs of a compiled network for the recorded inputs, and the recorded outputs."""
    meta: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    inputs, expected = rows_of(folder / "inputs.csv"), rows_of(folder / "expected.csv")
    if meta["kind"].startswith("ff"):
        random = np.random.RandomState(12345) if meta.get("stochastic") else None
        return plan.run(inputs, random=random), expected
    cuts = np.flatnonzero(np.diff(inputs[:, 0])) + 1
    resume = meta["kind"] == "rnn_continue"
    parts = [plan.run(part, resume=resume) for part in np.split(inputs[:, 1:], cuts)]
    return np.concatenate(parts), expected[:, 1:]


def plan_of(path: Path, folder: Path) -> CompiledNetwork:
    # The numbers of this one network are PyBrain's defect, which a plan reproduces on request.
    knowledge = load_knowledge(path)
    return (knowledge.with_legacy_nesting() if folder.name == "rnn_nested_ffn" else knowledge).compiled


def names_in(pickled: bytes) -> set[tuple[str, str]]:
    return {
        tuple(argument.split(" ", 1))
        for code, argument, _ in pickletools.genops(pickled)
        if code.name == "GLOBAL"
    }


@pytest.mark.parametrize("target", ["pkl", "xml", "npz"])
@pytest.mark.parametrize("path", NETWORKS, ids=label)
def test_a_converted_network_reproduces_the_recorded_outputs(path: Path, target: str, tmp_path: Path) -> None:
    done = convert_file(path, target, tmp_path / f"net.{target}")
    assert done.agreement.difference <= 1e-12
    if path.parent.name == "rnn_midsequence" and target == "xml":
        assert done.notes == (
            "the network was saved after step 5 of a sequence; the new file starts a new sequence",
        )
        return
    found, expected = recorded(path.parent, plan_of(Path(done.path), path.parent))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("path", OTHER_WRITERS, ids=lambda path: "/".join(path.parts[-3:]))
def test_files_of_other_versions_convert_to_a_pickle_and_back(path: Path, tmp_path: Path) -> None:
    there = convert_file(path, "npz", tmp_path / "net.npz")
    back = convert_file(there.path, "pkl", tmp_path / "net.pkl")
    assert max(there.agreement.difference, back.agreement.difference) == 0.0


@pytest.mark.parametrize("path", NETWORKS, ids=label)
def test_a_converted_pickle_uses_only_names_of_old_pybrain(path: Path, tmp_path: Path) -> None:
    content = Path(convert_file(path, "pkl", tmp_path / "net.pkl").path).read_bytes()
    assert content[:2] == b"\x80\x02"
    others = {name for name in names_in(content) if not name[0].startswith("pybrain.")}
    assert others <= NAMES_OF_ANY_NUMPY
    assert isinstance(pickle.loads(content), Network)  # written by this test a moment ago


@pytest.mark.parametrize("path", NETWORKS, ids=label)
def test_a_converted_xml_file_is_read_by_the_library(path: Path, tmp_path: Path) -> None:
    done = convert_file(path, "xml", tmp_path / "net.xml")
    network = NetworkReader.readFrom(done.path)
    assert network.paramdim == done.knowledge.parameter_count
    if path.parent.name in RANDOM:
        return
    inputs = np.random.default_rng(1).normal(size=(5, network.indim))
    expected = done.knowledge.compiled.run(inputs)
    np.testing.assert_allclose([network.activate(row) for row in inputs], expected, rtol=1e-12, atol=1e-300)


def test_a_pickle_of_a_network_in_mid_sequence_can_be_resumed(tmp_path: Path) -> None:
    folder = FIXTURES / "networks" / "rnn_midsequence"
    done = convert_file(folder / "net.p4.pkl", "pkl", tmp_path / "net.pkl")
    network = pickle.loads(Path(done.path).read_bytes())
    found = [network.activate(row[1:]) for row in rows_of(folder / "inputs.csv")]
    np.testing.assert_allclose(found, rows_of(folder / "expected.csv")[:, 1:], rtol=1e-12)


def test_converting_a_special_network_class_is_reported(tmp_path: Path) -> None:
    path = FIXTURES / "networks" / "man_bidirectional" / "net.p2.pkl"
    assert convert_file(path, "pkl", tmp_path / "a.pkl").notes == (
        "the BidirectionalNetwork becomes a FeedForwardNetwork with the same layers and connections",
    )
    kept = convert_file(path, "npz", tmp_path / "a.npz")
    assert kept.notes == ()
    assert load_knowledge(kept.path).kind == "BidirectionalNetwork"


def test_companions_that_are_not_converted_are_reported(tmp_path: Path) -> None:
    done = convert_file(FIXTURES / "objects" / "wrap_tuple.p2.pkl", "npz", tmp_path / "a.npz")
    assert done.notes == ("other values in the file are not converted: 1.0, 1.1, 2",)


@pytest.mark.parametrize("target", TARGETS)
def test_a_layer_without_a_counterpart_is_reported(target: str, tmp_path: Path) -> None:
    goal = tmp_path / f"a.{target}"
    with pytest.raises(KnowledgeError, match=r"^The EvolinoNetwork 'EvolinoNetwork' cannot be "):
        convert_file(FIXTURES / "objects" / "evolino.p2.pkl", target, goal)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_xml_cannot_represent_is_refused_before_writing(tmp_path: Path) -> None:
    from pybrain.tools.shortcuts import buildNetwork

    network = buildNetwork(1, 1)
    network.name = "bell\x07"
    source = tmp_path / "net.pkl"
    source.write_bytes(pickle.dumps(network))
    with pytest.raises(KnowledgeError) as refused:
        convert_file(source, "xml")
    assert str(refused.value) == (
        "The FeedForwardNetwork 'bell\\x07' cannot be written as XML: its name has characters that are not "
        "allowed in XML.\n  Convert to pkl or npz instead."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["net.pkl"]


def test_the_same_network_gives_the_same_npz_file(tmp_path: Path) -> None:
    path = FIXTURES / "networks" / "man_shared" / "net.p2.pkl"
    one, two = (convert_file(path, "npz", tmp_path / f"{name}.npz") for name in "ab")
    assert one.sha256 == two.sha256


@pytest.mark.slow
def test_a_large_network_is_written_in_a_compact_protocol(tmp_path: Path) -> None:
    from pybrain.tools.shortcuts import buildNetwork

    (tmp_path / "net.pkl").write_bytes(pickle.dumps(buildNetwork(1_000, 1_500, 300), 4))
    done = convert_file(tmp_path / "net.pkl", "pkl", tmp_path / "out.pkl")
    assert Path(done.path).read_bytes()[:2] == b"\x80\x04"
    assert done.notes == (
        "pickle protocol 4 is used, which Python 2 cannot read: with protocol 2 the file would be larger than the "
        "limit for a knowledge file",
    )


def test_a_network_beyond_the_reading_limit_is_not_written() -> None:
    with pytest.raises(KnowledgeError) as refused:
        TARGETS["xml"].check_size(bytes((64 << 20) + 1))
    assert str(refused.value) == (
        "The network takes 67,108,865 bytes as xml; the limit for a knowledge file is 67,108,864 bytes."
        "\n  Convert to npz or onnx instead, which take fewer bytes."
    )
    TARGETS["onnx"].check_size(bytes((64 << 20) + 1))


def test_names_from_a_file_are_escaped(tmp_path: Path) -> None:
    from pybrain.structure import GaussianLayer
    from pybrain.tools.shortcuts import buildNetwork

    network = buildNetwork(1, 1, outclass=GaussianLayer)
    network["out"].name = "\x1b[31mred"
    (tmp_path / "net.pkl").write_bytes(pickle.dumps({"net": network, "note\x1b[2J": 1.0}))
    assert "\x1b" not in "".join(convert_file(tmp_path / "net.pkl", "npz").notes)
    with pytest.raises(KnowledgeError) as refused:
        convert_file(tmp_path / "net.pkl", "onnx")
    assert str(refused.value).startswith("The GaussianLayer '\\x1b[31mred' cannot be written as ONNX")
