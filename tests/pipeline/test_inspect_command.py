"""`App07.py inspect`: text and JSON output."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from common.project import Layout

Drive = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working directory."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_a_network_is_shown_as_tables(drive: Drive, fixtures: Path, folder: Path) -> None:
    shutil.copy(fixtures / "networks" / "rnn_bn_lstm_peep" / "net.p2.pkl", folder / "net.pkl")
    seen = drive("inspect", "net.pkl")
    assert (seen.status, seen.err) == (0, "")
    lines = seen.out.splitlines()
    assert lines[0] == "net.pkl"
    assert "  what it is   pickle protocol 2" in lines
    assert "  verdict      safe: read without executing anything; it can run inference" in lines
    assert "  network      RecurrentNetwork 'RecurrentNetwork-9'" in lines
    assert "               2 inputs, 1 output, 85 parameters" in lines
    assert "               recurrent: the rows are the steps of a sequence" in lines
    assert "  card         none beside it: inputs are not scaled, and have no names" in lines
    assert "    hidden0  LSTMLayer        12        3           9  peepholes True" in lines
    assert "    hidden0  hidden0  FullConnection          36  to the next time step" in lines
    assert "    pybrain.structure.modules.lstm.LSTMLayer" in lines


def test_the_card_is_shown_if_it_matches_the_network(drive: Drive, checkout: Layout) -> None:
    seen = drive("inspect", str(checkout.models / "iris.pkl"))
    assert seen.status == 0
    assert "iris.card.json, which matches the network" in " ".join(seen.out.split())
    assert "classes: setosa, versicolor, virginica" in seen.out
    assert "sepal_length (cm)" in seen.out


def test_slices_shared_parameters_and_nested_networks_are_shown(drive: Drive, fixtures: Path) -> None:
    networks = fixtures / "networks"
    sliced = drive("inspect", str(networks / "man_sliced" / "net.p2.pkl")).out
    assert "    i[1:4]  h[2:5]  FullConnection               9" in sliced.splitlines()
    shared = drive("inspect", str(networks / "man_shared" / "net.p2.pkl")).out
    assert "those of mc" in shared
    assert "    mc             2            2" in shared.splitlines()
    nested = drive("inspect", str(networks / "man_nested_ffn" / "net.p2.pkl")).out
    assert "  layers inside 'sub'" in nested.splitlines()


def test_long_lists_are_shortened_in_text_and_complete_in_json(drive: Drive, fixtures: Path) -> None:
    path = str(fixtures / "networks" / "man_mdlstm_net" / "net.p2.pkl")
    count = len(drive("inspect", path, "--json").json["network"]["connections"])
    assert count > 60
    assert f"    ... and {count - 60} more; --json lists all" in drive("inspect", path).out.splitlines()


def test_json_contains_the_complete_inspection(drive: Drive, fixtures: Path) -> None:
    seen = drive("inspect", str(fixtures / "networks" / "man_sliced" / "net.p0.pkl"), "--json")
    facts = seen.json
    assert (facts["status"], facts["verdict"], facts["usable"]) == (0, "safe", True)
    assert (facts["format"], facts["packing"], facts["card"]) == ("pickle protocol 0", None, None)
    network = facts["network"]
    assert (network["inputs"], network["outputs"], network["parameters"]) == (5, 3, 23)
    assert network["layers"][0] == {
        "name": "i", "kind": "LinearLayer", "inputs": 5, "outputs": 5, "parameters": 0,
        "takes_input": True, "gives_output": False, "options": {}, "network": None,
    }  # fmt: skip
    assert {
        "name": "s", "kind": "FullConnection", "from": "i", "to": "h", "from_place": 0, "to_place": 1,
        "from_slice": [1, 4], "to_slice": [2, 5], "parameters": 9, "mother": None, "recurrent": False,
    } in network["connections"]  # fmt: skip


def test_companions_of_the_network_are_shown(drive: Drive, fixtures: Path) -> None:
    path = str(fixtures / "objects" / "wrap_dict.p2.pkl")
    said = drive("inspect", path).out
    assert "mean = [1. 2.]; std = [3. 4.]; features.0 = a" in said
    assert (
        "not used: mean, std. To use them: --scale-inputs mean,std (activate), or the variables"
        in " ".join(said.split())
    )
    facts = drive("inspect", path, "--json").json
    assert facts["scaling"] == {"names": ["mean", "std"], "inputs": "mean,std", "outputs": None}
    beside = drive("inspect", path, "--json").json["companions"]
    assert beside["mean"] == {"shape": [2], "values": [1.0, 2.0]} and beside["n"] == 3


def test_long_text_of_companions_is_shortened(drive: Drive, fixtures: Path, folder: Path) -> None:
    network = (fixtures / "networks" / "bn_1_1" / "net.p2.pkl").read_bytes()
    size = (100_000).to_bytes(4, "little")
    note = b"U\x04noteX" + size + b"a" * 100_000 + b"U\x03rawB" + size + b"\0" * 100_000
    many = b"".join(b"U\x04k%03dK\x01" % place for place in range(30))
    (folder / "net.pkl").write_bytes(b"\x80\x02}(U\x03net" + network[2:-1] + note + many + b"u.")
    out = drive("inspect", "net.pkl").out
    assert "note =" in out and "a" * 40 in out and "and 20 more" in out and len(out) < 5_000
    assert drive("inspect", "net.pkl", "--json").json["companions"]["note"] == {
        "type": "str",
        "length": 100_000,
    }


def test_a_refused_file_is_described_and_exits_with_65(drive: Drive, folder: Path) -> None:
    (folder / "net.pkl").write_bytes(b"cposix\nsystem\n(S'touch touched'\ntR.")
    seen = drive("inspect", "net.pkl")
    assert seen.status == 65
    assert "  verdict      refused: it refers to names that no network needs; nothing was executed" in [
        " ".join(line.split("\n")) for line in seen.out.replace("\n" + " " * 15, " ").splitlines()
    ]
    assert "    posix.system" in seen.out.splitlines()
    assert seen.err == (
        "✗ net.pkl refers to posix.system, which is not on the allow-list; the file was not executed.\n"
    )
    assert [path.name for path in folder.iterdir()] == ["net.pkl"]


def test_json_contains_the_reason_of_a_refusal(drive: Drive, folder: Path) -> None:
    (folder / "net.pkl").write_bytes(b"cposix\nsystem\n(S'touch touched'\ntR.")
    facts = drive("inspect", "net.pkl", "--json").json
    assert (facts["status"], facts["verdict"], facts["usable"]) == (65, "refused", False)
    assert facts["names"] == ["posix.system"]
    assert facts["reason"] in facts["error"]
    assert len(facts["sha256"]) == 64


def test_a_data_set_is_recognized_as_one(drive: Drive, fixtures: Path) -> None:
    seen = drive("inspect", str(fixtures / "objects" / "ds_supervised.p2.pkl"))
    assert seen.status == 65
    assert "holds a SupervisedDataSet of 4 rows, which is a data set, not a network." in seen.err


def test_a_missing_input_file_exits_with_66(drive: Drive, folder: Path) -> None:
    seen = drive("inspect", "net.pkl")
    assert (seen.status, seen.out) == (66, "")
    assert seen.err.startswith("✗ The knowledge file net.pkl was not found.")


def test_a_card_that_does_not_match_exits_with_65_and_the_network_is_shown(
    drive: Drive, fixtures: Path, folder: Path
) -> None:
    shutil.copy(fixtures / "default" / "course" / "currentSolution.pkl", folder / "net.pkl")
    shutil.copy(fixtures / "default" / "iris" / "currentSolution.card.json", folder / "net.card.json")
    seen = drive("inspect", "net.pkl")
    assert seen.status == 65
    assert "  card         cannot be used: net.card.json lists 4 inputs" in seen.out
    assert "  layers" in seen.out.splitlines()
    facts = drive("inspect", "net.pkl", "--json").json
    assert (facts["verdict"], facts["usable"], facts["card"]["fits"]) == ("safe", False, False)


def test_a_missing_card_exits_with_66(drive: Drive, fixtures: Path, folder: Path) -> None:
    shutil.copy(fixtures / "default" / "course" / "currentSolution.pkl", folder / "net.pkl")
    seen = drive("inspect", "net.pkl", "--card", "other.json")
    assert seen.status == 66
    assert "✗ The card file other.json was not found." in seen.err


def test_the_pinned_hash_is_compared(drive: Drive, checkout: Layout) -> None:
    path = str(checkout.models / "iris.pkl")
    right = drive("inspect", path, "--json").json["sha256"]
    assert drive("inspect", path, "--sha256", right.upper()).status == 0
    wrong = drive("inspect", path, "--sha256", "0" * 64)
    assert wrong.status == 65
    assert f"does not have the expected SHA-256: expected {'0' * 64}, got {right}" in wrong.err
    assert drive("inspect", path, "--sha256", "12").status == 2


def test_the_conversion_of_an_image_to_inputs_is_shown(drive: Drive, checkout: Layout) -> None:
    path = str(checkout.models / "digits.pkl")
    shown = " ".join(drive("inspect", path).out.split())
    assert (
        "image: 8 x 8 pixels, grey from 0 (black) to 16 (white), stretch, inverted if its border is bright"
        in shown
    )
    assert drive("inspect", path, "--json").json["card"]["image"]["size"] == [8, 8]
    assert drive("inspect", str(checkout.models / "iris.pkl"), "--json").json["card"]["image"] is None


def test_the_drawing_is_written_to_the_working_directory(
    drive: Drive, checkout: Layout, folder: Path
) -> None:
    seen = drive("inspect", str(checkout.models / "iris.pkl"), "--drawing", "net.svg")
    assert seen.status == 0 and "  drawing      net.svg" in seen.out.splitlines()
    assert ElementTree.parse(folder / "net.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"
    again = drive("inspect", str(checkout.models / "course.pkl"), "--drawing", "net.svg", "--json")
    assert again.json["drawing"] == "net.svg"


def test_a_drawing_replaces_only_an_earlier_drawing(drive: Drive, checkout: Layout, folder: Path) -> None:
    shutil.copy(checkout.models / "iris.pkl", folder / "net.pkl")
    seen = drive("inspect", "net.pkl", "--drawing", "net.pkl")
    assert seen.status == 2
    assert seen.err == "✗ --drawing net.pkl: the drawing is SVG; the name must end in .svg\n"
    assert (folder / "net.pkl").read_bytes() == (checkout.models / "iris.pkl").read_bytes()


def test_a_drawing_never_replaces_an_input_or_an_irregular_file(
    drive: Drive, checkout: Layout, folder: Path
) -> None:
    shutil.copy(checkout.models / "iris.pkl", folder / "net.svg")
    shutil.copy(checkout.models / "iris.card.json", folder / "card.svg")
    (folder / "hard.svg").hardlink_to(folder / "net.svg")
    os.mkfifo(folder / "pipe.svg")
    (folder / "link.svg").symlink_to("card.svg")
    for name, status, said in (
        ("net.svg", 2, "✗ --drawing net.svg would overwrite the input file net.svg\n"),
        ("hard.svg", 2, "✗ --drawing hard.svg would overwrite the input file net.svg\n"),
        ("card.svg", 2, "✗ --drawing card.svg would overwrite the input file card.svg\n"),
        ("pipe.svg", 73, "✗ pipe.svg cannot be written: it is a named pipe.\n"),
        ("link.svg", 2, "✗ --drawing link.svg would overwrite the input file card.svg\n"),
    ):
        seen = drive("inspect", "net.svg", "--card", "card.svg", "--drawing", name)
        assert seen.status == status and seen.err.startswith(said), seen.err
    assert (folder / "net.svg").read_bytes() == (checkout.models / "iris.pkl").read_bytes()
    assert (folder / "card.svg").read_bytes() == (checkout.models / "iris.card.json").read_bytes()


def test_a_refused_file_is_not_drawn(drive: Drive, folder: Path) -> None:
    (folder / "net.pkl").write_bytes(b"cposix\nsystem\n(S'id'\ntR.")
    seen = drive("inspect", "net.pkl", "--drawing", "net.svg")
    assert (
        seen.status == 65 and "  drawing      none, because the file is not usable" in seen.out.splitlines()
    )
    assert [path.name for path in folder.iterdir()] == ["net.pkl"]


def test_a_drawing_that_cannot_be_written_exits_with_73(drive: Drive, checkout: Layout, folder: Path) -> None:
    (folder / "file").write_text("", encoding="utf-8")
    seen = drive("inspect", str(checkout.models / "iris.pkl"), "--drawing", "file/net.svg")
    assert seen.status == 73 and "net.svg cannot be written" in seen.err


def test_names_from_a_file_are_escaped_for_the_terminal(drive: Drive, folder: Path) -> None:
    import pickle

    from pybrain.tools.shortcuts import buildNetwork

    network = buildNetwork(1, 1)
    network["in"].name = "\x1b[31mred\x1b]0;title\x07"
    (folder / "net.pkl").write_bytes(pickle.dumps({"net": network, "note\x1b[2J": "\x9b31m"}))
    seen = drive("inspect", "net.pkl")
    assert seen.status == 0
    assert not any(c in seen.out for c in "\x1b\x07\x9b")
    assert "\\x1b[31mred" in seen.out
    assert json.loads(drive("inspect", "net.pkl", "--json").out)["network"]["layers"]
