"""A search is one run, with the trials nested in it; a search that is resumed continues it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.runs import plane
from tests.training.search.searches import SearchRecorder, tuned
from training.errors import SearchInterrupted
from training.tracking.nested_runs import children_of
from training.tracking.record_file import Recorded, read_record


def recorded(folder: Path) -> Recorded:
    return read_record(folder / "tracking" / "record.jsonl")


def values(found: Recorded, key: str) -> dict[int, float]:
    return {point.step: point.value for point in found.points if point.key == key}


@pytest.mark.slow
def test_each_trial_is_a_run_nested_in_that_of_the_search(tmp_path: Path) -> None:
    outcome = tuned(tmp_path, "learning_rate=0.01..0.1", "hidden=2|4", experiment="lab", register="flowers")
    parent = recorded(tmp_path)
    assert (parent.status, parent.experiment, parent.parent) == ("FINISHED", "lab", None)
    assert (parent.params["range_hidden"], parent.params["trials"]) == ("2|4", "6")
    assert parent.params["hidden"] == outcome.best.values["hidden"]
    assert parent.model is not None and parent.model.register == "flowers"
    assert {"trials.csv", "search.json", "best.toml", "report.html"} <= parent.artifacts.keys()
    assert values(parent, "trial_error") == {trial.number: trial.mean for trial in outcome.trials}
    assert values(parent, "best_error")[6] == outcome.best.mean
    assert list(values(parent, "train_error")) == list(range(1, outcome.best.epochs + 1))
    children = children_of(tmp_path)
    assert [child.name for child in children] == [f"{number:04d}" for number in range(1, 7)]
    for child, trial in zip(children, outcome.trials, strict=True):
        found = recorded(child)
        assert (found.parent, found.status, found.name) == (parent.key, "FINISHED", f"trial {trial.number}")
        assert found.params == {key: str(value) for key, value in trial.values.items()}
        assert list(values(found, "fold_error").values()) == [fold.error for fold in trial.folds]
        assert values(found, "validation_error") == {3: trial.mean}


@pytest.mark.slow
def test_trials_that_are_complete_in_another_order_are_all_recorded(tmp_path: Path) -> None:
    tuned(tmp_path, "hidden=2|60", "learning_rate=0.01..0.1", jobs=2)
    assert list(values(recorded(tmp_path), "trial_error")) == list(range(1, 7))


@pytest.mark.slow
def test_a_failed_trial_is_a_failed_run(tmp_path: Path) -> None:
    data = plane(tmp_path / "plane.csv", rows=40, targets=1)
    tuned(
        tmp_path / "out",
        "learning_rate=0.01|1000",
        data=data,
        trainer="backprop",
        hidden_class="linear",
        trials=4,
    )
    status = [recorded(child).status for child in children_of(tmp_path / "out")]
    assert set(status) == {"FINISHED", "FAILED"}


@pytest.mark.slow
def test_a_resumed_search_continues_its_runs(tmp_path: Path) -> None:
    with pytest.raises(SearchInterrupted):
        tuned(tmp_path, recorder=SearchRecorder(stop_after=7))
    before = recorded(tmp_path)
    assert before.status == "KILLED" and len(children_of(tmp_path)) == 2
    keys = [recorded(child).key for child in children_of(tmp_path)]
    tuned(tmp_path, resume=True)
    after = recorded(tmp_path)
    assert (after.key, after.status) == (before.key, "FINISHED")
    assert [recorded(child).key for child in children_of(tmp_path)][:2] == keys
    assert sorted(values(after, "trial_error")) == list(range(1, 7))


def test_a_new_search_removes_the_runs_of_the_old_one(tmp_path: Path) -> None:
    tuned(tmp_path, "hidden=2|4", trials=3)
    (tmp_path / "trials" / "notes.txt").write_text("mine")
    tuned(tmp_path, "hidden=2|4", trials=1)
    assert [child.name for child in children_of(tmp_path)] == ["0001"]
    assert sorted(path.name for path in (tmp_path / "trials").iterdir()) == ["0001", "notes.txt"]
