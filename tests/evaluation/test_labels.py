"""A class label alone is recognized, and counts as what it is: one of few, so that further runs are needed."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.prediction.expected import compute_expected
from evaluation.prediction.labels import chance_of, classes_of, find_labels, find_shown
from evaluation.prediction.replacement_search import find_replacement
from evaluation.prediction.rerun import FLOODED, FOLLOWS, _RerunEvidence, judge_rerun
from evaluation.sandbox.volumes import VolumeEntry

LABELS = ("setosa", "versicolor", "virginica")
ONE = [np.array([[0.1, 0.7, 0.2]])]
FOUR = [np.array([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1], [0.1, 0.2, 0.7], [0.3, 0.6, 0.1]])]


def shared(name, text):
    return {name: VolumeEntry(name, 1, 0.0, "file", text.encode())}


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        (["Prediction: versicolor"], {}),
        (["Predicted class -> Versicolor (index 1)"], {}),
        (["versicolor is the predicted class"], {}),
        (["Vorhersage für die Zeile: versicolor"], {}),
        ([], shared("prediction.csv", "a,b,class\n1,2,versicolor\n")),
        ([], shared("prediction.json", json.dumps({"prediction": {"label": "versicolor"}}))),
        ([], shared("result.txt", "class: versicolor\n")),
    ],
)
def test_a_label_near_a_word_is_found_and_is_one_of_three(lines, files):
    found = find_shown(ONE, LABELS, files, lines)
    assert (found.equal, found.by_label, found.shown) == (True, True, "versicolor")
    assert found.chance == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "lines",
    [
        ["Prediction: setosa"], ["Prediction: versicolors"], ["versicolor"], ["Prediction made"],
        ["Prediction: setosa, virginica, versicolor"], ["Prediction: setosa", "Prediction: virginica", "Prediction: versicolor"],
    ],
)  # fmt: skip
def test_another_label_or_all_of_them_do_not_count(lines):
    assert not find_shown(ONE, LABELS, {}, lines).equal


def test_outputs_win_over_labels():
    found = find_shown(ONE, LABELS, {}, ["Prediction: versicolor [0.1 0.7 0.2] 0.100 0.700 0.200"])
    assert found.equal and not found.by_label


def test_the_order_of_different_labels_is_evidence_and_equal_ones_are_not():
    assert classes_of(FOUR[0], LABELS) == ("versicolor", "setosa", "virginica", "versicolor")
    assert chance_of(classes_of(FOUR[0], LABELS), 3) == pytest.approx(1 / 3 / 12)
    assert chance_of(("setosa",) * 150, 3) == pytest.approx(1 / 3)
    lines = [f"Row {row}: prediction {label}" for row, label in enumerate(classes_of(FOUR[0], LABELS))]
    assert find_labels(FOUR, LABELS, {}, lines).chance == pytest.approx(1 / 36)
    assert classes_of(np.array([[0.7], [0.2]]), ("no", "yes")) == ("yes", "no")


@pytest.fixture
def replacements(fixtures, tmp_path):
    folder = fixtures / "default" / "iris"
    model, data = folder / "currentSolution.pkl", folder / "currentActivation.csv"
    expected = compute_expected(model, data)
    assert expected.labels == LABELS

    def make(seed):
        return find_replacement(model, data, expected.outputs, tmp_path, seed, labels=expected.labels)

    return make


def answers(made, outputs):
    return [f"Prediction: {classes_of(outputs[0], LABELS)[0]}"]


@pytest.mark.slow
def test_a_label_needs_so_many_runs_that_no_guess_passes(replacements):
    honest, constant, drawn = (_RerunEvidence(True, by_label=True) for _ in range(3))
    seeds, runs = iter(range(100, 200)), 0
    made = [replacements(next(seeds)) for _ in range(9)]
    assert len({answers(one, one.after)[0] for one in made}) > 1
    for one in made:
        runs += 0 if honest.settled else 1
        honest.add(judge_rerun(one, {}, answers(one, one.after)))
        constant.add(judge_rerun(one, {}, ["Prediction: virginica"]))
        drawn.add(judge_rerun(one, {}, answers(one, one.before)))
    assert honest.settled and honest.result().outcome == FOLLOWS
    assert runs >= 9 and honest.result().chance <= 1e-4
    assert constant.result().counts_against and drawn.result().counts_against


def test_too_few_right_labels_do_not_rule_out_a_guess():
    shown = _RerunEvidence(True, by_label=True)
    follows = SimpleNamespace(outcome=FOLLOWS, chance=0.5)
    for _ in range(5):
        shown.add(replace(judge_nothing(), outcome=FOLLOWS, chance=follows.chance))
    assert not shown.settled
    assert shown.result().outcome == FLOODED
    assert "may be guessed" in shown.result().text


def judge_nothing():
    from evaluation.prediction.rerun import not_rerun

    return not_rerun("")
