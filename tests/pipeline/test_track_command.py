"""`track` reports what is missing: a server, a record, MLflow's client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.runs import IRIS, command, created

URI = "http://127.0.0.1:9"


@pytest.mark.slow
def test_without_a_server_the_message_explains_how_to_name_one(tmp_path: Path) -> None:
    done = command("track", "--upload", str(tmp_path), MLFLOW_TRACKING_URI="")
    assert done.returncode == 2
    assert "No MLflow server is configured." in done.stderr and "--tracking-uri" in done.stderr


@pytest.mark.slow
def test_a_password_in_the_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    done = command("track", "--upload", str(tmp_path), "--tracking-uri", "http://user:secret@host")
    assert done.returncode == 2
    assert "MLFLOW_TRACKING_PASSWORD" in done.stderr and "secret" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_folder_without_a_record_is_an_error(tmp_path: Path) -> None:
    done = command("track", "--upload", str(tmp_path), "--tracking-uri", URI)
    assert done.returncode == 66
    assert "has no record of a training" in done.stderr


@pytest.mark.slow
def test_a_record_that_cannot_be_sent_is_an_error_and_is_kept(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "out", epochs=2)
    record = (tmp_path / "out" / "tracking" / "record.jsonl").read_bytes()
    empty = tmp_path / "packages"
    empty.mkdir()
    done = command(
        "track", "--upload", str(tmp_path / "out"), "--json", MLFLOW_TRACKING_URI=URI,
        APP07_TRACKING_PACKAGES=str(empty),
    )  # fmt: skip
    assert done.returncode == 69
    assert json.loads(done.stdout)["sent"] == {}
    assert "MLflow" in done.stdout + done.stderr  # the client is missing, or, if it is installed, the server
    assert (tmp_path / "out" / "tracking" / "record.jsonl").read_bytes() == record


@pytest.mark.slow
def test_a_damaged_record_is_reported(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    path = tmp_path / "tracking" / "record.jsonl"
    path.write_text("{}\n" + path.read_text()[:40] + "\n")
    done = command(
        "track", "--upload", str(tmp_path), "--tracking-uri", URI, APP07_TRACKING_PACKAGES=str(tmp_path)
    )
    assert done.returncode == 65
    assert "is damaged" in done.stderr
