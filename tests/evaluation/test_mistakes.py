"""Wrong predictions are explained: not scaled, in another order, from other files, or from an earlier run."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from evaluation.prediction.expected import compute_expected
from evaluation.prediction.mistakes import recognize_mistake
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.submission import Submission
from pybrain.tools.shortcuts import buildNetwork

MODEL, ROWS = (
    "container2_knowledgebase/currentSolution.pkl",
    "container1_activationbase/currentActivation.csv",
)


def network(seed, outputs=3, **companions):
    np.random.seed(seed)
    return pickle.dumps({"net": buildNetwork(2, 4, outputs), **companions}, 2)


@pytest.fixture
def mistake_of(tmp_path):
    def recognize(files, *lines, csv=""):
        files = {MODEL: network(1), ROWS: b"a,b\n0.1,0.9\n0.4,0.2\n0.8,0.7\n0.3,0.6\n", **files}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        expected = compute_expected(tmp_path / MODEL, tmp_path / ROWS)
        shared = (
            {"prediction.csv": VolumeEntry("prediction.csv", 1, 0.0, "file", csv(expected).encode())}
            if csv
            else {}
        )
        shown = [line(expected) if callable(line) else line for line in lines]
        return recognize_mistake(
            expected, Submission("s", "", "folder", tmp_path), (MODEL, ROWS), shared, shown
        )

    return recognize


def first(outputs):
    return "Prediction: " + " ".join(f"{value:.5f}" for value in outputs[0])


def table(outputs):
    return "\n".join(",".join(f"{value:.5f}" for value in row) for row in outputs)


def test_outputs_in_another_order_are_reported(mistake_of):
    assert "another order" in mistake_of({}, lambda one: first(one.outputs[0][:, [2, 0, 1]])).reason
    assert "another order: sorted" in mistake_of(
        {MODEL: network(1, outputs=6)}, lambda one: first(np.sort(one.outputs[0], axis=1))
    ).reason  # fmt: skip


def test_rows_in_another_order_are_reported(mistake_of):
    assert "every row of the prediction, but in another order" in mistake_of(
        {}, csv=lambda one: table(one.outputs[0][[2, 0, 3, 1]])
    ).reason  # fmt: skip
    assert "the first row is missing" in mistake_of({}, csv=lambda one: table(one.outputs[0][1:])).reason


def test_unscaled_rows_are_reported(mistake_of):
    files = {MODEL: network(1, x_min=[10.0, 10.0], x_max=[90.0, 90.0]), ROWS: b"a,b\n30,60\n70,20\n"}
    wrong = mistake_of(files, lambda one: first(next(r.outputs for r in one.readings if r.why_wrong)))
    assert wrong.reason.startswith(
        "the rows are given to the network as they are, but its file has x_min, x_max"
    )
    assert "Scale each row" in wrong.hint


def test_a_stale_prediction_is_reported(mistake_of, tmp_path):
    old = b"a,b\n0.7,0.3\n"
    (tmp_path / "old.csv").write_bytes(old)
    files = {"output/stage1/currentActivation.csv": old}
    wrong = mistake_of(
        files, lambda one: first(compute_expected(tmp_path / MODEL, tmp_path / "old.csv").outputs[0])
    )
    assert "it is stale: the prediction for the rows in" in wrong.reason
    wrong = mistake_of(
        {"models/old.pkl": network(8)},
        lambda one: first(compute_expected(tmp_path / "models/old.pkl", tmp_path / ROWS).outputs[0]),
    )
    assert "it is stale: the prediction for the network in models/old.pkl" in wrong.reason
    wrong = mistake_of({"output/execution_summary.txt": b"Prediction: 0.98765\n"}, "Prediction: 0.98765")
    assert (
        wrong.reason
        == "it is stale: 0.98765 appears in output/execution_summary.txt, a result in the submission"
    )


def test_a_class_number_without_outputs_is_reported(mistake_of):
    assert (
        "it may show only the class number"
        in mistake_of({}, lambda one: f"Prediction: {one.outputs[0][0].argmax()}").reason
    )


def test_other_numbers_have_no_explanation(mistake_of):
    assert mistake_of({}, "Prediction: 0.31234 0.51234 0.71234", csv=lambda one: "1.5,2.5,3.5").reason == ""
