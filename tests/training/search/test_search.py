"""A search finds better options, and its result depends on rows, options and seed alone."""

from __future__ import annotations

import csv
import json
import signal
import sys
import time
import tomllib
from pathlib import Path

import pytest

from pybrain_runtime.errors import CannotResume, PipelineError
from tests.training.runs import IRIS, command, created, files, plane
from tests.training.search.searches import SearchRecorder, started, tuned
from training.errors import AllTrialsFailed, SearchInterrupted, SearchTimedOut
from training.search.proposals import BATCH

JOURNAL = ".search.jsonl"


@pytest.mark.slow
def test_a_search_finds_a_better_learning_rate_than_a_bad_one(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "bad", learning_rate=1e-4, epochs=8, patience=0)
    outcome = tuned(tmp_path / "out", "learning_rate=1e-4..1e-1:log", trials=8)
    found = outcome.best.values["learning_rate"]
    assert isinstance(found, float) and found > 1e-3
    accuracy = [
        json.loads((tmp_path / name / "metrics.json").read_text())["test"]["accuracy"]
        for name in ("bad", "out")
    ]
    assert accuracy[0] < accuracy[1]


@pytest.mark.slow
def test_any_number_of_processes_gives_the_same_bytes(tmp_path: Path) -> None:
    for jobs in (1, 2):
        tuned(tmp_path / str(jobs), jobs=jobs)
    assert files(tmp_path / "1") == files(tmp_path / "2")


@pytest.mark.slow
def test_plots_are_files_and_part_of_the_report(tmp_path: Path) -> None:
    tuned(tmp_path, "learning_rate=0.01..0.1:log", "hidden=2|4", trials=3, plots=True)
    found = files(tmp_path)
    for stem in ("optimization_history", "search_ranges"):
        assert found[f"{stem}.png"].startswith(b"\x89PNG")
        assert found[f"{stem}.svg"].startswith(b"<?xml")
    assert found["report.html"].count(b"<svg") == 4  # also the two of the final training


@pytest.mark.slow
def test_the_table_and_the_summary_agree(tmp_path: Path) -> None:
    outcome = tuned(tmp_path, "trainer=adam|lbfgs|rprop", "learning_rate=0.01..0.1", trials=9)
    rows = list(csv.DictReader((tmp_path / "trials.csv").read_text().splitlines()))
    assert [int(row["trial"]) for row in rows] == list(range(1, 10))
    assert all((row["trainer"] == "adam") == bool(row["learning_rate"]) for row in rows)
    best = min(rows, key=lambda row: float(row["validation_error"]))
    summary = json.loads((tmp_path / "search.json").read_text())
    assert summary["best"]["trial"] == int(best["trial"]) == outcome.best.number
    folds = [float(best[f"fold_{fold}"]) for fold in (1, 2, 3)]
    assert summary["best"]["validation_error"]["mean"] == pytest.approx(sum(folds) / 3)
    assert summary["trials"] == {"complete": 9, "failed": 0}
    assert "<h2>Search</h2>" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_the_best_options_train_the_same_network(tmp_path: Path) -> None:
    tuned(tmp_path / "out")
    done = command(
        "train",
        "--config",
        str(tmp_path / "out" / "best.toml"),
        "--out",
        str(tmp_path / "again"),
        "--no-plots",
    )
    assert done.returncode == 0, done.stderr
    for name in ("currentSolution.pkl", "currentSolution.card.json", "metrics.json", "history.csv"):
        assert files(tmp_path / "again")[name] == files(tmp_path / "out")[name]


def test_the_final_network_is_trained_on_all_rows_except_the_test_rows(tmp_path: Path) -> None:
    tuned(tmp_path)
    card = json.loads((tmp_path / "currentSolution.card.json").read_text())
    assert card["training"]["split"]["sizes"] == {"train": 120, "test": 30}
    assert tomllib.loads((tmp_path / "best.toml").read_text())["epochs"] == card["training"]["epochs"]


def test_the_same_options_are_trained_once(tmp_path: Path) -> None:
    recorder = SearchRecorder()
    outcome = tuned(tmp_path, "hidden=2|4", recorder=recorder, trials=7)
    assert len(outcome.trials) == len(recorder.trials) == 7
    assert recorder.done == 2 * 3


@pytest.mark.slow
def test_a_trial_that_diverges_is_a_failed_trial(tmp_path: Path) -> None:
    data = plane(tmp_path / "plane.csv", rows=40, targets=1)
    ranges = ("learning_rate=0.01|1000", "hidden=2|3")
    outcome = tuned(tmp_path / "out", *ranges, data=data, trainer="backprop", hidden_class="linear", trials=8)
    failed = [trial for trial in outcome.trials if trial.failure]
    assert failed and all(trial.values["learning_rate"] == "1000" for trial in failed)
    assert outcome.best.values["learning_rate"] == "0.01"
    rows = list(csv.DictReader((tmp_path / "out" / "trials.csv").read_text().splitlines()))
    assert rows[failed[0].number - 1]["failure"] == "fold 1: training diverged in epoch 1"
    assert rows[failed[0].number - 1]["validation_error"] == ""


def test_a_search_whose_trials_all_fail_reports_the_reason(tmp_path: Path) -> None:
    with pytest.raises(
        AllTrialsFailed,
        match=r"All 3 trials of the search failed; the first in trial 1, fold 1: training diverged",
    ) as caught:
        tuned(tmp_path, "learning_rate=1e5|1e6", trials=3)
    assert caught.value.status == 65
    assert "currentSolution.pkl" not in files(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_contradictory_options_are_an_error_not_a_failed_trial(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(PipelineError, match="momentum is not used by trainer adam") as caught:
        tuned(tmp_path, "hidden=2|4", momentum=0.5, jobs=jobs)
    assert caught.value.status == 2


# --- interrupted, killed, resumed


@pytest.mark.slow
@pytest.mark.parametrize("stopped", [1, 5, 4 * 3 - 1, 4 * 3 + 2])
def test_an_interrupted_search_resumes_to_the_same_bytes(tmp_path: Path, stopped: int) -> None:
    tuned(tmp_path / "whole")
    with pytest.raises(SearchInterrupted):
        tuned(tmp_path / "parts", recorder=SearchRecorder(stop_after=stopped))
    recorder = SearchRecorder()
    tuned(tmp_path / "parts", recorder=recorder, resume=True)
    assert recorder.notes == [f"Continuing after {stopped} of 18 folds."]
    assert recorder.done == 18 - stopped
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


@pytest.mark.slow
def test_an_interrupted_final_training_run_is_resumed(tmp_path: Path) -> None:
    tuned(tmp_path / "whole")
    with pytest.raises(SearchInterrupted, match="the training of the final network was interrupted"):
        tuned(tmp_path / "parts", recorder=SearchRecorder(stop_after_epochs=2))
    assert "currentSolution.pkl" not in files(tmp_path / "parts")
    recorder = SearchRecorder()
    tuned(tmp_path / "parts", recorder=recorder, resume=True)
    assert recorder.done == 0 and recorder.epochs[0].epoch == 3
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


@pytest.mark.slow
def test_more_trials_continue_a_search_that_has_ended(tmp_path: Path) -> None:
    tuned(tmp_path / "whole", trials=BATCH + 3)
    tuned(tmp_path / "parts", trials=BATCH + 1)
    recorder = SearchRecorder()
    tuned(tmp_path / "parts", trials=BATCH + 3, resume=True, recorder=recorder)
    assert recorder.done == 2 * 3
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


@pytest.mark.slow
def test_fewer_trials_lose_nothing_of_a_search_that_has_ended(tmp_path: Path) -> None:
    tuned(tmp_path / "whole", trials=BATCH + 2)
    tuned(tmp_path / "parts", trials=BATCH + 2)
    fewer = tuned(tmp_path / "parts", trials=2, resume=True)
    assert [trial.number for trial in fewer.trials] == [1, 2]
    recorder = SearchRecorder()
    tuned(tmp_path / "parts", trials=BATCH + 2, resume=True, recorder=recorder)
    assert recorder.done == 0
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


def test_the_message_of_an_interruption_reports_the_best_trial_so_far(tmp_path: Path) -> None:
    with pytest.raises(
        SearchInterrupted, match=r"1 of 6 trials are complete. The best so far is trial 1: valid"
    ):
        tuned(tmp_path, recorder=SearchRecorder(stop_after=3))
    with pytest.raises(SearchInterrupted, match="before a trial was complete"):
        tuned(tmp_path / "other", recorder=SearchRecorder(stop_after=1))


@pytest.mark.slow
def test_an_incomplete_last_line_is_ignored(tmp_path: Path) -> None:
    tuned(tmp_path / "whole")
    with pytest.raises(SearchInterrupted):
        tuned(tmp_path / "parts", recorder=SearchRecorder(stop_after=7))
    journal = tmp_path / "parts" / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-20])
    recorder = SearchRecorder()
    tuned(tmp_path / "parts", recorder=recorder, resume=True)
    assert recorder.done == 18 - 6
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"error": ', '"error": NaN, "x": '),
        ('"fold": 0', '"fold": -1'),
        ('"fold": 0', '"fold": 3'),
        ('"values": {', '"values": {"seed": 1, '),
        ('{"trial": 1,', '["trial": 1,'),
        ('"version": 1', '"version": 2'),
        ('"epochs": 8, "best', '"epochs": true, "best'),
    ],
)
def test_a_damaged_journal_is_refused(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(SearchInterrupted):
        tuned(tmp_path, recorder=SearchRecorder(stop_after=4))
    text = (tmp_path / JOURNAL).read_text()
    assert old in text
    (tmp_path / JOURNAL).write_text(text.replace(old, new))
    before = files(tmp_path)
    with pytest.raises(CannotResume, match=r"is damaged|another version"):
        tuned(tmp_path, resume=True)
    assert files(tmp_path) == before


def test_the_journal_of_another_search_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SearchInterrupted):
        tuned(tmp_path, recorder=SearchRecorder(stop_after=2))
    with pytest.raises(CannotResume, match="belongs to another search: folds was 3 and is 4"):
        tuned(tmp_path, resume=True, folds=4)
    with pytest.raises(CannotResume, match="ranges was"):
        tuned(tmp_path, "hidden=2|4", resume=True)


def test_without_a_journal_the_search_starts_with_the_first_trial(tmp_path: Path) -> None:
    recorder = SearchRecorder()
    tuned(tmp_path, "hidden=2|4", recorder=recorder, resume=True, trials=1)
    assert recorder.notes == ["There is no journal; the search starts with the first trial."]


def test_a_time_limit_ends_the_search_with_the_complete_trials(tmp_path: Path) -> None:
    with pytest.raises(SearchTimedOut, match="No trial was complete after 1e-06 seconds"):
        tuned(tmp_path, timeout=1e-6)
    assert SearchTimedOut.status == 75


def test_a_training_run_in_the_folder_removes_the_files_of_the_search(tmp_path: Path) -> None:
    tuned(tmp_path, "hidden=2|4", trials=1)
    created(IRIS, tmp_path, epochs=2)
    assert not {"trials.csv", "search.json", "best.toml", "folds.jsonl"} & files(tmp_path).keys()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(("at", "jobs"), [(0, 1), (4, 2)])
def test_a_killed_search_resumes_to_the_same_bytes(tmp_path: Path, at: int, jobs: int) -> None:
    tuned(tmp_path / "whole")
    running = started(tmp_path / "killed", "--jobs", str(jobs))
    journal = tmp_path / "killed" / JOURNAL
    while not journal.exists() or journal.read_bytes().count(b"\n") < 1 + at:
        assert running.poll() is None
        time.sleep(0.005)
    running.kill()
    running.communicate()
    assert "currentSolution.pkl" not in files(tmp_path / "killed")
    tuned(tmp_path / "killed", resume=True)
    assert files(tmp_path / "whole") == files(tmp_path / "killed")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_ends_the_search_at_once_and_reports_how_to_continue(tmp_path: Path) -> None:
    running = started(tmp_path, "--jobs", "2", "--epochs", "10000000")
    while not (tmp_path / JOURNAL).exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=600)
    assert running.returncode == 130, output
    assert "The search was interrupted before a trial was complete." in output
    assert "--resume continues the search." in output
    assert "Traceback" not in output


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_search_killed_at_five_moments_ends_with_the_same_bytes(tmp_path: Path) -> None:
    options = ["--jobs", "2", "--epochs", "400", "--trials", "12"]
    whole = started(tmp_path / "whole", *options)
    whole.communicate(timeout=300)
    assert whole.returncode == 0
    journal = tmp_path / "killed" / JOURNAL
    recorded = 0
    for more in (1, 3, 2, 5, 4):  # results after which the process is killed: within and between trials
        running = started(tmp_path / "killed", *options, "--resume")
        while (lines := journal.read_bytes().count(b"\n") if journal.exists() else 0) < 1 + recorded + more:
            assert running.poll() is None
            time.sleep(0.005)
        running.kill()
        running.communicate()
        recorded = lines - 1
    last = started(tmp_path / "killed", *options, "--resume")
    output, _ = last.communicate(timeout=300)
    assert last.returncode == 0, output
    assert files(tmp_path / "whole") == files(tmp_path / "killed")
