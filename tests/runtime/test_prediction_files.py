"""Prediction and report: their content, and that they are written completely or not at all."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import (
    Knowledge,
    Prediction,
    PredictionWriter,
    Source,
    activate_file,
    load_knowledge,
    read_activation,
    write_prediction,
)
from pybrain_runtime.container.advice import advice_for
from pybrain_runtime.container.console_report import ConsoleReport
from pybrain_runtime.errors import CannotWrite, UsageError
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.network.model_card import Card, Column

FIXTURES = Path(__file__).parents[1] / "fixtures"
LABELS = ("setosa", "versicolor", "virginica")
Written = Callable[..., Path]


def predict(knowledge: Knowledge, data: Path, path: Path) -> Prediction:
    activation = read_activation(data, knowledge)
    return write_prediction(path, knowledge, activation, knowledge.activate(activation.inputs))


def table(path: Path) -> tuple[list[str], list[list[float]]]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return header, [[float(cell) for cell in row if cell not in LABELS] for row in rows]


def test_one_row_without_expected_values_is_written(tmp_path: Path, iris: Path, flower: Knowledge) -> None:
    prediction = predict(flower, iris / "currentActivation.csv", tmp_path / "prediction.csv")
    header, rows = table(tmp_path / "prediction.csv")
    assert header == [
        "sepal_length", "sepal_width", "petal_length", "petal_width", "setosa", "versicolor", "virginica",
        "predicted_class",
    ]  # fmt: skip
    assert rows[0][:4] == [5.8, 2.7, 5.1, 1.9]
    assert rows[0][4:] == prediction.first[0].tolist()
    assert (prediction.rows, prediction.classes, prediction.errors) == (1, ("virginica",), None)


def test_expected_values_and_errors_are_the_last_columns(
    tmp_path: Path, iris: Path, flower: Knowledge
) -> None:
    prediction = predict(flower, iris / "activation_all.csv", tmp_path / "prediction.csv")
    header, rows = table(tmp_path / "prediction.csv")
    assert header[7:] == [
        "predicted_class", "expected_setosa", "error_setosa", "expected_versicolor", "error_versicolor",
        "expected_virginica", "error_virginica",
    ]  # fmt: skip
    numbers = np.array(rows)
    assert (numbers[:, 8::2] == numbers[:, 4:7] - numbers[:, 7::2]).all()
    assert prediction.errors is not None
    assert prediction.errors["accuracy"] == 145 / 150
    assert prediction.errors["mse"] == pytest.approx(np.square(numbers[:, 8::2]).mean(), rel=1e-12)
    assert prediction.errors["mae"] == pytest.approx(np.abs(numbers[:, 8::2]).mean(), rel=1e-12)
    assert prediction.errors["max_abs"] == np.abs(numbers[:, 8::2]).max()


def test_without_a_card_the_columns_have_plain_names(tmp_path: Path, course: Path, written: Written) -> None:
    knowledge = load_knowledge(course / "currentSolution.pkl")
    predict(knowledge, course / "currentActivation.csv", tmp_path / "p.csv")
    assert table(tmp_path / "p.csv")[0] == ["x", "prediction", "expected", "error"]
    predict(knowledge, written("0.5,1\n", "a.csv"), tmp_path / "p.csv")
    assert table(tmp_path / "p.csv")[0] == ["input", "prediction", "expected", "error"]
    several = load_knowledge(FIXTURES / "networks/bn_4_8_2/net.p2.pkl")
    predict(several, written("1,2,3,4,5,6\n", "a.csv"), tmp_path / "p.csv")
    assert table(tmp_path / "p.csv")[0] == [
        "input_0", "input_1", "input_2", "input_3", "prediction_0", "prediction_1",
        "expected_0", "error_0", "expected_1", "error_1",
    ]  # fmt: skip


def test_numbers_are_read_back_exactly(tmp_path: Path, written: Written, course: Path) -> None:
    knowledge = load_knowledge(course / "currentSolution.pkl")
    values = np.random.default_rng(2).normal(size=1_000) * 10.0 ** np.arange(-500, 500).clip(-300, 300)
    data = written("".join(f"{value!r}\n" for value in values.tolist()), "a.csv")
    predict(knowledge, data, tmp_path / "p.csv")
    _, rows = table(tmp_path / "p.csv")
    assert [row[0] for row in rows] == values.tolist()
    assert [row[1] for row in rows] == knowledge.activate(values[:, None])[:, 0].tolist()


def test_the_output_has_lf_and_no_byte_order_mark(tmp_path: Path, iris: Path, flower: Knowledge) -> None:
    predict(flower, iris / "currentActivation.csv", tmp_path / "p.csv")
    content = (tmp_path / "p.csv").read_bytes()
    assert content.endswith(b"\n") and b"\r" not in content and content.startswith(b"sepal_length,")


def test_names_with_delimiters_are_quoted(tmp_path: Path, written: Written, course: Path) -> None:
    knowledge = load_knowledge(course / "currentSolution.pkl")
    data = written('"length, in ""cm""";y\n1,5;2\n', "a.csv")
    predict(knowledge, data, tmp_path / "p.csv")
    header, rows = table(tmp_path / "p.csv")
    assert header[0] == 'length, in "cm"' and rows[0][0] == 1.5


def test_the_report_names_inputs_and_results(tmp_path: Path, iris: Path, flower: Knowledge) -> None:
    activation = read_activation(iris / "activation_all.csv", flower)
    outputs = flower.activate(activation.inputs)
    prediction = write_prediction(tmp_path / "prediction.csv", flower, activation, outputs, started=0.25)
    report: dict[str, Any] = json.loads((tmp_path / "prediction.json").read_text())
    assert report == prediction.report
    assert report["status"] == "done"
    assert report["knowledge"] == {
        "file": "currentSolution.pkl",
        "name": "iris",
        "sha256": hashlib.sha256((iris / "currentSolution.pkl").read_bytes()).hexdigest(),
        "size": 4740,
        "network": "FeedForwardNetwork",
        "indim": 4,
        "outdim": 3,
        "parameters": 51,
        "card_sha256": hashlib.sha256((iris / "currentSolution.card.json").read_bytes()).hexdigest(),
    }
    assert (
        report["activation"]["sha256"]
        == hashlib.sha256((iris / "activation_all.csv").read_bytes()).hexdigest()
    )
    assert (report["activation"]["rows"], report["activation"]["columns"]) == (150, 7)
    assert (
        report["prediction"]["sha256"]
        == hashlib.sha256((tmp_path / "prediction.csv").read_bytes()).hexdigest()
    )
    assert report["prediction"]["first"] == outputs[:5].tolist()
    assert report["prediction"]["classes"] == ["setosa"] * 5
    assert report["errors"]["correct"] == 145
    assert set(report["versions"]) == {"app07", "python", "numpy"}
    assert report["started"] == "1970-01-01T00:00:00.250Z"
    assert report["duration_s"] > 1e9


def test_a_report_is_strict_json(tmp_path: Path, written: Written, course: Path) -> None:
    knowledge = load_knowledge(course / "currentSolution.pkl")
    activation = read_activation(written("1,1\n", "a.csv"), knowledge)
    prediction = write_prediction(tmp_path / "p.csv", knowledge, activation, np.array([[np.inf]]))
    assert (tmp_path / "p.csv").read_text().splitlines()[1] == "1.0,inf,1.0,inf"
    assert prediction.errors == {"mse": None, "mae": None, "max_abs": None}
    assert json.loads((tmp_path / "p.json").read_text())["prediction"]["first"] == [[None]]


@pytest.mark.skipif(os.name == "nt", reason="no modes there")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_both_files_are_readable_by_all_users(
    umask: int, tmp_path: Path, iris: Path, flower: Knowledge
) -> None:
    before = os.umask(umask)
    try:
        predict(flower, iris / "currentActivation.csv", tmp_path / "p.csv")
    finally:
        os.umask(before)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "p.csv": 0o644,
        "p.json": 0o644,
    }


def test_the_file_does_not_depend_on_chunking(tmp_path: Path, iris: Path, flower: Knowledge) -> None:
    whole = predict(flower, iris / "activation_all.csv", tmp_path / "whole.csv")
    activation = read_activation(iris / "activation_all.csv", flower)
    assert activation.targets is not None
    outputs = flower.activate(activation.inputs)
    source = Source(activation.name, activation.sha256, activation.size, activation.columns)
    with PredictionWriter(tmp_path / "parts.csv", flower, expected=True) as writer:
        for start in range(0, 150, 4):
            part = slice(start, start + 4)
            writer.write(activation.inputs[part], outputs[part], activation.targets[part])
        parts = writer.commit(source)
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert parts.first.tolist() == whole.first.tolist() and parts.rows == 150
    assert parts.errors == pytest.approx(whole.errors)


def test_an_interrupted_job_leaves_no_file(tmp_path: Path, flower: Knowledge) -> None:
    with pytest.raises(KeyboardInterrupt), PredictionWriter(tmp_path / "p.csv", flower) as writer:
        writer.write(np.ones((1, 4)), np.ones((1, 3)))
        assert [path.name[:7] + path.suffix for path in tmp_path.iterdir()] == [".p.csv..tmp"]
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_committed_files_are_kept_after_later_errors(tmp_path: Path, flower: Knowledge) -> None:
    with pytest.raises(RuntimeError), PredictionWriter(tmp_path / "p.csv", flower) as writer:
        writer.write(np.ones((1, 4)), np.ones((1, 3)))
        writer.commit(Source("a.csv", "", 0, 4))
        raise RuntimeError
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.csv", "p.json"]


def test_an_earlier_prediction_is_kept_until_the_new_one_is_complete(
    tmp_path: Path, flower: Knowledge
) -> None:
    (tmp_path / "p.csv").write_text("old")
    with pytest.raises(RuntimeError), PredictionWriter(tmp_path / "p.csv", flower) as writer:
        writer.write(np.ones((1, 4)), np.ones((1, 3)))
        raise RuntimeError
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("p.csv", "old")]


def test_a_missing_folder_is_named_in_the_error(tmp_path: Path, flower: Knowledge) -> None:
    with pytest.raises(CannotWrite, match=r"p\.csv cannot be written: no such file or directory") as caught:
        PredictionWriter(tmp_path / "none" / "p.csv", flower)
    assert caught.value.status == 73
    assert "Create the folder." in str(caught.value)


def test_a_folder_of_the_same_name_is_named_in_the_error(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "p.csv").mkdir()
    with pytest.raises(CannotWrite, match="it is a directory"):
        PredictionWriter(tmp_path / "p.csv", flower)


def test_if_the_report_cannot_be_written_there_is_no_prediction(
    tmp_path: Path, iris: Path, flower: Knowledge
) -> None:
    (tmp_path / "p.json").mkdir()
    with pytest.raises(CannotWrite, match=r"p\.json cannot be written: it is a directory"):
        predict(flower, iris / "currentActivation.csv", tmp_path / "p.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.skipif(os.name == "nt", reason="no modes there")
def test_a_read_only_folder_is_named_in_the_error(
    tmp_path: Path, flower: Knowledge, ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    tmp_path.chmod(0o555)
    with ordinary_user(), pytest.raises(CannotWrite, match="permission denied") as caught:
        PredictionWriter(tmp_path / "p.csv", flower)
    tmp_path.chmod(0o755)
    assert caught.value.hint == "Give the user of this process permission to write there."
    assert advice_for(caught.value) == "Or choose another path with OUTPUT_PATH."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_named_in_the_error_and_leaves_no_file(tmp_path: Path) -> None:
    file = AtomicFile(str(tmp_path / "p.csv"))
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, file._descriptor)
    os.close(full)
    with pytest.raises(CannotWrite, match="no space left on device") as caught:
        file.write(b"x")
    assert caught.value.errno == errno.ENOSPC and "Free some space" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_the_report_needs_a_separate_name(tmp_path: Path, flower: Knowledge) -> None:
    with pytest.raises(UsageError, match="is the path of the report; choose another extension"):
        PredictionWriter(tmp_path / "p.json", flower)


def test_the_time_is_utc(tmp_path: Path, iris: Path, flower: Knowledge) -> None:
    report = predict(flower, iris / "currentActivation.csv", tmp_path / "p.csv").report
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(report["started"]))


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_file_name_that_is_not_utf8_ends_up_in_the_report(tmp_path: Path, iris: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/mod\xffel.pkl"
    with open(odd, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write((iris / "currentSolution.pkl").read_bytes())
    knowledge = load_knowledge(os.fsdecode(odd))
    predict(knowledge, iris / "currentActivation.csv", tmp_path / "p.csv")
    assert json.loads((tmp_path / "p.json").read_text())["knowledge"]["file"] == "mod\udcffel.pkl"


def test_a_name_like_a_formula_is_kept_with_a_warning(tmp_path: Path, written: Written, course: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("=1+1,y\n0.5,0.25\n")
    knowledge = load_knowledge(course / "currentSolution.pkl")
    prediction = predict(knowledge, data, tmp_path / "prediction.csv")
    assert table(tmp_path / "prediction.csv")[0][0] == "=1+1"
    assert prediction.formulas == ("=1+1",)
    assert json.loads((tmp_path / "prediction.json").read_text())["formulas"] == ["=1+1"]
    out = io.StringIO()
    ConsoleReport(out, out).wrote(prediction)
    assert (
        f"  A spreadsheet evaluates these as formulas: '=1+1'. Import {prediction.path} as text."
        in out.getvalue()
    )


def test_control_characters_are_escaped() -> None:
    out = io.StringIO()
    ConsoleReport(out, out).failed(UsageError("a\x1b[2J\u202e"))
    assert "a\\x1b[2J\\u202e" in out.getvalue()


@pytest.mark.parametrize("shape", [(1, 2), (2, 3), (3,), (1, 4)])
def test_outputs_of_another_shape_are_not_written(
    shape: tuple[int, ...], tmp_path: Path, iris: Path, flower: Knowledge
) -> None:
    activation = read_activation(iris / "currentActivation.csv", flower)
    with pytest.raises(UsageError) as error:
        write_prediction(tmp_path / "p.csv", flower, activation, np.zeros(shape))
    assert error.value.message == (f"The outputs of a prediction must have the shape (1, 3), got {shape}.")
    assert list(tmp_path.iterdir()) == []


# Names of columns that would be there twice.


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (("x", "error_x", "q"), "compared_expected_x,compared_error_x,compared_expected_error_x"),
        (("x", "prediction_x", "q"), "compared_expected_x,compared_error_x,compared_expected_prediction_x"),
        (("prediction_1", "", "q"), "prediction_1,prediction_prediction_1,q,expected_1,error_1"),
        (("a", "b", "c"), "a,b,c,expected_a,error_a,expected_b,error_b,expected_c,error_c"),
    ],
)
def test_column_names_are_unique(
    outputs: tuple[str, ...], expected: str, tmp_path: Path, flower: Knowledge
) -> None:
    card = Card("", "", "", (Column(),) * 4, tuple(Column(name=name) for name in outputs), ())
    (tmp_path / "rows.csv").write_text("1.5,2,3,4,0,0,1\n")
    activate_file(flower.replace(card=card), tmp_path / "rows.csv", tmp_path / "p.csv")
    header = (tmp_path / "p.csv").read_text().splitlines()[0]
    assert expected in header
    assert len(set(header.split(","))) == 4 + 3 + 6


def test_an_unnamed_input_gets_a_unique_name(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("a,,input_1,d\n1.5,2,3,4\n")
    activate_file(flower.replace(card=None), tmp_path / "rows.csv", tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text().startswith("a,input_input_1,input_1,d,prediction_0,")


# Answers that are no numbers.


def predict_with_overflow(folder: Path) -> Prediction:
    """Run a linear network with inputs so large that it subtracts infinity from infinity."""
    path = FIXTURES / "networks" / "bn_4_6_3_linear_linear" / "net.p2.pkl"
    (folder / "net.pkl").write_bytes(path.read_bytes())
    (folder / "net.card.json").write_text('{"labels": ["a", "b", "c"]}')
    (folder / "rows.csv").write_text("1e308,-1e308,1e308,-1e308,1,0,0\n1,2,3,4,1,0,0\n")
    return activate_file(load_knowledge(folder / "net.pkl"), folder / "rows.csv", folder / "p.csv").prediction


def test_outputs_that_are_not_finite_have_no_class_and_a_warning(tmp_path: Path) -> None:
    prediction = predict_with_overflow(tmp_path)
    report: Any = json.loads((tmp_path / "p.json").read_text())
    assert (tmp_path / "p.csv").read_text().splitlines()[1].split(",")[4] == "nan"
    assert prediction.classes[0] == "" and prediction.classes[1] in ("a", "b", "c")
    assert report["prediction"]["not_finite"] == prediction.not_finite == 1
    output = io.StringIO()
    ConsoleReport(output, output).wrote(prediction)
    assert "nan, nan, nan\n" in output.getvalue()
    assert "WARNING: 1 row has an output out of float64 range (nan or inf)" in output.getvalue()


def test_a_row_with_nan_is_not_counted_as_correct(tmp_path: Path) -> None:
    prediction = predict_with_overflow(tmp_path)
    assert prediction.errors is not None
    assert prediction.errors["correct"] == int(prediction.classes[1] == "a")


def test_an_overflow_of_the_scaling_prints_no_warning(
    tmp_path: Path, flower: Knowledge, recwarn: pytest.WarningsRecorder
) -> None:
    card = Card("", "", "", (Column(scale=1e-320),) * 4, (Column(scale=1e300),) * 3, ())
    flower.replace(card=card).activate([[1e300] * 4])
    assert not recwarn.list
