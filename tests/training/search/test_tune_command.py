"""`tune` of the command line: its progress, its result as JSON, its errors."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest

from pipeline.commands.actions.tune import TrialLine
from tests.training.runs import command, program

QUICK = ("--epochs", "3", "--patience", "0", "--folds", "2", "--trials", "2", "--jobs", "1", "--no-plots")


@pytest.mark.slow
def test_the_result_as_json_has_the_search_and_the_final_training(tmp_path: Path) -> None:
    done = command(
        "tune", "--engine", "local", "--out", str(tmp_path), *QUICK, "--range", "hidden=2|4", "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["search"]["trials"], found["search"]["failed"]) == (0, 2, 0)
    assert found["search"]["values"]["hidden"] in ("2", "4")
    assert set(found["metrics"]) == {"train", "test"} and "best.toml" in found["files"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (
            ["--folds", "60"],
            65,
            "60 folds need at least 60.\n  40 folds are possible. Choose fewer folds with --folds.",
        ),
        (["--range", "learning_rate=1e5|1e6"], 65, "All 2 trials of the search failed"),
        (["--range", "learnin_rate=1..2"], 2, "Did you mean learning_rate?"),
        (["--trials", "0"], 2, "trials is '0': expected a whole number, 1 to 10,000"),
        (["--timeout", "0.000001"], 75, "Allow more time with --timeout; --resume continues the search."),
    ],
)
def test_errors_have_their_status_and_advice(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    data = "container4_learningbase/currentLearning.csv"
    done = program("tune", "--data", data, "--out", str(tmp_path), *QUICK, *arguments)
    assert (done.returncode, message in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "currentSolution.pkl").exists()


@pytest.mark.slow
def test_the_log_of_a_container_has_a_line_for_each_trial(tmp_path: Path) -> None:
    data = "container4_learningbase/currentLearning.csv"
    done = program(
        "tune", "--data", data, "--out", str(tmp_path), *QUICK, TRAIN_RANGE="hidden=2|4; epochs=2..4"
    )
    assert done.returncode == 0, done.stderr
    assert "2 trials with 2 folds over hidden, epochs" in done.stdout
    assert "trial 2 of 2: hidden = " in done.stdout and "the best is trial " in done.stdout


def test_the_progress_line_has_the_trial_the_best_and_the_time_left() -> None:
    line = TrialLine(io.StringIO())
    line.trials, line.folds = 20, 5
    line.show({"event": "fold", "complete": 0, "done": 1, "best": None, "best_error": None})
    event = {"event": "fold", "complete": 9, "done": 51, "best": 4, "best_error": 0.0123}
    text = line.text(event, time.monotonic() + 50.0)
    assert text == "[############............] trial 10 of 20, best error 0.01230 (trial 4), 0:49 left"
