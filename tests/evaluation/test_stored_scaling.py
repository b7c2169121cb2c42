"""A scaling in the network's file is recognized by its names and applied as programs apply it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from evaluation.prediction.expected import compute_expected
from pybrain.tools.shortcuts import buildNetwork

ROW = 37.5
BACK = "inputs scaled by {x}, outputs scaled back by {y}"


def network(**attributes):
    np.random.seed(3)
    net = buildNetwork(1, 3, 1)
    for name, value in attributes.items():
        setattr(net, name, value)
    return net


class StandardScaler:
    """Stand-in for scikit-learn's class: its pickle has the same class name and attributes."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


class MinMaxScaler(StandardScaler):
    """Stand-in for scikit-learn's class."""


def pickled(value):
    """Return a pickle in which the classes of this module are named as those of scikit-learn."""
    return pickle.dumps(value, 2).replace(f"c{__name__}\n".encode(), b"csklearn.preprocessing._data\n")


@pytest.fixture
def expected_for(tmp_path):
    def compute(value, rows=f"x,y\n{ROW},12\n"):
        (tmp_path / "net.pkl").write_bytes(pickled(value))
        (tmp_path / "rows.csv").write_text(rows, encoding="utf-8")
        return compute_expected(tmp_path / "net.pkl", tmp_path / "rows.csv")

    return compute


def by_hand(x, y=(0.0, 1.0)):
    scaled = network().activate([(ROW - x[0]) / (x[1] - x[0])])[0]
    return scaled * (y[1] - y[0]) + y[0]


RANGE = {"x_min": 0.0, "x_max": 100.0, "y_min": 5.0, "y_max": 50.0}


@pytest.mark.parametrize(
    ("value", "x", "y"),
    [
        ({"network": network(), **RANGE}, "x_min..x_max", "y_min..y_max"),
        (network(**RANGE), "x_min..x_max", "y_min..y_max"),
        (network(scaling=RANGE), "scaling.x_min..scaling.x_max", "scaling.y_min..scaling.y_max"),
        ({"net": network(), "xmin": [0.0], "xmax": [100.0], "ymin": 5, "ymax": 50}, "x_min.0..x_max.0", "y_min..y_max"),
        ((network(), {"in_min": 0, "in_max": 100, "out_min": 5, "out_max": 50}), "1.in_min..1.in_max", "1.out_min..1.out_max"),
        ({"net": network(), "x_range": (0, 100), "y_range": (5, 50)}, "x_range.0..x_range.1", "y_range.0..y_range.1"),
        ((network(), 0.0, 100.0, 5.0, 50.0), "1..2", "3..4"),
    ],
    ids=["dict", "attributes", "attribute that is a dict", "joined words", "tuple with a dict", "pairs", "tuple"],
)  # fmt: skip
def test_a_range_beside_the_network_scales_inputs_and_outputs(expected_for, value, x, y):
    right = {reading.text: reading.outputs for reading in expected_for(value).right}
    assert right[BACK.format(x=x, y=y)] == pytest.approx(by_hand((0, 100), (5, 50)))
    assert right[f"inputs scaled by {x}, outputs not scaled back"] == pytest.approx(by_hand((0, 100)))


def test_a_mean_and_a_standard_deviation_scale(expected_for):
    value = {"net": network(), "scaler": {"mean_": np.array([40.0]), "scale_": np.array([12.0])}}
    first = expected_for(value).right[0]
    assert first.text == "inputs scaled by scaler.mean_, scaler.scale_, outputs not scaled back"
    assert first.outputs == pytest.approx(network().activate([(ROW - 40) / 12])[0])


@pytest.mark.parametrize("beside", [True, False], ids=["beside the network", "attribute of the network"])
def test_a_scaler_of_scikit_learn_scales(expected_for, beside):
    scaler = StandardScaler(
        with_mean=True, mean_=np.array([40.0]), var_=np.array([144.0]), scale_=np.array([12.0])
    )
    first = expected_for({"net": network(), "scaler": scaler} if beside else network(scaler=scaler)).right[0]
    assert first.text == "inputs scaled by scaler.mean_, scaler.scale_, outputs not scaled back"
    assert first.outputs == pytest.approx(network().activate([(ROW - 40) / 12])[0])


def test_a_range_scaler_of_scikit_learn_scales(expected_for):
    def scaler(low, high):
        return MinMaxScaler(
            feature_range=(0, 1), scale_=np.array([1 / (high - low)]), min_=np.array([-low / (high - low)]),
            data_min_=np.array([low]), data_max_=np.array([high]), data_range_=np.array([high - low]),
        )  # fmt: skip

    value = {"net": network(), "x_scaler": scaler(0.0, 100.0), "y_scaler": scaler(5.0, 50.0)}
    right = [reading.outputs for reading in expected_for(value).right]
    assert any(outputs == pytest.approx(by_hand((0, 100), (5, 50))) for outputs in right)


def test_rows_in_their_own_units_must_be_scaled(expected_for):
    wrong = [reading for reading in expected_for({"net": network(), **RANGE}).readings if reading.why_wrong]
    raw = next(one for one in wrong if one.text == "inputs as they are, outputs not scaled back")
    assert raw.outputs == pytest.approx(network().activate([ROW])[0])
    assert "the rows are given to the network as they are, but its file has x_min, x_max" in raw.why_wrong


@pytest.mark.parametrize(("low", "twice"), [(0.0, False), (20.0, False), (60.0, True)])
def test_rows_that_may_already_be_scaled_are_accepted_unchanged(expected_for, low, twice):
    value = {"net": network(), **RANGE, "x_min": low}
    expected = expected_for(value, "x\n0.375\n0.5\n")
    right = [reading.text for reading in expected.right]
    assert "inputs as they are, outputs not scaled back" in right
    scaled_twice = [reading for reading in expected.readings if "scaled already" in reading.why_wrong]
    assert bool(scaled_twice) == twice


def test_other_numbers_beside_the_network_are_not_a_scaling(expected_for):
    for value in (network(), {"net": network(), "epochs": 200, "error": 0.01}, (network(), 200, 0.01, 3)):
        assert [reading.text for reading in expected_for(value).readings] == [""]
    # A mean and a standard deviation may describe an error, so the unscaled rows remain right.
    readings = expected_for({"net": network(), "mean": 0.2, "std": 0.1}).right
    assert readings[0].text == "inputs as they are, outputs not scaled back"


def test_expected_columns_are_left_out_by_name(expected_for):
    right = {
        reading.text: reading.outputs[0, 0] for reading in expected_for(network(), "y,x\n12,0.375\n").right
    }
    assert right["the columns x"] == pytest.approx(network().activate([0.375])[0])
    right = expected_for(network(), "id,temperature,target\n1,0.375,4\n").right
    assert [reading.text for reading in right] == [
        "the first columns",
        "the last columns",
        "the columns temperature",
    ]
