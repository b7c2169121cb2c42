"""Metrics are those of scikit-learn; the expected values follow from its definitions, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from training.metrics import classification_metrics, confusion_matrix, regression_metrics


def test_accuracy_f1_and_confusion_of_a_small_case() -> None:
    expected = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 0, 1, 1, 2, 2])
    found: dict[str, Any] = classification_metrics(expected, predicted, ["a", "b", "c"])
    assert found["confusion"] == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert found["accuracy"] == pytest.approx(4 / 6)
    # a: precision 2/2, recall 2/3; b: 1/2, 1/2; c: 1/2, 1/1.
    assert [found["classes"][label]["f1"] for label in "abc"] == pytest.approx([0.8, 0.5, 2 / 3])
    assert found["f1"] == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)
    assert found["classes"]["a"] == {
        "rows": 3, "precision": 1.0, "recall": pytest.approx(2 / 3), "f1": pytest.approx(0.8),
    }  # fmt: skip


def test_a_class_that_is_neither_expected_nor_predicted_does_not_count_for_macro_f1() -> None:
    found = classification_metrics(np.array([0, 1]), np.array([0, 1]), ["a", "b", "never"])
    assert found["f1"] == 1.0


def test_a_class_that_is_never_predicted_has_precision_0() -> None:
    found: dict[str, Any] = classification_metrics(np.array([0, 1]), np.array([0, 0]), ["a", "b"])
    assert found["classes"]["b"]["precision"] == 0.0
    assert found["f1"] == pytest.approx((2 / 3 + 0.0) / 2)


def test_the_confusion_matrix_has_expected_classes_as_rows() -> None:
    assert confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 1]), 2).tolist() == [[0, 2], [0, 1]]


def test_mae_rmse_and_r2_are_means_over_the_targets() -> None:
    # The example of scikit-learn's documentation of r2_score(multioutput="raw_values"): 0.965..., 0.908...
    expected = np.array([[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]])
    predicted = np.array([[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]])
    found: dict[str, Any] = regression_metrics(expected, predicted, ["y", "z"])
    assert found["mae"] == pytest.approx((0.5 + 1.0) / 2)
    assert found["rmse"] == pytest.approx((np.sqrt(1.25 / 3) + 1.0) / 2)
    r2 = [1 - 1.25 / (0.5**2 + 1 + 49 - 6.5**2 / 3), 1 - 3 / (1 + 1 + 36 - 16 / 3)]
    assert [found["targets"][name]["r2"] for name in ("y", "z")] == pytest.approx(r2)
    assert found["r2"] == pytest.approx(sum(r2) / 2)


@pytest.mark.parametrize(("predicted", "r2"), [([2.0, 2.0], 1.0), ([2.0, 3.0], 0.0)])
def test_r2_of_constant_expected_values_is_1_or_0(predicted: list[float], r2: float) -> None:
    found = regression_metrics(np.array([[2.0], [2.0]]), np.array(predicted)[:, None], ["y"])
    assert found["r2"] == r2


def test_r2_of_a_single_row_is_not_defined() -> None:
    assert regression_metrics(np.array([[1.0]]), np.array([[2.0]]), ["y"])["r2"] is None


def test_r2_is_finite_where_expected_values_hardly_vary() -> None:
    found = regression_metrics(np.array([[0.0], [1e-160]]), np.array([[1.0], [2.0]]), ["y"])
    assert found["r2"] == 0.0
