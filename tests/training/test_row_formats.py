"""Rows for training as JSON lines, Excel and Parquet: the network of CSV, and errors that name line and column."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pytest
from pyarrow import parquet

from pybrain_runtime.errors import ActivationError, MissingPackage
from tests.training.runs import IRIS, created, plane
from training.advice import OPTIONS, advice_for
from training.errors import MissingHeader, MissingValue, TrainingDataError, UnknownLabel, UnusableFeature
from training.options import TrainingOptions
from training.rows.reading import read_table
from training.scenarios import evaluate

Row = Mapping[str, object]


def rows_in(path: Path) -> list[Row]:
    """Return the rows of a CSV file, numbers as numbers."""

    def value(cell: str) -> object:
        try:
            return float(cell)
        except ValueError:
            return cell

    with path.open(encoding="utf-8", newline="") as file:
        return [{name: value(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def json_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def compressed(path: Path, rows: Sequence[object]) -> Path:
    path.write_bytes(gzip.compress(json_lines(path, rows).read_bytes(), mtime=0))
    return path


def parquet_file(path: Path, rows: Sequence[Row]) -> Path:
    parquet.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    return path


def workbook(path: Path, rows: Sequence[Row]) -> Path:
    """Write an Excel workbook; a blank row and one with formats alone follow the rows, as programs leave them."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def cell(value: object) -> str:
        text = escape(str(value))
        return (
            f"<c><v>{text}</v></c>"
            if isinstance(value, float)
            else f'<c t="inlineStr"><is><t>{text}</t></is></c>'
        )

    lines = ["".join(map(cell, line)) for line in [list(rows[0]), *(row.values() for row in rows)]]
    sheet = "".join(f'<row r="{number}">{line}</row>' for number, line in enumerate(lines, 1))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData>{sheet}<row/><row><c/><c/></row></sheetData></worksheet>',
        )
    return path


WRITERS = [
    pytest.param(json_lines, id="jsonl"), pytest.param(compressed, id="gzip"), pytest.param(parquet_file, id="parquet"),
    pytest.param(workbook, id="excel"),
]  # fmt: skip


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_each_format_gives_the_network_of_csv(
    tmp_path: Path, write: Callable[[Path, Sequence[Row]], Path], task: str
) -> None:
    source = IRIS if task == "classification" else plane(tmp_path / "plane.csv", targets=1)
    data = write(tmp_path / "rows", rows_in(source))
    created(source, tmp_path / "csv", epochs=5, name="same")
    created(data, tmp_path / "other", epochs=5, name="same")
    model = tmp_path / "other" / "currentSolution.pkl"
    assert model.read_bytes() == (tmp_path / "csv" / "currentSolution.pkl").read_bytes()
    found, expected = (
        evaluate(TrainingOptions(model=str(model), data=str(path)))["metrics"] for path in (data, source)
    )
    assert found == expected


def test_classes_as_numbers_are_the_same_in_each_format(tmp_path: Path) -> None:
    rows = [{"x": x + 0.5, "kind": float(x % 2)} for x in range(20)]
    files = [
        json_lines(tmp_path / "a", rows), parquet_file(tmp_path / "b", rows),
        json_lines(tmp_path / "c", [{**row, "kind": x % 2} for x, row in enumerate(rows)]),
        parquet_file(tmp_path / "d", [{**row, "kind": x % 2} for x, row in enumerate(rows)]),
    ]  # fmt: skip
    assert {tuple(read_table(str(path)).texts("kind")) for path in files} == {("0", "1") * 10}


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    data = workbook(tmp_path / "rows.xlsx", [{"x": 1.0, "kind": "a"}] * 20)
    data.write_bytes(data.read_bytes()[:-40])
    with pytest.raises(ActivationError, match=r"rows\.xlsx is (a damaged Excel|no Excel) workbook"):
        read_table(str(data))


def test_true_and_false_are_classes(tmp_path: Path) -> None:
    rows = [{"x": x, "z": x * x % 7, "even": x % 2 == 0} for x in range(30)]
    for number, write in enumerate((json_lines, parquet_file)):
        outcome = created(write(tmp_path / str(number), rows), tmp_path / "out", epochs=2)
        assert outcome.plan.rows.labels == ("false", "true")


ROWS: list[Row] = [{"x": x, "z": (x * 7) % 11, "kind": "even" if x % 2 == 0 else "odd"} for x in range(30)]


def changed(number: int, **values: object) -> list[Row]:
    return [{**row, **values} if at == number else row for at, row in enumerate(ROWS)]


@pytest.mark.parametrize(
    ("rows", "kind", "message"),
    [
        (changed(4, z=None), MissingValue, "rows line 5, column 2 (z): the cell is empty"),
        (changed(4, kind=None), MissingValue, "rows line 5, column 3 (kind): the cell is empty"),
        (changed(4, z="5"), TrainingDataError, "'\"5\"' on line 5 is text; the lines before it hold numbers"),
        (changed(4, kind=5), TrainingDataError, "(kind): '5' on line 5 is a number; the lines before it hold text"),
        (changed(4, z=[1]), TrainingDataError, "column 2 (z): '[1]' on line 5 is neither a number nor text"),
        (changed(4, other=1), ActivationError, "rows line 5 has different keys from the lines before it: with 'other'"),
        ([*ROWS, [1, 2, "odd"]], ActivationError, "rows line 31 does not have the same form"),
        ([[1, 2, "odd"]] * 30, MissingHeader, "rows line 1 is not a header"),
        ([{**row, "z": str(row["z"])} for row in ROWS], UnusableFeature, "The column 'z' of rows holds text"),
    ],
)  # fmt: skip
def test_invalid_json_lines_are_reported(
    tmp_path: Path, rows: Sequence[object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        created(json_lines(tmp_path / "rows", rows), tmp_path / "out")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "kind", "message"),
    [
        (changed(4, z=None), MissingValue, "rows row 5, column 2 (z): the cell is empty"),
        ([{**row, "z": float("nan")} for row in ROWS], MissingValue, "row 1, column 2 (z): 'nan' marks a"),
        ([{**row, "z": float("inf")} for row in ROWS], ActivationError, "row 1, column 2 (z): 'inf' is not a"),
        ([{**row, "z": date(2020, 1, 2)} for row in ROWS], TrainingDataError, "(z): values of type date32[day]"),
        ([{**row, "z": str(row["z"])} for row in ROWS], UnusableFeature, "The column 'z' of rows holds text"),
    ],
)  # fmt: skip
def test_invalid_parquet_is_reported(
    tmp_path: Path, rows: Sequence[Row], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        created(parquet_file(tmp_path / "rows", rows), tmp_path / "out")
    assert message in str(caught.value)


def test_an_unused_column_may_hold_anything(tmp_path: Path) -> None:
    rows = [{**row, "when": date(2020, 1, 2)} for row in ROWS]
    data = parquet_file(tmp_path / "rows", rows)
    outcome = created(data, tmp_path / "out", epochs=2, target=("kind",), features=("x", "z"))
    assert outcome.plan.rows.features == ("x", "z")


def test_an_unknown_label_is_reported_with_its_row(tmp_path: Path) -> None:
    created(parquet_file(tmp_path / "rows", ROWS), tmp_path / "out", epochs=2)
    data = parquet_file(tmp_path / "new", changed(2, kind="evn"))
    with pytest.raises(UnknownLabel, match="new row 3, column kind: the knowledge has no class 'evn'"):
        evaluate(TrainingOptions(model=str(tmp_path / "out" / "currentSolution.pkl"), data=str(data)))


@pytest.mark.slow
@pytest.mark.parametrize("stored", [True, False])
def test_a_small_parquet_file_with_much_text_is_refused(tmp_path: Path, stored: bool) -> None:
    """Two long texts in a dictionary, which 40,000 rows refer to: 4 GB of text."""
    texts = pa.DictionaryArray.from_arrays(
        pa.array([row % 2 for row in range(40_000)], pa.int32()), pa.array(["a" * 100_000, "b" * 100_000])
    )
    table = pa.table({"x": pa.array(range(40_000), pa.float64()), "kind": texts})
    with parquet.ParquetWriter(tmp_path / "rows", table.schema, store_schema=stored) as writer:
        writer.write_table(table)
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(TrainingDataError, match="rows is too large for training: the limit is 536,870,912"):
        read_table(str(tmp_path / "rows"))
    assert pa.default_memory_pool().max_memory() <= max(before, 1 << 26)


@pytest.mark.slow
def test_the_size_of_repeated_strings_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.rows.parquet_table._MOST_BYTES", 1 << 22)
    texts = pa.array([f"{'a' * 10_000}{row:03}" for row in range(600)])  # 6 MB
    parquet.write_table(
        pa.table({"x": pa.array(range(600)), "kind": texts}), tmp_path / "rows",
        use_dictionary=False, column_encoding={"kind": "DELTA_BYTE_ARRAY"}, compression="zstd",
    )  # fmt: skip
    with pytest.raises(TrainingDataError, match="rows is too large for training"):
        read_table(str(tmp_path / "rows"))


def test_every_encoding_of_text_in_parquet_is_read(tmp_path: Path) -> None:
    texts = [None if row % 7 == 0 else f"text {row % 100}" for row in range(9_000)]
    columns = {
        "plain": pa.array(texts),
        "large": pa.array(texts, pa.large_string()),
        "shared": pa.array(texts).dictionary_encode(),
        "large_shared": pa.array(texts, pa.large_string()).dictionary_encode(),
        "prefix": pa.array(texts),
        "lengths": pa.array(texts),
        "flag": pa.array([row % 2 == 0 for row in range(9_000)]),
    }
    dictionaries = ["plain", "large", "shared", "large_shared"]
    encodings = {"prefix": "DELTA_BYTE_ARRAY", "lengths": "DELTA_LENGTH_BYTE_ARRAY"}
    parquet.write_table(
        pa.table(columns), tmp_path / "rows",
        use_dictionary=dictionaries, column_encoding=encodings, row_group_size=5_000,
    )  # fmt: skip
    rows = read_table(str(tmp_path / "rows")).cells
    assert [row[-1] for row in rows[:2]] == ["true", "false"]
    assert [row[:-1] for row in rows] == [(text or "",) * 6 for text in texts]


def test_a_damaged_parquet_file_is_reported(tmp_path: Path) -> None:
    data = parquet_file(tmp_path / "rows", ROWS)
    data.write_bytes(data.read_bytes()[:-200])
    with pytest.raises(ActivationError, match="rows is a damaged Parquet file"):
        created(data, tmp_path / "out")


def test_parquet_without_pyarrow_reports_the_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pybrain_runtime.io.optional_packages.has_arrow", lambda: False)
    with pytest.raises(MissingPackage, match="Reading rows, a Parquet file, needs pyarrow"):
        created(parquet_file(tmp_path / "rows", ROWS), tmp_path / "out")


def test_advice_is_given_without_pyarrow() -> None:
    error = MissingPackage("Reading rows needs pyarrow.", packages=("pyarrow",), extra="fast")
    assert (
        advice_for(error, OPTIONS) == "Convert the rows to CSV or JSON lines, or train outside the container."
    )


@pytest.mark.slow
def test_a_table_that_would_not_fit_into_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{number}" for number in range(100_000)) + "\n1\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match=r"wide.csv has 100,000 columns; the limit is 10,000"):
        read_table(str(wide))
    rows = [{"x": number, "y": "even"} for number in range(300)]
    monkeypatch.setattr("training.rows.header._MOST_CELLS", 500)
    for make in (json_lines, compressed, parquet_file):
        path = make(tmp_path / make.__name__, rows)
        with pytest.raises(TrainingDataError, match="has 300 rows with 2 columns; the limit is 500 values"):
            read_table(str(path))
    monkeypatch.setattr("training.rows.reading._MOST_LINES", 200)
    with pytest.raises(TrainingDataError, match="too large for training: the limit is 200 lines"):
        read_table(str(compressed(tmp_path / "rows.gz", rows)))


def test_an_arrow_stream_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"\xff\xff\xff\xff" + bytes(20))
    with pytest.raises(TrainingDataError, match="rows is an Arrow stream, which training cannot read"):
        read_table(str(tmp_path / "rows"))
