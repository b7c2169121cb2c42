"""`activate` with text columns, compressed output, decimal commas, and standard output."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.project import Layout

Drive = Callable[..., Any]

ROWS = """\
id,sepal_length,sepal_width,petal_length,petal_width,Species
a-1,5.1,3.5,1.4,0.2,setosa
a-2,5.8,2.7,5.1,1.9,versicolor
"""
CLASSES = ("--target-columns", "Species")


@pytest.fixture
def here(checkout: Layout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout as working directory, with rows that have a name and a class."""
    monkeypatch.chdir(checkout.root)
    Path("rows.csv").write_text(ROWS)
    Path("bad.csv").write_text(ROWS + "a-3,1,2,x,4,setosa\n")
    return checkout.root


def test_the_class_is_compared_and_the_id_is_passed_through(here: Path, drive: Drive) -> None:
    seen = drive("activate", "iris", "rows.csv", *CLASSES, "--keep", "id", "-o", "p.csv.gz")
    assert seen.status == 0
    assert "compared    accuracy 0.5, correct 1" in seen.out
    assert "expected class: Species; passed through: id" in seen.out
    lines = gzip.decompress(Path("p.csv.gz").read_bytes()).decode().splitlines()
    assert lines[0].startswith("id,sepal_length,") and lines[0].endswith(",predicted_class,expected_class")
    assert lines[2].startswith("a-2,5.8,") and lines[2].endswith(",virginica,versicolor")
    report = json.loads(Path("p.json").read_text())
    assert report["errors"] == {"accuracy": 0.5, "correct": 1}
    assert report["prediction"]["classes"] == ["setosa", "virginica"]
    assert report["activation"]["columns_used"]["expected_class"] == "Species"
    assert report["activation"]["columns_used"]["kept"] == ["id"]


def test_text_that_a_spreadsheet_would_read_as_a_formula_is_reported(here: Path, drive: Drive) -> None:
    Path("odd.csv").write_text("@x,y,note\n0.5,0.2,-5\n0.5,0.1,=cmd|x\n")
    seen = drive("activate", "course", "odd.csv", "--target-columns", "y", "--keep", "note", "-o", "p.csv")
    assert (
        "  note        A spreadsheet evaluates these as formulas: '@x'; 1 cell that is passed through. "
        "Import p.csv as text.\n"
    ) in seen.out
    report = json.loads(Path("p.json").read_text())
    assert (report["formulas"], report["formula_cells"]) == (["@x"], 1)
    assert Path("p.csv").read_text().splitlines()[2].startswith("=cmd|x,0.5,")


def test_the_prediction_is_the_only_thing_on_standard_output(here: Path, drive: Drive) -> None:
    assert drive("activate", "iris", "rows.csv", *CLASSES, "-o", "p.csv").status == 0
    seen = drive("activate", "iris", "rows.csv", *CLASSES, "-o", "-")
    assert (seen.status, seen.err, seen.out) == (0, "", Path("p.csv").read_text())
    assert not Path("-").exists() and not Path("prediction.csv").exists()


def test_standard_output_is_empty_if_a_row_is_bad(here: Path, drive: Drive) -> None:
    seen = drive("activate", "iris", "bad.csv", *CLASSES, "-o", "-")
    assert (seen.status, seen.out) == (65, "") and "line 4, column 4 (petal_length)" in seen.err
    seen = drive("activate", "iris", "bad.csv", *CLASSES, "-o", "-", "--on-bad-row", "skip")
    assert seen.status == 0 and len(seen.out.splitlines()) == 3
    assert (
        "1 row rejected (line, reason, row):\n  4,column 4 (petal_length): 'x' is not a number." in seen.err
    )


def test_standard_input_goes_to_standard_output(here: Path, drive: Drive) -> None:
    kept = os.dup(0)
    with Path("rows.csv").open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        seen = drive("activate", "iris", "-", "--keep", "id", "-o", "-")
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    assert seen.status == 0 and seen.out.splitlines()[2].startswith("a-2,")


def test_decimal_commas_are_read_back_as_the_same_numbers(here: Path, drive: Drive) -> None:
    drive("activate", "iris", "rows.csv", *CLASSES, "--keep", "id", "-o", "points.csv")
    seen = drive(
        "activate", "iris", "rows.csv", *CLASSES, "--keep", "id", "--decimal-comma", "-o", "commas.csv"
    )
    assert seen.status == 0
    assert Path("commas.csv").read_text() == Path("points.csv").read_text().replace(",", ";").replace(
        ".", ","
    )
    seen = drive("activate", "iris", "rows.csv", "--decimal-comma", "-o", "p.jsonl")
    assert seen.status == 2 and "does not support decimal commas" in seen.err
