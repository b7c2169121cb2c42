"""The wheel of a tracked model runs by itself, and predicts what `activate` writes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from common.project import PROJECT
from pybrain_runtime import load_knowledge, read_activation
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.pyfunc import KnowledgeModel, _load_pyfunc
from tests.training.runs import IRIS, created
from training.tracking.wheel import NAME, wheel_bytes

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pybrain_runtime import __file__ as home, pyfunc
assert home.startswith(sys.argv[1]), home
print(json.dumps(pyfunc._load_pyfunc(sys.argv[2]).predict(json.loads(sys.argv[3])).tolist()))
"""


class Frame(dict[str, np.ndarray]):
    """What the model uses of a data frame."""

    index = None

    def __init__(self, columns: dict[str, np.ndarray], index: None = None) -> None:
        super().__init__(columns)

    @property
    def columns(self) -> list[str]:
        return list(self)

    def __getitem__(self, names: object) -> np.ndarray:
        return (
            np.column_stack([self.get(name) for name in names])
            if isinstance(names, list)
            else self.get(names)
        )


def model(folder: Path) -> KnowledgeModel:
    created(IRIS, folder, epochs=20)
    return _load_pyfunc(str(folder))


@pytest.mark.slow
def test_the_wheel_predicts_without_the_rest_of_the_project(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(wheel_bytes())
    shutil.copy(PROJECT.own_knowledge, tmp_path)
    shutil.copy(PROJECT.own_card, tmp_path)
    knowledge = load_knowledge(PROJECT.own_knowledge)
    inputs = read_activation(str(PROJECT.own_activation), knowledge).inputs
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(tmp_path / NAME), str(tmp_path), json.dumps(inputs.tolist())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == knowledge.activate(inputs).tolist()


@pytest.mark.slow
def test_the_wheel_is_reproducible_and_contains_no_other_code(tmp_path: Path) -> None:
    content = wheel_bytes()
    assert content == wheel_bytes()
    (tmp_path / NAME).write_bytes(content)
    with zipfile.ZipFile(tmp_path / NAME) as archive:
        names = archive.namelist()
        record = archive.read(next(name for name in names if name.endswith("RECORD"))).decode()
    assert {name.split("/")[0].removesuffix("-0.1.0.dist-info") for name in names} == {
        "pybrain", "pybrain_runtime", "app07_runtime",
    }  # fmt: skip
    assert [line.split(",")[0] for line in record.splitlines()] == names
    assert len(content) < 1_000_000


def test_columns_are_matched_by_name_and_classes_are_added(tmp_path: Path) -> None:
    found = model(tmp_path)
    rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
    names = found.knowledge.input_names
    frame = Frame({name: rows[:, place] for place, name in reversed(list(enumerate(names)))})
    predicted = found.predict(frame)
    outputs = found.knowledge.activate(rows)
    assert predicted.columns == ["setosa", "versicolor", "virginica", "predicted_class"]
    assert np.array_equal(
        np.column_stack([dict.get(predicted, name) for name in predicted.columns[:3]]), outputs
    )
    assert dict.get(predicted, "predicted_class") == ["setosa", "virginica"]
    assert np.array_equal(found.predict(rows), outputs)


@pytest.mark.parametrize("rows", [[[1.0, 2.0]], [[1.0, 2.0, float("nan"), 4.0]], [["a", "b", "c", "d"]]])
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, rows: list[list[object]]) -> None:
    with pytest.raises(ActivationError):
        model(tmp_path).predict(rows)
