"""Folds are disjoint, stratified and seeded; the rows for the test are in none of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.runs import IRIS, plane, write_table
from tests.training.search.searches import tuned
from training.errors import TooFewFoldRows
from training.option_sources import resolve_all
from training.plan import plan_create
from training.search.fold_fit import FoldTask, fit_fold
from training.search.plan import SearchPlan, plan_search


def planned(data: Path, **options: object) -> SearchPlan:
    return plan_search(resolve_all({"data": str(data), **options}, {}))


@pytest.mark.parametrize("folds", [2, 5, 7])
def test_folds_are_disjoint_and_have_all_rows_except_the_test_rows(folds: int) -> None:
    plan = planned(IRIS, folds=folds)
    validation = [split.validation for split in plan.data.splits]
    assert (
        sorted(np.concatenate(validation).tolist()) == list(range(120)) == list(range(len(plan.split.train)))
    )
    for split in plan.data.splits:
        assert not set(split.train) & set(split.validation)
        assert len(split.train) + len(split.validation) == 120


def test_every_fold_is_stratified_by_class() -> None:
    plan = planned(IRIS, folds=7)
    counts = np.array([np.bincount(plan.data.rows.classes[split.validation]) for split in plan.data.splits])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1


def test_the_seed_determines_the_folds() -> None:
    folds = [planned(IRIS, seed=seed).data.splits[0].validation.tolist() for seed in (1, 1, 2)]
    assert folds[0] == folds[1] != folds[2]


@pytest.mark.slow
def test_the_test_rows_are_those_of_train_and_in_no_fold(tmp_path: Path) -> None:
    plan = planned(IRIS)
    training = plan_create(replace(plan.options, validation=0.15))
    assert np.array_equal(plan.split.test, training.split.test)
    assert np.array_equal(plan.data.rows.inputs, plan.rows.inputs[plan.split.train])
    assert plan.data.table.cells == ()
    # Other values in the rows for the test change nothing in the search.
    lines = IRIS.read_text().splitlines()
    for row in plan.split.test.tolist():
        species = lines[row + 1].rpartition(",")[2]
        lines[row + 1] = f"99,98,97,{row},{species}"
    other = tmp_path / "other.csv"
    other.write_text("\n".join(lines) + "\n")
    trials = [
        tuned(tmp_path / name, data=data, trials=2).trials for name, data in (("a", IRIS), ("b", other))
    ]
    assert trials[0] == trials[1]


def test_scaling_comes_from_the_training_part_of_a_fold(tmp_path: Path) -> None:
    """A huge value in the fold itself does not change the network that is trained without the fold."""
    data = plane(tmp_path / "plane.csv", rows=30, targets=1)
    plan = planned(data, folds=3, target=("y0",), epochs=3, patience=0)
    task = FoldTask(1, 0, plan.options)
    before = fit_fold(plan.data, task, lambda: False)
    plan.data.rows.inputs[plan.data.splits[0].validation] += 1e6
    after = fit_fold(plan.data, task, lambda: False)
    assert before is not None and after is not None
    plan.data.rows.inputs[plan.data.splits[0].validation] -= 1e6
    again = fit_fold(plan.data, task, lambda: False)
    assert again is not None and again.error == pytest.approx(before.error) and after.error != before.error


def test_a_class_with_fewer_rows_than_folds_is_an_error(tmp_path: Path) -> None:
    rows = [[x, x % 7, "rare" if x in (1, 8, 15) else "common"] for x in range(40)]
    data = write_table(tmp_path / "rows.csv", ["x", "z", "kind"], rows)
    with pytest.raises(
        TooFewFoldRows, match="has 2 rows of the class 'rare' besides the test rows; 3 folds need"
    ):
        planned(data, folds=3)
    assert planned(data, folds=2)


def test_fewer_rows_than_folds_are_an_error(tmp_path: Path) -> None:
    data = plane(tmp_path / "plane.csv", rows=20, targets=1)
    with pytest.raises(TooFewFoldRows, match="has 16 rows besides the test rows; 17 folds need at least 17"):
        planned(data, folds=17)
