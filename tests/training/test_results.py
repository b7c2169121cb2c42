"""What a training writes: knowledge, card, metrics and history that fit each other, the same bytes every time."""

from __future__ import annotations

import csv
import json
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import load_knowledge
from tests.training.runs import IRIS, created, files, number, plane, program, refined, write_table
from training.evaluation import predictions
from training.options import TrainingOptions
from training.rows.reading import read_table
from training.scenarios import evaluate


def metrics_in(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "metrics.json").read_text()))


def history_in(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "history.csv").read_text().splitlines()))


@pytest.mark.slow
def test_iris_reaches_the_expected_accuracy_with_the_defaults(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        created(IRIS, tmp_path / "out", seed=seed)
        assert metrics_in(tmp_path / "out")["test"]["accuracy"] >= 0.93


def test_the_knowledge_predicts_classes_by_its_card(tmp_path: Path) -> None:
    created(IRIS, tmp_path)
    knowledge = load_knowledge(tmp_path / "currentSolution.pkl")
    assert knowledge.labels == ("setosa", "versicolor", "virginica")
    assert knowledge.card is not None
    assert knowledge.card.class_column == "species"
    assert knowledge.scaling == "card"
    assert knowledge.classes(knowledge.activate([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])) == [
        "setosa", "virginica",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_metrics_are_those_of_the_predictions_of_the_written_file(tmp_path: Path) -> None:
    created(IRIS, tmp_path)
    card = json.loads((tmp_path / "currentSolution.card.json").read_text())
    knowledge = load_knowledge(tmp_path / "currentSolution.pkl")
    table = read_table(str(IRIS))
    rows = card["training"]["split"]["test_rows"]
    inputs = table.numbers(table.columns[:4], "feature")[rows]
    predicted = np.array(knowledge.labels)[predictions(knowledge, inputs).argmax(axis=1)]
    expected = np.array(table.texts("species"))[rows]
    assert metrics_in(tmp_path)["test"]["accuracy"] == np.mean(predicted == expected)
    assert card["metrics"]["test"] == metrics_in(tmp_path)["test"]


@pytest.mark.slow
def test_the_split_is_stratified_and_complete(tmp_path: Path) -> None:
    created(IRIS, tmp_path)
    split = json.loads((tmp_path / "currentSolution.card.json").read_text())["training"]["split"]
    parts = [split[f"{name}_rows"] for name in ("train", "validation", "test")]
    assert sorted(row for part in parts for row in part) == list(range(150))
    counts = [[sum(row // 50 == species for row in part) for species in range(3)] for part in parts]
    assert counts == [[32, 32, 32], [8, 8, 8], [10, 10, 10]]


def test_scaling_and_classes_come_only_from_the_training_rows(tmp_path: Path) -> None:
    created(IRIS, tmp_path)
    card = json.loads((tmp_path / "currentSolution.card.json").read_text())
    table = read_table(str(IRIS))
    train = table.numbers(table.columns[:4], "feature")[card["training"]["split"]["train_rows"]]
    assert [column["mean"] for column in card["inputs"]] == train.mean(axis=0).tolist()
    assert [column["scale"] for column in card["inputs"]] == train.std(axis=0).tolist()


@pytest.mark.slow
def test_a_regression_with_two_targets_in_their_own_units(tmp_path: Path) -> None:
    data = plane(tmp_path / "plane.csv")
    created(data, tmp_path / "out", target=("y0", "y1"), trainer="lbfgs")
    test = metrics_in(tmp_path / "out")["test"]
    assert test["r2"] > 0.99 and set(test["targets"]) == {"y0", "y1"}
    knowledge = load_knowledge(tmp_path / "out" / "currentSolution.pkl")
    assert knowledge.activate([[5.0, 5.0]])[0] == pytest.approx([-5.0, 100.0], abs=1.5)


def test_numbers_are_classes_if_requested(tmp_path: Path) -> None:
    rows = [[x, x % 7, int(x > 30)] for x in range(60)]
    data = write_table(tmp_path / "t.csv", ["x", "z", "over"], rows)
    outcome = created(data, tmp_path / "out", task="classification")
    assert outcome.plan.rows.labels == ("0", "1")


def test_the_history_has_a_line_for_each_epoch(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=7, patience=0)
    rows = history_in(tmp_path)
    assert [int(row["epoch"]) for row in rows] == list(range(1, 8))
    assert float(rows[-1]["train_error"]) < float(rows[0]["train_error"])


def test_early_stopping_keeps_the_best_network(tmp_path: Path) -> None:
    fitted = created(IRIS, tmp_path, patience=5, epochs=2000).fitted
    assert fitted["reason"] == "patience"
    best = int(number(fitted, "best_epoch"))
    assert fitted["epochs"] == best + 5
    errors = [float(row["validation_error"]) for row in history_in(tmp_path)]
    assert fitted["best_validation_error"] == min(errors) == errors[best - 1]


@pytest.mark.slow
@pytest.mark.parametrize("trainer", ["adam", "lbfgs", "rprop", "backprop"])
def test_two_processes_write_the_same_bytes(tmp_path: Path, trainer: str) -> None:
    options = ["--data", str(IRIS), "--trainer", trainer, "--epochs", "20", "--no-plots"]
    for out, threads in (("one", "1"), ("two", "8")):
        done = program("create", *options, "--out", str(tmp_path / out), OPENBLAS_NUM_THREADS=threads)
        assert done.returncode == 0, done.stderr
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_seed_gives_another_network(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "one", seed=1, epochs=3)
    created(IRIS, tmp_path / "two", seed=2, epochs=3)
    assert files(tmp_path / "one")["currentSolution.pkl"] != files(tmp_path / "two")["currentSolution.pkl"]


def test_the_pickle_refers_to_nothing_that_pybrain_and_old_numpy_lack(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=3)
    content = (tmp_path / "currentSolution.pkl").read_bytes()
    names = {str(argument) for code, argument, _ in pickletools.genops(content) if code.name == "GLOBAL"}
    assert content[1] == 2
    assert all(name.startswith("pybrain.structure.") or name in {
        "numpy ndarray", "numpy dtype", "__builtin__ set", "__builtin__ object", "copy_reg _reconstructor",
        "_codecs encode", "__builtin__ bytes"} for name in names), names  # fmt: skip


def test_a_refined_network_still_accepts_images(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=1)
    card = tmp_path / "currentSolution.card.json"
    image = {"size": [2, 2], "scale": [0, 8]}
    card.write_text(json.dumps(json.loads(card.read_text()) | {"image": image}))
    before = load_knowledge(tmp_path / "currentSolution.pkl").card
    refined(tmp_path / "currentSolution.pkl", IRIS, tmp_path / "new", epochs=1)
    after = load_knowledge(tmp_path / "new" / "currentSolution.pkl").card
    assert before is not None and after is not None and before.image is not None
    assert after.image == before.image


def test_refining_lowers_the_error_and_does_not_change_the_old_file(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "old", epochs=3, patience=0)
    before = files(tmp_path / "old")
    model = tmp_path / "old" / "currentSolution.pkl"
    outcome = refined(model, IRIS, tmp_path / "new", epochs=60)
    assert files(tmp_path / "old") == before
    old, new = metrics_in(tmp_path / "old"), metrics_in(tmp_path / "new")
    assert new["fit"]["best_validation_error"] < old["fit"]["best_validation_error"]
    card = json.loads((tmp_path / "new" / "currentSolution.card.json").read_text())
    old_card = json.loads((tmp_path / "old" / "currentSolution.card.json").read_text())
    assert card["inputs"] == old_card["inputs"]
    assert card["training"]["refined"] == outcome.plan.origin == load_knowledge(model).sha256


def test_evaluating_all_rows_counts_each_of_them(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=60)
    found: dict[str, Any] = evaluate(
        TrainingOptions(model=str(tmp_path / "currentSolution.pkl"), data=str(IRIS))
    )
    assert found["metrics"]["rows"] == 150
    assert sum(map(sum, found["metrics"]["confusion"])) == 150


def test_an_omitted_part_has_no_metrics(tmp_path: Path) -> None:
    created(IRIS, tmp_path, test=0.0, validation=0.0, epochs=5)
    found = metrics_in(tmp_path)
    assert "train" in found and "test" not in found and "validation" not in found


@pytest.mark.slow
def test_results_of_an_earlier_run_of_another_kind_are_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    created(plane(tmp_path / "plane.csv"), out, epochs=3, plots=True)
    assert (out / "residuals.svg").exists()
    created(IRIS, out, epochs=3)
    assert not (out / "residuals.svg").exists()
