"""`--pick`: one of several networks in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Drive = Callable[..., Any]


@pytest.fixture
def objects(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder with the recorded objects; the working directory has rows for them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("0.3,-0.7\n")
    return fixtures / "objects"


def test_inspect_lists_the_networks_and_the_option(drive: Drive, objects: Path) -> None:
    file = str(objects / "wrap_ensemble.p2.pkl")
    seen = drive("inspect", file)
    assert seen.status == 65
    assert "  networks     0, 1, 2; choose one with --pick\n" in seen.out
    assert seen.err.endswith("Or choose one with --pick 0.\n")
    assert drive("inspect", file, "--json").json["choices"] == ["0", "1", "2"]
    assert "verdict      safe" in drive("inspect", file, "--pick", "2").out


def test_activate_and_convert_use_the_picked_network(drive: Drive, objects: Path, tmp_path: Path) -> None:
    file = str(objects / "wrap_ensemble.p2.pkl")
    seen = drive("activate", file, "rows.csv", "--pick", "1", "-o", "one.csv")
    assert seen.status == 0 and "one.csv" in seen.out
    assert float((tmp_path / "one.csv").read_text().split(",")[-1]) == pytest.approx(-0.4035014368945372)
    assert json.loads((tmp_path / "one.json").read_text())["knowledge"]["picked"] == "1"
    assert drive("convert", file, "--to", "pkl", "--pick", "1", "--output", "one.pkl").status == 0
    assert drive("activate", "one.pkl", "rows.csv", "-o", "again.csv").status == 0
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "one.csv").read_text()


def test_the_stages_show_the_command_that_extracts_the_network(drive: Drive, objects: Path) -> None:
    seen = drive("prepare", "--model", str(objects / "trainer_rprop.p2.pkl"))
    assert seen.status == 65
    assert "python App07.py convert FILE --to pkl --pick module --output NEW.pkl" in seen.err
