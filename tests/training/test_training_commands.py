"""`train`, `refine` and `score` of the command line, with the local engine."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.project import PROJECT, Layout
from pipeline.commands.actions.training import EpochLine
from pipeline.stages.kept_models import installation_notes, keep_as, promote
from pipeline.stages.training_run import training_options
from pybrain_runtime import load_knowledge
from tests.training.runs import IRIS, command, created, files
from training.errors import OptionError
from training.option_sources import resolve
from training.options import CREATE


@pytest.mark.slow
def test_train_then_activate_and_score_predict_classes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = command("train", "--engine", "local", "--out", str(out), "--epochs", "40", "--no-plots")
    assert done.returncode == 0, done.stderr
    assert "currentLearning.csv: classification of species (setosa, versicolor, virginica)" in done.stdout
    model = str(out / "currentSolution.pkl")
    rows = tmp_path / "rows.csv"
    rows.write_text("\n".join(line.rpartition(",")[0] for line in IRIS.read_text().splitlines()))
    predicted = command("activate", model, str(rows), "-o", str(tmp_path / "prediction.csv"))
    assert predicted.returncode == 0, predicted.stderr
    report = json.loads((tmp_path / "prediction.json").read_text())
    assert set(report["prediction"]["classes"]) == {"setosa"}  # of the first rows
    compared = command("activate", model, str(IRIS), "-o", str(tmp_path / "compared.csv"))
    assert "expected class: species" in compared.stdout
    assert json.loads((tmp_path / "compared.json").read_text())["errors"]["accuracy"] > 0.9
    scored = command("score", "--model", model, "--json")
    found = json.loads(scored.stdout)
    assert found["status"] == 0 and found["metrics"]["accuracy"] > 0.9


@pytest.mark.slow
def test_refine_continues_from_a_model(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "old", epochs=3)
    done = command(
        "refine", "--model", str(tmp_path / "old" / "currentSolution.pkl"), "--out", str(tmp_path / "new"),
        "--epochs", "5", "--no-plots", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fit"]["epochs"] == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--epochs", "none"], 2, "argument --epochs: 'none': expected a number"),
        (["--learnin-rate", "1"], 2, "did you mean --learning-rate"),
        (["--target", "specie"], 65, "Did you mean species? Choose columns of the file with --target"),
        (["--data", "none.csv"], 66, "training file none.csv was not found"),
        (["--learning-rate", "1e6"], 65, "Training diverged in epoch 1 with the learning rate 1e+06"),
        (["--name", "a/b"], 2, "argument --name: 'a/b': expected a letter or digit"),
    ],
)
def test_errors_have_their_status_and_advice(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    done = command("train", "--out", str(tmp_path / "out"), *arguments)
    assert (done.returncode, message in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "currentSolution.pkl").exists()


@pytest.mark.parametrize(
    "folder", ["models", "docs/new", ".git", "container2_knowledgebase", "shared_data", "."]
)
def test_results_are_not_written_among_the_sources_of_the_project(folder: str) -> None:
    with pytest.raises(
        OptionError, match=r"belongs to the project.*\n?.*output/training, or one outside"
    ) as error:
        training_options(PROJECT, CREATE, {"out": str(PROJECT.root / folder)}, {})
    assert error.value.status == 2


def test_all_folders_of_the_project_but_the_output_are_its_sources() -> None:
    others = {path.name for path in PROJECT.root.iterdir() if path.is_dir() and not PROJECT.is_source(path)}
    assert others - {"dist"} == {"output"}  # dist/ is where wheels are built


def test_name_and_promote_of_a_shared_file_are_shown_before_training(tmp_path: Path) -> None:
    file = tmp_path / "shared.toml"
    file.write_text('promote = true\nname = "flowers"\n')
    given = {"config": str(file), "out": str(tmp_path)}
    said = installation_notes(resolve(given, {}), given, {})
    assert said == [
        f"name in {file} puts the result into models/flowers.pkl.",
        f"promote in {file} makes the result the project's current knowledge.",
    ]
    unset: dict[str, object] = {**given, "promote": False, "name": "mine"}
    assert installation_notes(resolve(unset, {}), unset, {}) == []
    file.write_text('tracking_uri = "http://other:5000"\n')
    given = {"config": str(file)}
    said = installation_notes(resolve(given, {}), given, {})
    assert said == [
        f"tracking_uri in {file} sends the run to http://other:5000, with the password or token of the environment."
    ]
    variables = {"MLFLOW_TRACKING_URI": "http://own:5000"}
    assert installation_notes(resolve(given, variables), given, variables) == []
    variables = {"TRAIN_PROMOTE": "1"}
    assert installation_notes(resolve({}, variables), {}, variables) == [
        "TRAIN_PROMOTE makes the result the project's current knowledge."
    ]


@pytest.mark.slow
def test_an_unknown_training_variable_is_an_error(tmp_path: Path) -> None:
    done = command("train", "--out", str(tmp_path), TRAIN_LERNING_RATE="1")
    assert done.returncode == 2
    assert "TRAIN_LERNING_RATE is not a known option" in done.stderr and "TRAIN_LEARNING_RATE" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_keeps_the_best_network_and_resume_continues(tmp_path: Path) -> None:
    words = [
        "train",
        "--engine",
        "local",
        "--out",
        str(tmp_path),
        "--epochs",
        "10000000",
        "--patience",
        "0",
        "--no-plots",
    ]
    running = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not (tmp_path / ".checkpoint.json").exists():
        assert running.poll() is None
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    output, errors = running.communicate(timeout=600)
    assert running.returncode == 130
    assert "Stopping after the current epoch." in errors
    assert "the best network so far is written and marked as interrupted" in errors
    assert "--resume continues the training." in errors
    assert load_knowledge(tmp_path / "currentSolution.pkl").labels
    assert "interrupted" in output


def test_a_replaced_model_is_kept_with_a_number(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.models.mkdir()
    for seed in (1, 2, 3):
        created(IRIS, tmp_path / str(seed), seed=seed, epochs=2)
        keep_as(layout, tmp_path / str(seed), "flowers")
    assert sorted(path.name for path in layout.models.iterdir()) == [
        "flowers.1.card.json", "flowers.1.pkl", "flowers.2.card.json", "flowers.2.pkl", "flowers.card.json",
        "flowers.pkl",
    ]  # fmt: skip
    for seed, name in ((1, "flowers.1.pkl"), (2, "flowers.2.pkl"), (3, "flowers.pkl")):
        trained = (tmp_path / str(seed) / "currentSolution.pkl").read_bytes()
        assert (layout.models / name).read_bytes() == trained
        assert load_knowledge(layout.models / name).labels


def test_the_same_model_again_creates_no_version(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.models.mkdir()
    created(IRIS, tmp_path / "out", epochs=2)
    keep_as(layout, tmp_path / "out", "flowers")
    assert keep_as(layout, tmp_path / "out", "flowers")[1] is None
    assert len(list(layout.models.iterdir())) == 2


def test_promotion_replaces_knowledge_and_card(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.own_knowledge.parent.mkdir()
    layout.own_knowledge.write_bytes(b"old")
    created(IRIS, tmp_path / "out", epochs=2)
    promote(layout, tmp_path / "out")
    assert layout.own_knowledge.read_bytes() == files(tmp_path / "out")["currentSolution.pkl"]
    assert load_knowledge(layout.own_knowledge).scaling == "card"


def test_the_progress_line_has_epoch_errors_and_time_left() -> None:
    line = EpochLine(io.StringIO())
    line.total = 100
    event = {"event": "epoch", "epoch": 10, "train": 0.25, "validation": 0.5, "best_epoch": 9}
    line.show(event)
    text = line.text({**event, "epoch": 50}, time.monotonic() + 40.0)
    assert text.startswith("[############............] epoch 50 of 100, error 0.25000, validation 0.50000")
    assert "(best in epoch 9), at most 50 s left" in text


def test_nothing_is_drawn_without_a_terminal() -> None:
    stream = io.StringIO()
    EpochLine(stream).show({"event": "epoch", "epoch": 1, "train": 1.0, "validation": 1.0, "best_epoch": 1})
    assert stream.getvalue() == ""
