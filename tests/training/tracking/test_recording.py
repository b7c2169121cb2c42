"""Every training writes a record: parameters, errors of all epochs, results; also one that fails or is resumed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.training.runs import IRIS, Recorder, command, created, files
from training.errors import Diverged, OptionError
from training.option_sources import resolve
from training.tracking.advice import send_later
from training.tracking.launch import Sender
from training.tracking.record_file import Model, Recorded, read_record


def recorded(out: Path) -> Recorded:
    return read_record(out / "tracking" / "record.jsonl")


def steps(found: Recorded, key: str) -> list[int]:
    return [point.step for point in found.points if point.key == key]


def test_a_training_run_records_parameters_errors_and_results(tmp_path: Path) -> None:
    outcome = created(IRIS, tmp_path, epochs=20, register="flowers", alias="champion", experiment="lab/4 ü")
    found = recorded(tmp_path)
    assert (found.status, found.experiment, found.name) == ("FINISHED", "lab/4 ü", "currentLearning")
    assert (found.params["epochs"], found.params["hidden"], found.params["target"]) == ("20", "8", "species")
    assert found.tags["scenario"] == "create"
    assert found.tags["rows_sha256"] == outcome.plan.table.sha256
    history = (tmp_path / "history.csv").read_text().splitlines()[1:]
    errors = {point.step: point.value for point in found.points if point.key == "validation_error"}
    assert errors == {int(line.split(",")[0]): float(line.split(",")[2]) for line in history}
    accuracy = json.loads((tmp_path / "metrics.json").read_bytes())["test"]["accuracy"]
    assert [point.value for point in found.points if point.key == "test_accuracy"] == [accuracy]
    assert found.artifacts.keys() == set(outcome.files)
    assert found.model == Model("currentSolution.pkl", "flowers", "champion")


def test_a_link_in_place_of_the_folder_of_the_record_is_not_followed(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (out / "tracking").symlink_to(elsewhere)
    recorder = Recorder()
    assert "currentSolution.pkl" in created(IRIS, out, recorder, epochs=2).files
    assert list(elsewhere.iterdir()) == []
    assert len(recorder.notes) == 1
    assert "tracking is a symbolic link" in recorder.notes[0]
    assert "no longer recorded" in recorder.notes[0]


@pytest.mark.slow
def test_a_partly_installed_client_is_reported(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "out", epochs=2)
    client = tmp_path / "client"
    (client / "mlflow").mkdir(parents=True)
    for module in ("requests.py", "mlflow/__init__.py", "mlflow/models.py"):
        (client / module).touch()
    ended = subprocess.run(
        [sys.executable, "-m", "training.tracking.send", str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": str(client), "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 69, ended.stderr
    assert "MLflow's client is only partly installed" in json.loads(ended.stdout)["text"]
    assert "Traceback" not in ended.stderr


def test_the_name_in_models_is_the_registered_name(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2, name="iris")
    assert recorded(tmp_path).model == Model("currentSolution.pkl", "iris", None)


def test_an_interrupted_training_run_is_not_registered_and_resumes_as_the_same_run(tmp_path: Path) -> None:
    created(IRIS, tmp_path, Recorder(stop_after=7), epochs=20, name="iris")
    first = recorded(tmp_path)
    assert (first.status, first.tags["interrupted"]) == ("KILLED", "true")
    assert first.model == Model("currentSolution.pkl", None, None)
    created(IRIS, tmp_path, epochs=20, name="iris", resume=True)
    second = recorded(tmp_path)
    assert (second.key, second.status, second.tags["interrupted"]) == (first.key, "FINISHED", "false")
    assert steps(second, "train_error") == list(range(1, 21))
    assert second.model == Model("currentSolution.pkl", "iris", None)


def test_epochs_not_recorded_by_a_killed_run_are_recorded_when_it_is_resumed(tmp_path: Path) -> None:
    created(IRIS, tmp_path, Recorder(stop_after=7), epochs=20)
    path = tmp_path / "tracking" / "record.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:6]) + '{"metr')  # a kill: some epochs, and a line that is incomplete
    created(IRIS, tmp_path, epochs=20, resume=True)
    assert steps(recorded(tmp_path), "train_error") == list(range(1, 21))


def test_a_new_training_run_in_the_folder_is_recorded_as_another_run(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    first = recorded(tmp_path)
    created(IRIS, tmp_path, epochs=2, resume=True)  # the first one has ended
    assert recorded(tmp_path).key != first.key
    assert steps(recorded(tmp_path), "train_error") == [1, 2]


def test_a_training_run_that_diverges_is_recorded_as_failed(tmp_path: Path) -> None:
    with pytest.raises(Diverged):
        created(IRIS, tmp_path, trainer="backprop", learning_rate=1e6, epochs=50)
    found = recorded(tmp_path)
    assert (found.status, found.model) == ("FAILED", None)
    assert "diverged in epoch" in found.tags["error"]


def test_the_record_does_not_change_the_results(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "one", epochs=5)
    created(IRIS, tmp_path / "two", epochs=5, experiment="other", register="x", alias="y")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_record_that_cannot_be_written_is_noted_and_training_continues(tmp_path: Path) -> None:
    (tmp_path / "tracking").write_text("a file")
    recorder = Recorder()
    outcome = created(IRIS, tmp_path, recorder, epochs=5)
    assert "currentSolution.pkl" in outcome.files
    assert any("no longer recorded for tracking" in note for note in recorder.notes)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ftp://host:21", "must begin with http:// or https://, not ftp:"),
        ("mlflow:5000", "must begin with http:// or https://"),
        ("http://", "tracking_uri has no host"),
        ("http://ho st/", "tracking_uri has no host"),
        ("http://host:port", "tracking_uri is not a valid server URL"),
        ("http://user:secret@host", "contains a user name or password"),
        ("http://host/?token=secret", "has a part after ? or #"),
        ("ftp://user:secret@host", "contains a user name or password"),
    ],
)
def test_a_wrong_address_is_refused_and_no_password_shown(address: str, message: str) -> None:
    for given, environment in (({"tracking_uri": address}, {}), ({}, {"MLFLOW_TRACKING_URI": address})):
        with pytest.raises(OptionError) as caught:
            resolve(given, environment)
        assert message in str(caught.value)
        assert "secret" not in str(caught.value)


def test_names_that_mlflow_refuses_are_refused_before_training() -> None:
    for values, message in (
        ({"experiment": "a\nb"}, "printable characters"),
        ({"experiment": "x" * 501}, "at most 500 characters"),
        ({"register": "a/b"}, "expected a letter or digit"),
        ({"name": "a", "alias": "latest"}, "reserved"),
        ({"name": "a", "alias": "v3"}, "reserved"),
        ({"name": "a", "alias": "a b"}, "expected at most 100 letters"),
        ({"alias": "best"}, "alias requires the name"),
    ):
        with pytest.raises(OptionError, match=message):
            resolve(values, {})


def test_variables_of_mlflow_are_options() -> None:
    environment = {"MLFLOW_TRACKING_URI": "http://mlflow:5000", "MLFLOW_EXPERIMENT_NAME": "lab"}
    options = resolve({}, environment)
    assert (options.tracking_uri, options.experiment) == ("http://mlflow:5000", "lab")
    assert resolve({"experiment": "mine"}, environment).experiment == "mine"
    assert resolve({}, {**environment, "TRAIN_EXPERIMENT": "its"}).experiment == "its"
    assert resolve({}, {"MLFLOW_TRACKING_URI": " "}).tracking_uri == ""


@pytest.mark.slow
def test_training_continues_without_a_server_and_reports_how_to_send_the_run(tmp_path: Path) -> None:
    done = command(
        "train", "--no-plots", "--epochs", "5", "--out", str(tmp_path),
        MLFLOW_TRACKING_URI="http://127.0.0.1:9", TRAIN_TRACKING_WAIT="1",
        APP07_TRACKING_PACKAGES=str(tmp_path),  # nothing is installed
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"python App07.py track --upload {tmp_path}" in done.stdout + done.stderr
    assert recorded(tmp_path).status == "FINISHED"


def test_a_sender_that_cannot_start_or_ends_with_an_error_is_reported(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    assert "could not be started" in Sender(tmp_path, "http://127.0.0.1:9", None).finish(1.0)
    silent = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"], stdin=PIPE, stdout=PIPE)
    assert "exited with status 3" in Sender(tmp_path, "http://127.0.0.1:9", silent).finish(20.0)
    slow = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=PIPE, stdout=PIPE)
    text = Sender(tmp_path, "http://127.0.0.1:9", slow).finish(0.1)
    assert "did not accept everything within 0.1 s" in text and "track --upload" in text
    assert slow.poll() is not None


def test_the_folder_in_a_container_is_reported_with_its_path_on_the_host() -> None:
    assert send_later(Path("/output/training/current")).endswith("track --upload output/training/current")
