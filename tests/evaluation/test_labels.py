"""A class label alone is recognized; as it is one of few, more runs are needed to rule out a guess."""

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
from evaluation.prediction.without_codebase import inspect_run_without_codebase
from evaluation.sandbox.stack_run import StackRun
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
        (["Prediction: Iris-versicolor"], {}),
        (["Model loaded", "versicolor"], {}),
        (["['versicolor']"], {}),
        (["1/1 [====] - 0s 32ms/step", "The flower is a versicolor."], {}),
        (["Known species: setosa, versicolor, virginica", "Species: versicolor"], {}),
        ([], shared("prediction.csv", "a,b,class\n1,2,versicolor\n")),
        ([], shared("prediction.json", json.dumps({"prediction": {"label": "versicolor"}}))),
        ([], shared("result.txt", "class: versicolor\n")),
    ],
)
def test_a_label_near_a_word_is_found_and_counts_as_one_of_three(lines, files):
    found = find_shown(ONE, LABELS, files, lines)
    assert (found.equal, found.by_label, found.shown) == (True, True, "versicolor")
    assert found.chance == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "lines",
    [
        ["Prediction: setosa"], ["Prediction: versicolors"], ["virginica"], ["Prediction made"],
        ["setosa", "versicolor", "virginica"], ["Actual: versicolor"], ["It is no virginica.", "It is no setosa."],
        ["Prediction: setosa, virginica, versicolor"], ["Prediction: setosa", "Prediction: virginica", "Prediction: versicolor"],
    ],
)  # fmt: skip
def test_another_label_or_all_of_them_do_not_count(lines):
    assert not find_shown(ONE, LABELS, {}, lines).equal


SHOWN = ("versicolor", "setosa", "virginica", "versicolor")


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ([f"Prediction: {label} (actual: setosa)" for label in SHOWN], {}),
        ([f"Actual: setosa, predicted: {label}" for label in SHOWN], {}),
        (["Classes: setosa, versicolor, virginica", *(f"Prediction: {label}" for label in SHOWN)], {}),
        (["Predictions: " + str(list(SHOWN))], {}),
        (["Predictions:", "   row  class", *(f"{row}    {label}" for row, label in enumerate(SHOWN))], {}),
        ([f"Prediction: \x1b[32m{label}\x1b[0m" for label in SHOWN], {}),
        ([f"Prediction: {label}" for label in SHOWN] * 2, {}),
        ([f"Prediction: {label}" for label in SHOWN[:2]], {}),
        (
            [],
            shared("prediction.csv", "a;prediction;actual\n" + "".join(f"1;{one};setosa\n" for one in SHOWN)),
        ),
        (
            [],
            shared(
                "result.json",
                json.dumps(
                    {
                        "classes": LABELS,
                        "predictions": [{"class": label, "expected": "setosa"} for label in SHOWN],
                    }
                ),
            ),
        ),
    ],
)
def test_labels_of_rows_are_distinguished_from_expected_classes_and_from_the_list_of_classes(lines, files):
    found = find_shown(FOUR, LABELS, files, lines)
    assert found.equal and found.by_label
    assert found.chance <= 1 / 3


@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_every_row_that_is_shown_must_be_right(wrong):
    labels = [
        ("setosa" if label != "setosa" else "virginica") if row == wrong else label
        for row, label in enumerate(SHOWN)
    ]
    lines = [f"Prediction: {label}" for label in labels]
    assert not find_shown(FOUR, LABELS, {}, lines).equal
    table = shared("prediction.csv", "class\n" + "".join(f"{label}\n" for label in labels))
    assert not find_shown(FOUR, LABELS, table, []).equal


def test_numeric_labels_are_distinguished_from_other_numbers():
    digits = tuple("0123456789")
    outputs = [np.eye(10)[[7, 3, 9]]]
    lines = [f"Prediction for row {row}: {digit} (output 0.9)" for row, digit in enumerate("739")]
    found = find_labels(outputs, digits, {}, lines)
    assert found.equal and found.shown == "7, 3, 9"
    assert not find_labels(
        outputs, digits, {}, ["Prediction: 0.7", "Prediction: 3.5", "Prediction: 9 %"]
    ).equal


def test_a_numeric_label_counts_only_alone_on_its_line():
    digits = tuple("0123456789")
    outputs = [np.eye(10)[[7]]]
    assert find_labels(outputs, digits, {}, ["Network of 64 inputs", "[7]"]).equal
    for line in ("It took 7 s", "7 64 10", "7.0", "3"):
        assert not find_labels(outputs, digits, {}, [line]).equal


def test_labels_that_differ_only_in_case_are_distinguished():
    labels = ("abc", "Abc", "aBc", "abC")
    assert find_labels([np.eye(4)[[1]]], labels, {}, ["Prediction: Abc"]).equal
    assert not find_labels([np.eye(4)[[1]]], labels, {}, ["Prediction: abc"]).equal


@pytest.mark.parametrize(("count", "shown"), [(3, 2), (3, 3), (10, 9), (10, 10), (100, 100)])
def test_a_list_of_most_labels_is_not_a_prediction(count, shown):
    labels = [f"kind{number:03}" for number in range(count)]
    for line in (
        f"Prediction: {' '.join(labels[:shown])}",
        *[f"Prediction: {' '.join(reversed(labels[:shown]))}"],
    ):
        found = find_shown([np.eye(count)[[0]]], labels, {}, [line])
        assert not found.equal
        assert "would be right by chance" in found.shown


def test_each_different_answer_and_each_reading_is_a_guess():
    labels = [f"kind{number}" for number in range(10)]
    readings = [np.eye(10)[[number]] for number in (0, 4)]
    found = find_labels(readings, labels, {}, ["Prediction: kind4", "Prediction: kind7"])
    assert found.reading == 1 and found.chance == pytest.approx(4 / 10)


def test_a_wrong_label_is_reported():
    found = find_shown(ONE, LABELS, {}, ["Prediction: setosa"])
    assert (found.equal, found.shown) == (False, "setosa")


@pytest.mark.slow
@pytest.mark.parametrize("letter", ["a", "."])
def test_the_number_of_compared_labels_is_limited(letter):
    labels = [letter * (number + 1) for number in range(1000)]
    line = "Prediction: " + " ".join([letter] * 2000)
    found = find_shown([np.eye(1000)[[0]]], labels, {}, [line] * 5000)
    assert not found.equal and found.flooded


def test_outputs_take_precedence_over_labels():
    found = find_shown(ONE, LABELS, {}, ["Prediction: versicolor [0.1 0.7 0.2] 0.100 0.700 0.200"])
    assert found.equal and not found.by_label


def test_the_order_of_different_labels_is_evidence_and_equal_ones_are_not():
    assert classes_of(FOUR[0], LABELS) == ("versicolor", "setosa", "virginica", "versicolor")
    assert chance_of(classes_of(FOUR[0], LABELS), 3) == pytest.approx(1 / 3 / 6)
    assert chance_of(("setosa",) * 150, 3) == pytest.approx(1 / 3)
    lines = [f"Row {row}: prediction {label}" for row, label in enumerate(classes_of(FOUR[0], LABELS))]
    assert find_labels(FOUR, LABELS, {}, lines).chance == pytest.approx(1 / 18)
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
def test_a_label_needs_enough_runs_to_rule_out_a_guess(replacements):
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


@pytest.mark.slow
def test_neither_the_network_nor_the_rows_alone_determine_the_class(replacements):
    """A program that ignores one of the files is right only in some of the runs."""
    made = [replacements(seed) for seed in range(300, 324)]
    for ignored in ("old_rows", "old_model"):
        right = sum(answers(one, one.after) == answers(one, getattr(one, ignored)) for one in made)
        assert right <= 18, (ignored, right)


@pytest.mark.slow
def test_the_class_of_a_single_row_is_drawn_again(fixtures, tmp_path):
    folder = fixtures / "default" / "iris"
    data = tmp_path / "rows.csv"
    data.write_text("".join((folder / "currentActivation.csv").read_text("utf-8").splitlines(True)[:2]))
    model = folder / "currentSolution.pkl"
    before = compute_expected(model, data).outputs
    (tmp_path / "in").mkdir()
    made = [find_replacement(model, data, before, tmp_path / "in", seed, labels=LABELS) for seed in range(6)]
    assert all(one is not None and one.rows and one.model and one.classes > 1 for one in made)
    assert len({answers(one, one.after)[0] for one in made}) > 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text"),
    [("label.txt", "{}\n"), ("label.dat", "the class is {}"), ("label", "{}"), ("a.csv", "class\n{}\n")],
)
def test_a_label_written_by_another_container_is_found_in_a_file_of_any_name(replacements, name, text):
    made = replacements(1)
    right = classes_of(made.after[0], LABELS)[0]
    wrong = next(label for label in LABELS if label != right)
    for label, where in ((right, f"shared_data/{name}"), (wrong, "")):
        files = shared(name, text.format(label)) | shared("currentSolution.pkl", right)
        run = StackRun("up", 0, 1.0, "", (), (), "", files, {})
        assert inspect_run_without_codebase(made, {}, run).where.removesuffix(".csv") == where.removesuffix(
            ".csv"
        )


def test_too_few_right_labels_do_not_rule_out_a_guess():
    shown = _RerunEvidence(True, by_label=True)
    follows = SimpleNamespace(outcome=FOLLOWS, chance=0.5)
    for _ in range(5):
        shown.add(replace(judge_nothing(), outcome=FOLLOWS, chance=follows.chance))
    assert not shown.settled
    assert shown.result().outcome == FLOODED
    assert "may have been guessed" in shown.result().text


def judge_nothing():
    from evaluation.prediction.rerun import not_rerun

    return not_rerun("")
