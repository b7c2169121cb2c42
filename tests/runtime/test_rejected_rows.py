"""Invalid rows: the run ends at the first one, or skips them and reports the reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from pybrain_runtime import Knowledge, StreamOptions, activate_file
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import LARGEST_EXCERPT

FIXTURES = Path(__file__).parents[1] / "fixtures"
SKIP = StreamOptions(skip=True)

# The row in the file, the reason, and the row in the file of rejected rows.
BAD_LINES = {
    "1,2,zwei,4": "column 3 (c): 'zwei' is not a number.",
    "1,2,,4": "column 3 (c): the cell is empty.",
    "1,2,NaN,4": "column 3 (c): 'NaN' is not a finite number.",
    "1,2,1e999,4": "column 3 (c): '1e999' is out of float64 range.",
    "1,2,3": "has 3 columns; the network in currentSolution.pkl takes 4. (With the expected outputs after the "
    "inputs it would be 7.)",
    "1,2,3,4,5": "has 5 columns; the network in currentSolution.pkl takes 4. (With the expected outputs after the "
    "inputs it would be 7.)",
    '1,2,"3,4': "has a quoted cell that does not end in its line (unexpected end of data).",
    "a,b,c,d": "repeats the header.",
    "": "is blank, and rows follow.",
}


def kept(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("fast", [True, False], ids=["pyarrow", "light"])
def test_rejected_rows_are_kept_with_line_and_reason(fast: bool, tmp_path: Path, flower: Knowledge) -> None:
    good = "5.1,3.5,1.4,0.2"
    lines = ["a,b,c,d", good]
    for bad in BAD_LINES:
        lines += [bad, good]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    done = activate_file(
        flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP.replace(fast=fast, ignore_card_names=True)
    )
    assert done.rejected_path == str(tmp_path / "p.rejected.csv")
    assert kept(tmp_path / "p.rejected.csv") == [
        ["line", "reason", "row"],
        *([str(3 + 2 * place), reason, bad] for place, (bad, reason) in enumerate(BAD_LINES.items())),
    ]
    assert (done.prediction.rows, done.rejected) == (1 + len(BAD_LINES), len(BAD_LINES))
    report = json.loads((tmp_path / "p.json").read_text())
    assert report["activation"]["rows"] == done.prediction.rows
    assert report["activation"]["rejected"] == len(BAD_LINES)
    assert report["activation"]["rejected_file"] == "p.rejected.csv"
    answers = set((tmp_path / "p.csv").read_text().splitlines()[1:])
    assert len(answers) == 1


def test_without_skip_the_first_invalid_row_is_an_error(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("1,2,3,4\n1,2,x,4\n1,2,y,4\n")
    with pytest.raises(ActivationError, match="line 2, column 3: 'x' is not a number"):
        activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_invalid_utf8_is_escaped(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_bytes(b"1,2,3,4\n1,\xe4,3,4\n")
    activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP)
    assert kept(tmp_path / "p.rejected.csv")[1] == [
        "2", "is not UTF-8: byte 0xe4 at position 3 of the line.", r"1,\xe4,3,4"
    ]  # fmt: skip


def test_json_lines_are_rejected_with_the_reason(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.jsonl").write_text('[1, 2, 3, 4]\n{"a": 1}\n[1, 2, null, 4]\n\n[1\n[4, 3, 2, 1]\n')
    done = activate_file(flower, tmp_path / "rows.jsonl", tmp_path / "p.jsonl", SKIP)
    assert kept(tmp_path / "p.rejected.csv")[1:] == [
        ["2", "does not have the same form as the lines before it.", '{"a": 1}'],
        ["3", "column 3: the value is missing (null).", "[1, 2, null, 4]"],
        ["4", "is blank, and rows follow.", ""],
        ["5", "is not JSON: Expecting ',' delimiter: line 1 column 3 (char 2).", "[1"],
    ]
    assert done.prediction.rows == 2


def test_rows_of_parquet_are_rejected_by_their_number(tmp_path: Path, flower: Knowledge) -> None:
    columns = [pa.array([1.0, 2.0, 3.0, 4.0])] * 3 + [pa.array([1.0, None, float("inf"), 4.0])]
    parquet.write_table(pa.table(columns, names=list("abcd")), tmp_path / "rows.parquet")
    done = activate_file(
        flower, tmp_path / "rows.parquet", tmp_path / "p.csv", SKIP.replace(ignore_card_names=True)
    )
    assert kept(tmp_path / "p.rejected.csv")[1:] == [
        ["2", "column 4 (d): the value is missing (null).", "2.0,2.0,2.0,nan"],
        ["3", "column 4 (d): inf is not a finite number.", "3.0,3.0,3.0,inf"],
    ]
    assert done.prediction.rows == 2


def test_without_rejected_rows_the_old_file_is_removed(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("1,2,3,4\n1,2,x,4\n")
    assert activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP).rejected == 1
    assert (tmp_path / "p.rejected.csv").exists()
    (tmp_path / "rows.csv").write_text("1,2,3,4\n1,2,3,4\n")
    done = activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP)
    assert (done.rejected, done.rejected_path) == (0, None)
    assert done.prediction.report["activation"]["rejected_file"] is None  # type: ignore[index]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.csv", "p.json", "rows.csv"]


def test_a_file_without_valid_rows_is_an_error(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("a,b,c,d\n1,2,x,4\n1,2,y,4\n")
    with pytest.raises(ActivationError) as caught:
        activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP.replace(ignore_card_names=True))
    assert str(caught.value) == ("rows.csv has no valid row.\n  Line 2: column 3 (c): 'x' is not a number.")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_blank_lines_at_the_end_are_not_rejected(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("1,2,3,4\n\n1,2,3,4\n\n \n\n1,2,3,4\n\n\n")
    done = activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP)
    assert kept(tmp_path / "p.rejected.csv")[1:] == [
        ["2", "is blank, and rows follow.", ""],
        ["4", "is blank, as are all up to line 6, and rows follow.", ""],
    ]
    assert done.rejected == 2


def test_a_long_rejected_row_is_shortened(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("1,2,3,4\n1,2,3," + "x" * 100_000 + "\n")
    activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP)
    assert len(kept(tmp_path / "p.rejected.csv")[1][2]) == LARGEST_EXCERPT


def test_a_row_with_a_bad_expected_output_is_rejected_too(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("1,2,3,4,0,0,1\n1,2,3,4,0,0,\n1,2,3,4,0,0,0\n")
    done = activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", SKIP)
    assert kept(tmp_path / "p.rejected.csv")[1][1] == "column 7: the cell is empty."
    assert done.prediction.errors is not None and done.prediction.rows == 2


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 4])
def test_many_rejected_rows_in_many_chunks_are_in_order(
    threads: int, tmp_path: Path, flower: Knowledge
) -> None:
    numbers = np.random.default_rng(3).normal(size=(60_000, 4)).round(4)
    lines = [",".join(map(repr, row)) for row in numbers.tolist()]
    bad = range(10, 60_000, 997)
    for row in bad:
        lines[row] = f"bad,{row},0,0"
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    options = SKIP.replace(threads=threads, fast=True)
    done = activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", options)
    assert done.rejected == len(bad)
    assert [row[2] for row in kept(tmp_path / "p.rejected.csv")[1:]] == [f"bad,{row},0,0" for row in bad]
    assert [row[0] for row in kept(tmp_path / "p.rejected.csv")[1:]] == [str(row + 1) for row in bad]
    answered = np.loadtxt(tmp_path / "p.csv", delimiter=",", skiprows=1, usecols=range(7))
    assert (answered[:, :4] == np.delete(numbers, list(bad), axis=0)).all()
