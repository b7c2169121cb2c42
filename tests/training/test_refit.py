"""After early stopping, the network is trained again with the rows for validation as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import load_knowledge
from tests.training.runs import IRIS, Recorder, created, files, number, plane, refined
from training.evaluation import metrics_of
from training.plan import plan_create
from training.plan_fit import make_refit
from training.rows.scaling import Scaling
from training.trainers.registry import KINDS


def test_the_refit_trains_on_the_validation_rows_for_the_best_number_of_epochs(tmp_path: Path) -> None:
    recorder = Recorder()
    outcome = created(IRIS, tmp_path, recorder)
    best = number(outcome.fitted, "best_epoch")
    assert recorder.refits == [(120, max(round(1.5 * best), best + 20))]
    assert len(recorder.refit_epochs) == number(outcome.fitted, "refit_epochs") == recorder.refits[0][1]


def test_no_more_epochs_than_the_options_allow(tmp_path: Path) -> None:
    recorder = Recorder()
    created(IRIS, tmp_path, recorder, epochs=7)
    assert recorder.refits == [(120, 7)]


@pytest.mark.slow
def test_the_metrics_are_those_of_the_written_network_and_of_the_one_before_the_refit(tmp_path: Path) -> None:
    outcome = created(IRIS, tmp_path / "refitted")
    early = created(IRIS, tmp_path / "early", refit=False)
    found = json.loads((tmp_path / "refitted" / "metrics.json").read_text())
    assert found["early_stopped"] == early.metrics["validation"]
    knowledge = load_knowledge(tmp_path / "refitted" / "currentSolution.pkl")
    for part, indices in outcome.plan.split.parts():
        assert found[part] == metrics_of(knowledge, outcome.plan.rows, indices)
    assert (tmp_path / "refitted" / "history.csv").read_bytes() == (
        tmp_path / "early" / "history.csv"
    ).read_bytes()
    assert "before the refit" in (tmp_path / "refitted" / "report.html").read_text()


def test_without_refit_the_early_stopped_network_is_the_result(tmp_path: Path) -> None:
    recorder = Recorder()
    outcome = created(IRIS, tmp_path, recorder, refit=False)
    assert recorder.refits == [] and outcome.fitted["refit_epochs"] == 0
    assert "early_stopped" not in json.loads((tmp_path / "metrics.json").read_text())


def test_without_validation_rows_there_is_no_refit(tmp_path: Path) -> None:
    recorder = Recorder()
    created(IRIS, tmp_path, recorder, validation=0.0, epochs=5)
    assert recorder.refits == []


@pytest.mark.slow
def test_the_scaling_remains_that_of_the_training_rows(tmp_path: Path) -> None:
    outcome = created(IRIS, tmp_path)
    scaling = Scaling.fitted(outcome.plan.rows.inputs[outcome.plan.split.train])
    card = json.loads((tmp_path / "currentSolution.card.json").read_text())
    assert [column["mean"] for column in card["inputs"]] == scaling.mean.tolist()
    assert [column["scale"] for column in card["inputs"]] == scaling.scale.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("trainer", ["adam", "lbfgs", "rprop", "backprop"])
def test_a_refit_that_was_stopped_and_resumed_has_the_same_bytes(tmp_path: Path, trainer: str) -> None:
    options: dict[str, Any] = {"trainer": trainer, "epochs": 12}
    whole = created(IRIS, tmp_path / "whole", **options)
    first = created(IRIS, tmp_path / "parts", Recorder(stop_refit_after=2), **options)
    assert first.interrupted and first.fitted["refit_epochs"] == 0
    kept = files(tmp_path / "parts")
    recorder = Recorder()
    resumed = created(IRIS, tmp_path / "parts", recorder, resume=True, **options)
    assert recorder.notes == ["Continuing after epoch 12.", "Continuing the refit after epoch 2."]
    assert recorder.epochs == [] and recorder.refit_epochs[0].epoch == 3
    assert files(tmp_path / "whole") == files(tmp_path / "parts")
    assert whole.fitted == resumed.fitted
    early = created(IRIS, tmp_path / "early", refit=False, **options)
    assert kept["currentSolution.pkl"] == files(Path(early.folder))["currentSolution.pkl"]


def test_a_refit_that_diverges_keeps_the_early_stopped_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = created(IRIS, tmp_path / "early", refit=False, epochs=5)
    monkeypatch.setattr("training.fitting.refit.Refit.bounded", lambda self, error: self.state.epoch < 2)
    recorder = Recorder()
    outcome = created(IRIS, tmp_path / "out", recorder, epochs=5)
    assert recorder.notes == ["The refit diverged in epoch 3; the result is the early-stopped network."]
    assert outcome.fitted == early.fitted and not outcome.interrupted
    assert (tmp_path / "out" / "currentSolution.pkl").read_bytes() == (
        tmp_path / "early" / "currentSolution.pkl"
    ).read_bytes()
    assert ".refit.json" not in files(tmp_path / "out")


def test_the_refit_of_adam_ends_with_the_mean_of_the_last_quarter_of_its_epochs(tmp_path: Path) -> None:
    outcome = created(plane(tmp_path / "rows.csv"), tmp_path / "out", epochs=30)
    refit = make_refit(plan_create(outcome.plan.options), 8)
    seen: list[Any] = []
    refit.run(lambda fit: seen.append(np.array(fit.network.params)), lambda: False)
    assert len(seen) == KINDS["adam"].refit_epochs(8, 30) == 28
    np.testing.assert_allclose(refit.network.params, np.mean(seen[-7:], axis=0), rtol=1e-12)


@pytest.mark.slow
def test_refine_refits_and_does_not_change_the_old_file(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "old", epochs=5)
    model = tmp_path / "old" / "currentSolution.pkl"
    before = model.read_bytes()
    outcome = refined(model, IRIS, tmp_path / "new")
    assert number(outcome.fitted, "refit_epochs") > 0
    assert model.read_bytes() == before
    assert number(outcome.metrics, "test", "accuracy") >= 0.93
