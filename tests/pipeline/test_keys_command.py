"""`keys`: API keys are created, listed and revoked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from access_control.key_file import read_key_file
from access_control.keys import KeyRing
from pipeline.cli import main


def keys(path: Path, *words: str) -> int:
    return main(["keys", *words, "--file", str(path)])


def test_a_key_is_shown_once_and_can_be_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keys.json"
    assert (
        keys(path, "add", "laptop", "--scope", "predict", "--rate", "100/min", "--days", "30", "--json") == 0
    )
    made = json.loads(capsys.readouterr().out)["key"]
    found = KeyRing(read_key_file(path)).find(made, 0.0)
    assert (found.id, found.scopes, str(found.rate)) == ("laptop", {"predict"}, "100/min")
    assert keys(path, "add", "other") == 0
    assert "It is shown only this once" in capsys.readouterr().out
    assert keys(path, "list") == 0
    listed = capsys.readouterr().out
    assert "laptop       predict; 100/min, expires 20" in listed
    assert "other        models, predict; no rate of its own" in listed
    assert made not in listed
    assert keys(path, "revoke", "laptop") == 0
    assert [key.id for key in read_key_file(path)] == ["other"]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["add", "taken"], 2, "A key named taken already exists"),
        (["add"], 2, "'' is not a valid key name"),
        (["add", "../x"], 2, "is not a valid key name"),
        (["add", "new", "--rate", "often"], 2, "--rate: 'often' is not a rate"),
        (["revoke", "unknown"], 66, "There is no key named unknown"),
        (["list", "taken"], 2, "takes no name"),
    ],
)
def test_wrong_usage_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, message: str
) -> None:
    path = tmp_path / "keys.json"
    keys(path, "add", "taken")
    before = path.read_bytes()
    assert keys(path, *words) == status
    assert message in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_missing_or_invalid_file_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys.json"
    assert keys(path, "list") == 66
    path.write_text("broken", "utf-8")
    assert keys(path, "add", "one") == 65
    assert "is not a valid key file" in capsys.readouterr().err
    assert path.read_text("utf-8") == "broken"
