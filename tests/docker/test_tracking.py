"""Training runs and an MLflow server in containers: every record is sent, none is lost, and none is sent twice."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.project import PROJECT, Layout
from tests.docker.conftest import COMMANDS
from tests.training.runs import command

# One server for all tests, some of which use the runs of those before them.
pytestmark = pytest.mark.xdist_group("tracking server")

LONG = ("--epochs", "12000", "--patience", "0", "--hidden", "24,24", "--no-plots")
"""Some seconds of training even on a fast machine: it must not end before its first checkpoint, after one second."""


def docker(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done


@dataclass(frozen=True)
class Tracking:
    """A server in a container, and training containers beside it.

    Attributes:
        project: the name of the Compose project, and the tag of the images.
        folder: where the results of the trainings are.
    """

    project: str
    folder: Path

    @property
    def name(self) -> str:
        return f"{self.project}-mlflow-1"

    @property
    def address(self) -> str:
        return docker("port", self.name, "5000").stdout.split()[0]

    @property
    def uri(self) -> str:
        return f"http://{self.address}"

    def wait(self) -> None:
        for _ in range(1500):
            if docker("inspect", "-f", "{{.State.Health.Status}}", self.name).stdout.strip() == "healthy":
                return
            time.sleep(0.2)
        raise AssertionError(docker("logs", self.name).stdout)

    def post(self, path: str, **content: object) -> Any:
        request = urllib.request.Request(
            f"{self.uri}/api/2.0/mlflow/{path}",
            json.dumps(content).encode(),
            {"Content-Type": "application/json"},
        )
        return json.load(urllib.request.urlopen(request, timeout=120))

    def get(self, path: str) -> Any:
        return json.load(urllib.request.urlopen(f"{self.uri}/api/2.0/mlflow/{path}", timeout=120))

    def words(self, *words: str) -> list[str]:
        """Return a command in the training image, as the user that runs the tests."""
        return [
            "docker", "run", "--rm", "--network", f"{self.project}_ml-network", "--user", str(os.getuid()),
            "--read-only", "--tmpfs", "/tmp", "-v", f"{self.folder}:/output",
            "-v", f"{PROJECT.learning_base}:/rows.csv:ro",
            "-e", "MLFLOW_TRACKING_URI=http://mlflow:5000", f"codebase_app07:{self.project}", *words,
        ]  # fmt: skip

    def train(self, name: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.training(name, *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def training(self, name: str, *options: str) -> list[str]:
        return self.words("create", "--data", "/rows.csv", "--out", f"/output/{name}", *options)

    def send(self, name: str) -> subprocess.CompletedProcess[str]:
        words = self.words("python", "-m", "training.tracking.send", f"/output/{name}")
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def make_sure_it_is_sent(self, name: str, output: str) -> None:
        """Send the record if the server was too busy with other tests for the training run to wait for it."""
        if "Sent to MLflow" not in output:
            assert "send it with: python App07.py track --upload" in output, output
            assert any(self.send(name).returncode == 0 for _ in range(5))

    def runs(self, experiment: str) -> list[Any]:
        found = self.get(f"experiments/get-by-name?experiment_name={experiment}")
        number = found["experiment"]["experiment_id"]
        return list(self.post("runs/search", experiment_ids=[number]).get("runs", []))

    def steps(self, run: Any, key: str = "train_error") -> list[int]:
        number = run["info"]["run_id"]
        history = self.get(f"metrics/get-history?run_id={number}&metric_key={key}&max_results=25000")
        return [metric["step"] for metric in history.get("metrics", [])]

    def wait_for_epochs(self, name: str, count: int = 500) -> None:
        """Wait until a training run has recorded this many epochs."""
        record = self.folder / name / "tracking" / "record.jsonl"
        deadline = time.monotonic() + 300
        while not record.exists() or record.read_bytes().count(b"train_error") < count:
            assert time.monotonic() < deadline, "the training has recorded no epochs"
            time.sleep(0.02)

    def wait_for_checkpoint(self, name: str) -> None:
        """Wait until a training run can be resumed; before that, it would start over, as another run."""
        deadline = time.monotonic() + 300
        while not (self.folder / name / ".checkpoint.json").exists():
            assert time.monotonic() < deadline, "the training has written no checkpoint"
            time.sleep(0.02)

    def recorded_steps(self, name: str) -> list[int]:
        lines = (self.folder / name / "tracking" / "record.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [line["step"] for line in found if "train_error" in line.get("metrics", {})]


@pytest.fixture(scope="module")
def tracking(
    docker: None, tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]
) -> Iterator[Tracking]:
    """Start the server as docs/training.md describes; training containers join its network."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    layout = copy_project(tmp_path_factory.mktemp("checkout") / name)
    run("build", "-q", "--target", "training", "-t", f"codebase_app07:{name}", str(PROJECT.code.parent))
    compose(layout, "up", "-d", "--build", "mlflow")
    made = Tracking(name, tmp_path_factory.mktemp("tracking"))
    made.wait()
    yield made
    compose(layout, "down", "--volumes")
    run("image", "rm", "-f", f"tracking_app07:{name}", f"codebase_app07:{name}", check=False)


def compose(layout: Layout, *words: str) -> None:
    command = [*COMMANDS["v2"], "-f", "docker-compose.training.yml", *words]
    environment = os.environ | {"IMAGE_TAG": layout.root.name, "MLFLOW_PORT": "0"}
    done = subprocess.run(
        command, cwd=layout.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


run = docker  # the fixture of this name hides it above


def test_a_plain_up_publishes_the_pages_of_the_server_only_on_this_machine(tracking: Tracking) -> None:
    assert tracking.address.startswith("127.0.0.1:")
    with urllib.request.urlopen(tracking.uri, timeout=120) as page:
        assert page.status == 200
    where = f"label=com.docker.compose.project={tracking.project}"
    assert run("ps", "--filter", where, "--format", "{{.Names}}").stdout.split() == [tracking.name]


def test_run_curves_artifacts_and_model_are_on_the_server(tracking: Tracking) -> None:
    words = ["--register", "iris", "--alias", "champion", "--tracking-wait", "300"]
    done = tracking.train("first", "--experiment", "first", *words)
    assert done.returncode == 0, done.stdout
    assert "Sent to MLflow: http://mlflow:5000/#/experiments/" in done.stdout
    assert "registered as iris version 1" in done.stdout
    (found,) = tracking.runs("first")
    assert found["info"]["status"] == "FINISHED"
    with (tracking.folder / "first" / "history.csv").open() as file:
        assert tracking.steps(found) == [int(row["epoch"]) for row in csv.DictReader(file)]
    params = {one["key"]: one["value"] for one in found["data"]["params"]}
    assert (params["hidden"], params["target"]) == ("8", "species")
    number = found["info"]["run_id"]
    listed = {file["path"] for file in tracking.get(f"artifacts/list?run_id={number}")["files"]}
    assert {
        "currentSolution.pkl",
        "currentSolution.card.json",
        "metrics.json",
        "report.html",
        "plots",
    } <= listed
    plots = {file["path"] for file in tracking.get(f"artifacts/list?run_id={number}&path=plots")["files"]}
    assert {"plots/learning_curve.png", "plots/confusion_matrix.svg"} <= plots


def test_mlflow_predicts_what_activate_writes(tracking: Tracking, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    table = [line.rsplit(",", 1)[0] for line in PROJECT.learning_base.read_text().splitlines()]
    rows.write_text("\n".join(table) + "\n")
    run("cp", str(rows), f"{tracking.name}:/tracking/rows.csv")
    done = run(  # the last digits depend on the kernels of BLAS, which OPENBLAS_CORETYPE may choose
        "exec", "-e", "OPENBLAS_CORETYPE", "-e", "MLFLOW_TRACKING_URI=http://127.0.0.1:5000", tracking.name,
        "mlflow", "models", "predict",
        "-m", "models:/iris@champion", "-i", "/tracking/rows.csv", "-t", "csv", "--env-manager", "local",
    )  # fmt: skip
    predicted = json.loads(done.stdout[done.stdout.index('{"predictions"') :])["predictions"]
    known = {"MLFLOW_TRACKING_URI": tracking.uri}
    outputs = []
    for model in (
        "models:/iris@champion",
        "models:/iris/1",
        str(tracking.folder / "first" / "currentSolution.pkl"),
    ):
        output = tmp_path / "prediction.csv"
        activated = command("activate", model, str(rows), "-o", str(output), **known)
        assert activated.returncode == 0, activated.stderr
        outputs.append(output.read_text())
    assert len(set(outputs)) == 1
    with (tmp_path / "prediction.csv").open() as file:
        expected = list(csv.DictReader(file))
    names = ("setosa", "versicolor", "virginica")
    assert [[row[name] for name in names] for row in predicted] == [
        [float(row[name]) for name in names] for row in expected
    ]
    assert [row["predicted_class"] for row in predicted] == [
        max(names, key=lambda name: float(row[name])) for row in expected
    ]


def test_sending_twice_changes_nothing(tracking: Tracking) -> None:
    (
        tracking.folder / "first" / "tracking" / "sent.json"
    ).unlink()  # only the server knows what it has received
    before = tracking.runs("first")
    done = tracking.send("first")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = tracking.runs("first")
    assert found["info"]["run_id"] == before[0]["info"]["run_id"]
    assert tracking.steps(found) == tracking.recorded_steps("first")
    versions = tracking.get("registered-models/get?name=iris")["registered_model"]["latest_versions"]
    assert [version["version"] for version in versions] == ["1"]


def test_records_that_a_stopped_server_misses_are_sent_later(tracking: Tracking) -> None:
    started = subprocess.Popen(
        tracking.training("second", *LONG, "--experiment", "second", "--tracking-wait", "1"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    tracking.wait_for_epochs("second")
    run("kill", tracking.name)
    try:
        output, _ = started.communicate(timeout=900)  # other tests keep the machine busy
    finally:  # the tests below need the server
        run("start", tracking.name)
        tracking.wait()
    assert started.returncode == 0, output
    assert "python App07.py track --upload" in output
    done = tracking.send("second")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = tracking.runs("second")
    assert found["info"]["status"] == "FINISHED"
    assert tracking.steps(found) == tracking.recorded_steps("second")
    assert tracking.steps(found)[-1] == 12_000


def test_a_killed_and_resumed_training_is_one_run(tracking: Tracking) -> None:
    started = subprocess.Popen(
        tracking.training("third", *LONG, "--experiment", "third", "--tracking-wait", "300"),
        stdout=subprocess.PIPE,
    )
    tracking.wait_for_epochs("third")
    tracking.wait_for_checkpoint("third")
    container = run("ps", "-q", "--filter", f"ancestor=codebase_app07:{tracking.project}").stdout.split()
    run("kill", *container)
    started.communicate(timeout=300)
    assert started.returncode == 137
    words = ["--experiment", "third", "--tracking-wait", "300", "--resume"]
    done = tracking.train("third", *LONG, *words)
    assert done.returncode == 0, done.stdout
    tracking.make_sure_it_is_sent("third", done.stdout)
    (found,) = tracking.runs("third")
    assert found["info"]["status"] == "FINISHED"
    assert tracking.steps(found) == [*range(1, 5_001), *range(5_010, 12_001, 10)]


def test_a_wrong_address_is_reported_and_training_continues(tracking: Tracking) -> None:
    for address, message in (
        ("http://nowhere.invalid:5000", "track --upload"),
        (f"http://{tracking.name}:5000", "track --upload"),  # a host name that the server does not accept
    ):
        done = tracking.train(
            "fourth", "--epochs", "3", "--no-plots", "--tracking-uri", address, "--tracking-wait", "3"
        )
        assert (done.returncode, message in done.stdout) == (0, True), done.stdout
    done = tracking.train("fourth", "--tracking-uri", "ftp://user:secret@mlflow")
    assert (done.returncode, "secret" in done.stdout) == (2, False), done.stdout


def test_the_trials_of_a_search_are_runs_nested_in_its_run(tracking: Tracking) -> None:
    words = ["--trials", "2", "--folds", "2", "--epochs", "5", "--range", "hidden=2|3", "--no-plots"]
    words += ["--tracking-wait", "300"]  # other tests keep the machine busy
    searching = tracking.words(
        "tune", "--data", "/rows.csv", "--out", "/output/searched", "--experiment", "searched", *words
    )
    done = subprocess.run(searching, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tracking.make_sure_it_is_sent("searched", done.stdout)
    for _ in range(2):
        runs = {run["info"]["run_name"]: run for run in tracking.runs("searched")}
        assert len(tracking.runs("searched")) == len(runs) == 3
        parent = runs.pop("search rows")
        number = parent["info"]["run_id"]
        assert sorted(runs) == [f"trial {trial}" for trial in range(1, 3)]
        for run in runs.values():
            tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
            assert (tags["mlflow.parentRunId"], run["info"]["status"]) == (number, "FINISHED")
        assert tracking.steps(parent, "trial_error") == [1, 2]
        assert tracking.send("searched").returncode == 0  # again: nothing is sent twice
