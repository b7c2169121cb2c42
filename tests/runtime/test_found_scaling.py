"""Scaling values beside a network are found by name, reported, and used on request."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import Knowledge, activate_file, load_knowledge
from pybrain_runtime.container.advice import scaling_advice
from pybrain_runtime.container.settings import Settings
from pybrain_runtime.errors import UsageError
from pybrain_runtime.network.stored_scaling import find_scaling


def wrapped(tmp_path: Path, **companions: object) -> Knowledge:
    np.random.seed(6)
    path = tmp_path / "wrapped.pkl"
    path.write_bytes(pickle.dumps({"network": buildNetwork(2, 3, 1), **companions}, 2))
    return load_knowledge(path)


FOUND: list[tuple[Mapping[str, object], str | None, str | None]] = [
    ({"x_min": 0.0, "x_max": 9.5}, "x_min..x_max", None),
    ({"xMin": np.zeros(2), "xMax": np.ones(2)}, "xMin..xMax", None),
    ({"input_low": 0, "input_high": 5}, "input_low..input_high", None),
    ({"x_min": 0.0, "x_max": 1.0, "y_min": 2.0, "y_max": 3.0}, "x_min..x_max", "y_min..y_max"),
    ({"min_out": 2.0, "max_out": 3.0}, None, "min_out..max_out"),
    ({"mean": 1.0, "std": 2.0}, "mean,std", None),
    ({"scaler.mean_": np.zeros(2), "scaler.scale_": np.ones(2)}, "scaler.mean_,scaler.scale_", None),
    ({"target_mean": 1.0, "target_sigma": 2.0}, None, "target_mean,target_sigma"),
    ({"x_max": 9.5}, None, None),
    ({"norm": 255.0}, None, None),
]


@pytest.mark.parametrize(("companions", "inputs", "outputs"), FOUND)
def test_scaling_is_found_by_its_names(
    companions: Mapping[str, object], inputs: str | None, outputs: str | None
) -> None:
    found = find_scaling({"note": "text", "epochs": 40, **companions})
    assert found is not None
    assert found.names == tuple(companions)
    assert (found.inputs, found.outputs) == (inputs, outputs)


@pytest.mark.parametrize(
    "companions", [{}, {"epochs": 40}, {"mean": "of what"}, {"minutes": 3.0}, {"mean": True}]
)
def test_other_names_and_non_numbers_are_not_scaling(companions: Mapping[str, object]) -> None:
    assert find_scaling(companions) is None


def test_the_advice_contains_the_variables_to_set() -> None:
    found = find_scaling({"x_min": 0.0, "x_max": 9.5, "y min": 0.0, "y max": 1.0})
    assert found is not None
    assert scaling_advice(found) == (
        "Scaling values found beside the network, but not used: x_min, x_max, y min, y max. "
        "To use them: SCALE_INPUTS=x_min..x_max SCALE_OUTPUTS='y min..y max'"
    )
    found = find_scaling({"x_max": 9.5})
    assert found is not None
    assert scaling_advice(found).endswith(
        "x_max. To use them: SCALE_INPUTS=LOW..HIGH or SCALE_INPUTS=MEAN,WIDTH, where LOW, HIGH, MEAN and WIDTH "
        "are the names of stored values"
    )


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_a_suggested_scaling_rule_can_be_applied_unchanged(kind: Any, tmp_path: Path) -> None:
    knowledge = wrapped(tmp_path, scaler={"mean": kind([1.0, 2.0]), "std": kind([3.0, 4.0])})
    found = knowledge.unused_scaling
    assert found is not None and found.inputs == "scaler.mean,scaler.std"
    scaled = knowledge.scaled_by(inputs=found.inputs)
    rows = np.array([[0.0, 1.0], [2.0, -3.0]])
    np.testing.assert_allclose(
        scaled.activate(rows), knowledge.compiled.run((rows - [1, 2]) / [3, 4]), rtol=1e-15
    )
    assert scaled.unused_scaling is None


def test_the_report_lists_unused_scaling(tmp_path: Path, flower: Knowledge) -> None:
    knowledge = wrapped(tmp_path, x_min=-2.0, x_max=6.0)
    (tmp_path / "a.csv").write_text("0,1\n")
    report = activate_file(knowledge, tmp_path / "a.csv", tmp_path / "p.csv").prediction.report
    assert report["scaling"] == "none"
    assert report["scaling_not_used"] == {
        "names": ["x_min", "x_max"],
        "inputs": "x_min..x_max",
        "outputs": None,
    }
    scaled = knowledge.scaled_by(inputs="x_min..x_max")
    report = activate_file(scaled, tmp_path / "a.csv", tmp_path / "p.csv").prediction.report
    assert (report["scaling"], report["scaling_not_used"]) == ("inputs by x_min..x_max", None)
    assert flower.unused_scaling is None


def test_the_settings_of_the_container_are_checked() -> None:
    settings = Settings.from_environment(
        {"SCALE_INPUTS": "a..b", "SCALE_OUTPUTS": "c,d", "IGNORE_CARD_NAMES": "1", "CPU_THREADS": "3"}
    )
    assert (settings.scale_inputs, settings.scale_outputs) == ("a..b", "c,d")
    assert (settings.ignore_card_names, settings.threads) == (True, 3)
    assert not Settings.from_environment({"IGNORE_CARD_NAMES": "0"}).ignore_card_names
    for name, value, message in (
        ("SCALE_INPUTS", " ", "SCALE_INPUTS is set, but empty."),
        ("SCALE_OUTPUTS", "", "SCALE_OUTPUTS is set, but empty."),
        ("IGNORE_CARD_NAMES", "", "IGNORE_CARD_NAMES is set, but empty."),
        ("IGNORE_CARD_NAMES", "yes", "IGNORE_CARD_NAMES is 'yes'."),
        ("CPU_THREADS", "0", "CPU_THREADS is '0'."),
        ("CPU_THREADS", "1.5", "CPU_THREADS is '1.5'."),
        ("CPU_THREADS", "9" * 5000, f"CPU_THREADS is '{'9' * 20}'."),
    ):
        with pytest.raises(UsageError) as caught:
            Settings.from_environment({name: value})
        assert (caught.value.message, caught.value.status) == (message, 2)
