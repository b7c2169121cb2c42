"""`App07.py convert`: text and JSON output."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.project import PROJECT
from pipeline.cli import parse
from pybrain_runtime import load_knowledge
from pybrain_runtime.convert import TARGETS

Drive = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with the default network and its card."""
    here = tmp_path / "here"
    here.mkdir()
    for ending in ("pkl", "card.json"):
        shutil.copy(fixtures / "default" / "iris" / f"currentSolution.{ending}", here / f"iris.{ending}")
    monkeypatch.chdir(here)
    return here


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_command_line_offers_every_format(folder: Path) -> None:
    for name in TARGETS:
        assert parse(["convert", "iris.pkl", "--to", name]).to == name


@pytest.mark.parametrize("target", ["pkl", "xml", "onnx", "npz"])
def test_the_output_reports_the_written_file_and_the_agreement(
    target: str, drive: Drive, folder: Path
) -> None:
    seen = drive("convert", "iris.pkl", "--to", target, "--output", f"flower.{target}")
    assert (seen.status, seen.err) == (0, "")
    lines = seen.out.splitlines()
    assert lines[0] == "  read         iris.pkl (pickle protocol 4)"
    assert lines[1] == "               FeedForwardNetwork, 4 inputs, 3 outputs, 51 parameters"
    assert lines[2].startswith("  checked      256 random rows, predicted by ")
    assert lines[3].startswith("               in float64: largest difference ")
    assert lines[3].endswith(", tolerance 1e-12")
    size = (folder / f"flower.{target}").stat().st_size
    assert lines[4] == f"  written      flower.{target} ({size:,} bytes)"
    assert lines[6] == "  card         flower.card.json"
    assert names(folder) == {"iris.pkl", "iris.card.json", f"flower.{target}", "flower.card.json"}


def test_json_prints_the_conversion_report(drive: Drive, folder: Path) -> None:
    result = drive("convert", "iris.pkl", "--to", "npz", "--json").json
    assert result["status"] == 0
    assert result["target"]["path"] == "iris.npz" and result["target"]["format"] == "npz"
    assert result["target"]["sha256"] == load_knowledge(folder / "iris.npz").sha256
    assert result["source"]["sha256"] == load_knowledge(folder / "iris.pkl").sha256
    assert result["agreement"] == {
        "rows": 256, "difference": 0.0, "tolerance": 1e-12, "precision": "float64",
        "by": "the file, read back",
    }  # fmt: skip
    assert (result["card"], result["notes"]) == ("iris.card.json", [])


def test_single_precision_reports_its_tolerance(drive: Drive, folder: Path) -> None:
    seen = drive("convert", "iris.pkl", "--to", "onnx", "--precision", "float32")
    assert "in float32: largest difference " in seen.out and "tolerance 1e-04" in seen.out


def test_lost_information_is_reported(drive: Drive, fixtures: Path, folder: Path) -> None:
    path = str(fixtures / "networks" / "rnn_midsequence" / "net.p2.pkl")
    seen = drive("convert", path, "--to", "xml", "--output", "net.xml")
    assert seen.out.splitlines()[-1] == (
        "  note         the network was saved after step 5 of a sequence; the new file starts a new sequence"
    )


def test_an_existing_file_is_not_overwritten(drive: Drive, folder: Path) -> None:
    (folder / "iris.xml").write_text("mine", encoding="utf-8")
    seen = drive("convert", "iris.pkl", "--to", "xml")
    assert (seen.status, seen.out) == (73, "")
    assert seen.err == (
        "✗ iris.xml already exists, and is not overwritten.\n"
        "  Choose another file with --output, or allow it with --force.\n"
    )
    assert (folder / "iris.xml").read_text(encoding="utf-8") == "mine"
    assert drive("convert", "iris.pkl", "--to", "xml", "--force").status == 0
    assert load_knowledge(folder / "iris.xml").format == "xml"


@pytest.mark.parametrize("target", ["pkl", "xml", "onnx", "npz"])
def test_a_refused_file_exits_with_65_and_writes_nothing(target: str, drive: Drive, folder: Path) -> None:
    (folder / "evil.pkl").write_bytes(b"cposix\nsystem\n(S'touch touched'\ntR.")
    before = names(folder)
    seen = drive("convert", "evil.pkl", "--to", target, "--output", f"out.{target}")
    assert (seen.status, seen.out) == (65, "")
    assert "evil.pkl refers to posix.system" in seen.err
    assert names(folder) == before


def test_a_layer_without_a_counterpart_exits_with_65(drive: Drive, fixtures: Path, folder: Path) -> None:
    before = names(folder)
    path = str(fixtures / "networks" / "man_gaussian_enabled" / "net.p2.pkl")
    seen = drive("convert", path, "--to", "onnx", "--output", "net.onnx")
    assert seen.status == 65
    assert seen.err == (
        "✗ The GaussianLayer 'g' cannot be written as ONNX: it draws its outputs at random, "
        "which differ between programs.\n"
    )
    assert names(folder) == before


def test_a_missing_input_file_exits_with_66(drive: Drive, folder: Path) -> None:
    assert drive("convert", "missing.pkl", "--to", "xml").status == 66


def test_missing_packages_exit_with_69_and_one_line_of_advice(
    drive: Drive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, package, None)
    seen = drive("convert", "iris.pkl", "--to", "onnx")
    assert (seen.status, seen.out) == (69, "")
    assert seen.err == (
        "✗ Writing onnx needs onnx and onnxruntime, which are not installed.\n"
        f"  Install with: {sys.executable} -m pip install -r {PROJECT.root}/requirements/onnx.lock\n"
    )
    assert names(folder) == {"iris.pkl", "iris.card.json"}


@pytest.mark.parametrize("words", [["--to", "h5"], [], ["--to", "npz", "--precision", "float16"]])
def test_wrong_usage_ends_with_2(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["convert", "iris.pkl", *words])
    assert ended.value.code == 2
    assert "usage: " in capsys.readouterr().err


def test_single_precision_is_only_for_onnx_models(drive: Drive, folder: Path) -> None:
    seen = drive("convert", "iris.pkl", "--to", "npz", "--precision", "float32")
    assert (seen.status, seen.err) == (
        2,
        "✗ The format npz does not support precision 'float32'; expected float64.\n",
    )
