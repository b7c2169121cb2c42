"""Files of every format are read and written, with the same predictions."""

from __future__ import annotations

import csv
import gzip
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import (
    ActivationStream,
    Knowledge,
    StreamOptions,
    activate_file,
    load_knowledge,
    read_activation,
)
from pybrain_runtime.errors import ActivationError, KnowledgeError, UsageError
from pybrain_runtime.io.input_file import BLOCK
from pybrain_runtime.tables.formats.csv.arrow_parser import csv_lines
from pybrain_runtime.tables.formats.csv.writer import CsvWriter

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS = np.random.default_rng(8).normal(size=(300, 4)).round(3) + 3
Written = Callable[..., Path]


def as_csv(rows: np.ndarray, names: list[str] = NAMES, mark: str = ",") -> str:
    lines = [mark.join(names)] if names else []
    return "\n".join([*lines, *(mark.join(map(repr, row)) for row in rows.tolist())]) + "\n"


def as_json_lines(rows: np.ndarray, names: list[str] = NAMES) -> str:
    return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows.tolist())


def as_parquet(path: Path, rows: np.ndarray, names: list[str] = NAMES, **options: Any) -> Path:
    parquet.write_table(pa.table(list(rows.T.copy()), names=names), path, **options)
    return path


INPUTS: dict[str, Callable[[Path], Path]] = {
    "csv": lambda folder: put(folder / "rows.csv", as_csv(ROWS)),
    "tsv": lambda folder: put(folder / "rows.tsv", as_csv(ROWS, mark="\t")),
    "csv.gz": lambda folder: put(folder / "rows.csv.gz", gzip.compress(as_csv(ROWS).encode())),
    "jsonl": lambda folder: put(folder / "rows.jsonl", as_json_lines(ROWS)),
    "jsonl.gz": lambda folder: put(folder / "rows.bin", gzip.compress(as_json_lines(ROWS).encode())),
    "parquet": lambda folder: as_parquet(folder / "rows.parquet", ROWS),
}


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(path: Path) -> tuple[list[str], np.ndarray]:
    """Return names and numbers of a prediction in any format, without the class."""
    if path.suffix == ".parquet":
        found = parquet.read_table(path)
        columns = dict(zip(found.column_names, found.columns, strict=True))
        columns.pop("predicted_class", None)
        return list(columns), np.column_stack([column.to_numpy() for column in columns.values()])
    with path.open(newline="", encoding="utf-8") as file:
        rows = [*map(json.loads, file)] if path.suffix == ".jsonl" else [*csv.DictReader(file)]
    for row in rows:
        row.pop("predicted_class", None)
    return list(rows[0]), np.array([[float(cell) for cell in row.values()] for row in rows])


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("fast", [True, False])
def test_every_format_is_read_and_written(
    kind: str, ending: str, fast: bool, tmp_path: Path, flower: Knowledge
) -> None:
    data = INPUTS[kind](tmp_path)
    output = tmp_path / f"prediction{ending}"
    done = activate_file(flower, data, output, StreamOptions(fast=fast))
    names, numbers = table(output)
    assert names == [*NAMES, "setosa", "versicolor", "virginica"]
    assert (numbers[:, :4] == ROWS).all()
    assert numbers[:, 4:].tobytes() == flower.activate(ROWS).tobytes()
    report = json.loads((tmp_path / "prediction.json").read_text())
    assert report == done.prediction.report
    assert report["activation"]["rows"] == report["prediction"]["rows"] == done.prediction.rows == 300
    assert report["activation"]["file"] == data.name
    assert report["activation"]["size"] == data.stat().st_size
    assert report["prediction"]["size"] == output.stat().st_size
    left = {path.name for path in tmp_path.iterdir()} - {data.name}
    assert left == {output.name, "prediction.json"}


def test_hashes_are_those_of_the_stored_files(tmp_path: Path, flower: Knowledge) -> None:
    import hashlib

    for kind, make in INPUTS.items():
        data = make(tmp_path)
        for ending in (".csv", ".jsonl", ".parquet"):
            output = tmp_path / f"p{ending}"
            report = activate_file(flower, data, output).prediction.report
            for part, path in (("activation", data), ("prediction", output)):
                assert report[part]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest(), (kind, ending)  # type: ignore[index]


def test_the_content_decides_the_input_format(tmp_path: Path, flower: Knowledge) -> None:
    for content in (as_csv(ROWS), as_json_lines(ROWS), gzip.compress(as_csv(ROWS).encode())):
        data = put(tmp_path / "rows.parquet", content)
        activation = read_activation(data, flower)
        assert (activation.inputs == ROWS).all()
    as_parquet(tmp_path / "rows.csv", ROWS)
    assert (read_activation(tmp_path / "rows.csv", flower).inputs == ROWS).all()


@pytest.mark.parametrize("kind", INPUTS)
def test_expected_outputs_and_selected_columns_work_in_every_format(
    kind: str, tmp_path: Path, flower: Knowledge
) -> None:
    rows = np.hstack([ROWS, np.eye(3)[np.arange(300) % 3]])
    outputs = ["setosa", "versicolor", "virginica"]
    names = [*NAMES, *outputs]
    if kind == "parquet":
        data = as_parquet(tmp_path / "rows", rows, names)
    else:
        text = (
            as_json_lines(rows, names)
            if "jsonl" in kind
            else as_csv(rows, names, "\t" if kind == "tsv" else ",")
        )
        data = put(tmp_path / "rows", gzip.compress(text.encode()) if kind.endswith("gz") else text)
    whole = read_activation(data, flower)
    assert whole.targets is not None and (whole.targets == rows[:, 4:]).all()
    swapped = read_activation(
        data, flower, input_columns=NAMES[::-1], target_columns=outputs[::-1], ignore_card_names=True
    )
    assert (swapped.inputs == ROWS[:, ::-1]).all()
    assert swapped.targets is not None and (swapped.targets == rows[:, :3:-1]).all()
    done = activate_file(
        flower, data, tmp_path / "p.csv", StreamOptions(input_columns=NAMES, target_columns=outputs)
    )
    assert done.prediction.errors is not None and done.prediction.errors["mse"] is not None


# The fast way and the light way are the same way.


def big_csv(path: Path, rows: int = 60_000) -> Path:
    numbers = np.random.default_rng(4).normal(size=(rows, 4)) * 10.0 ** np.random.default_rng(5).integers(
        -8, 12, size=(rows, 4)
    )
    numbers[::7] = np.round(numbers[::7])
    return put(path, as_csv(numbers))


def test_the_output_is_the_same_with_any_number_of_threads(tmp_path: Path) -> None:
    np.random.seed(3)
    knowledge = load_knowledge(put(tmp_path / "net.pkl", pickle.dumps(buildNetwork(4, 9, 3), 2)))
    data = big_csv(tmp_path / "rows.csv")
    assert data.stat().st_size > 3 * BLOCK
    light = activate_file(knowledge, data, tmp_path / "light.csv", StreamOptions(fast=False))
    assert light.light == (data.stat().st_size > 4 * BLOCK)  # said only of files that are large
    expected = (tmp_path / "light.csv").read_bytes()
    for threads in (1, 2, 5):
        activate_file(knowledge, data, tmp_path / "fast.csv", StreamOptions(fast=True, threads=threads))
        assert (tmp_path / "fast.csv").read_bytes() == expected
    put(tmp_path / "rows.gz", gzip.compress(data.read_bytes()))
    activate_file(knowledge, tmp_path / "rows.gz", tmp_path / "gz.csv", StreamOptions(fast=True))
    assert (tmp_path / "gz.csv").read_bytes() == expected


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30))
def test_every_format_writes_the_same_numbers(rows: list[tuple[float, float]]) -> None:
    array = np.array(rows, dtype=np.float64)
    plain = CsvWriter(["a", "b"]).encode([array])
    assert bytes(csv_lines([array[:, 0], array[:, 1]])) == bytes(plain)


def test_every_format_writes_numbers_of_every_size_equally() -> None:
    random = np.random.default_rng(1)
    bits = random.integers(0, 1 << 64, 100_000, dtype=np.uint64).view(np.float64)
    sizes = random.normal(size=100_000) * 10.0 ** random.integers(-25, 25, 100_000)
    edges = [m * 10.0**e for e in range(-30, 30) for m in (1, 9.999999999999999, 0.1, 1.5, -1, 123456789.125)]
    whole = np.concatenate([np.round(sizes), random.integers(-(10**17), 10**17, 1_000).astype(float)])
    for numbers in (bits, sizes, np.round(sizes, 3), whole, np.array(edges), np.array([0.0, -0.0])):
        plain = CsvWriter(["a"]).encode([numbers[:, None]])
        assert bytes(csv_lines([numbers])) == bytes(plain)


ODD = st.sampled_from(
    ["", " ", "nan", "inf", "1e999", "1_0", "x", " 2 ", "+3", "4.", ".5", '"6"', '"7', '""8', '"9"0',
     ' "1"', '"1" ', '"1""', '""', '"', "7,5", "1e5", "-", "1e",
     "\u0661", "0x10", "1d5", "1.5f", "--1", "1 2", "NULL", "null", "NA", "true", "\t1", "١", "1\x00"]
)  # fmt: skip
CELLS = st.one_of(st.floats(allow_nan=False, allow_infinity=False).map(repr), ODD)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=2), min_size=1, max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.booleans(),
    st.sampled_from([b"\n", b"", b"\n\n"]),
)
def test_both_csv_readers_agree_on_any_content(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    mark: str,
    end: str,
    skip: bool,
    last: bytes,
) -> None:
    path = tmp_path_factory.mktemp("odd") / "a.csv"
    path.write_bytes(end.join(mark.join(row) for row in rows).encode("utf-8") + last)
    knowledge = load_knowledge(FIXTURES / "default/course/currentSolution.pkl")
    found = [read_outputs(path, knowledge, fast, skip) for fast in (False, True)]
    assert found[0] == found[1]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("head", [",".join(NAMES) + "\n", ""])
def test_the_last_line_needs_no_newline(fast: bool, head: str, tmp_path: Path, flower: Knowledge) -> None:
    data = put(tmp_path / "a.csv", f"{head}1,2,3,4")
    done = activate_file(flower, data, tmp_path / "p.csv", StreamOptions(fast=fast))
    assert (done.prediction.rows, table(tmp_path / "p.csv")[1][0, :4].tolist()) == (1, [1, 2, 3, 4])


def read_outputs(path: Path, knowledge: Knowledge, fast: bool, skip: bool) -> object:
    try:
        with ActivationStream(path, knowledge, fast=fast, skip=skip) as stream:
            parts, left_out = [], []
            for chunk in stream.chunks():
                rows = stream.parse(chunk)
                left_out += [(row.line, row.reason, row.text) for row in stream.accept(rows)]
                parts.append(
                    (
                        [*map(tuple, rows.inputs.tolist())],
                        None if rows.targets is None else rows.targets.tolist(),
                    )
                )
            stream.finish()
            return parts, left_out, stream.rows, stream.rejected, stream.header, stream.file.sha256
    except ActivationError as error:
        return str(error)


def test_an_error_does_not_depend_on_the_chunk(tmp_path: Path, flower: Knowledge) -> None:
    lines = as_csv(np.tile(ROWS, (200, 1))).splitlines()
    assert len("\n".join(lines)) > 1.2 * BLOCK
    for place in (1, 2_000, 50_000, 60_000):
        wrong = lines.copy()
        wrong[place] = "1,2,zwei,4"
        data = put(tmp_path / "rows.csv", "\n".join(wrong))
        for fast in (True, False):
            for threads in (1, 3):
                with pytest.raises(ActivationError) as caught:
                    activate_file(flower, data, tmp_path / "p.csv", StreamOptions(fast=fast, threads=threads))
                assert caught.value.message == (
                    f"rows.csv line {place + 1}, column 3 (petal_length): 'zwei' is not a number."
                )
                assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


# gzip.


def test_an_archive_may_have_several_members_and_padding(tmp_path: Path, flower: Knowledge) -> None:
    text = as_csv(ROWS).encode()
    packed = gzip.compress(text[:1_000]) + gzip.compress(b"") + gzip.compress(text[1_000:]) + bytes(512)
    assert (read_activation(put(tmp_path / "a.gz", packed), flower).inputs == ROWS).all()


BROKEN = {
    "cut off": lambda packed: packed[:-12],
    "cut off in its header": lambda packed: packed[:6],
    "with another byte in it": lambda packed: packed[:200] + bytes([packed[200] ^ 255]) + packed[201:],
    "with something behind it": lambda packed: packed + b"more",
    "with a wrong sum": lambda packed: packed[:-8] + bytes(8),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_damaged_archive_is_an_error(how: str, tmp_path: Path, flower: Knowledge) -> None:
    data = put(tmp_path / "a.csv.gz", BROKEN[how](gzip.compress(as_csv(ROWS).encode())))
    with pytest.raises(ActivationError, match=r"a\.csv\.gz is a damaged gzip archive: ") as caught:
        read_activation(data, flower)
    assert caught.value.status == 65


def test_an_archive_in_an_archive_is_refused(tmp_path: Path, flower: Knowledge) -> None:
    data = put(tmp_path / "a.gz", gzip.compress(gzip.compress(as_csv(ROWS).encode())))
    with pytest.raises(ActivationError, match=r"a\.gz is compressed twice"):
        read_activation(data, flower)


def test_a_highly_compressed_archive_is_read_in_bounded_memory(tmp_path: Path, line: Knowledge) -> None:
    import tracemalloc

    data = put(tmp_path / "a.gz", gzip.compress(b"0.5\n" * 5_000_000))
    assert data.stat().st_size < 100_000
    with ActivationStream(data, line, fast=True) as stream:
        tracemalloc.start()
        count = sum(len(inputs) for inputs, _ in stream)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 5_000_000 and peak < 20 * BLOCK


# JSON lines.


def test_json_arrays_need_no_names(tmp_path: Path, flower: Knowledge) -> None:
    data = put(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS.tolist()))
    activation = read_activation(data, flower)
    assert (activation.inputs == ROWS).all() and activation.input_names == ()
    activate_file(flower, data, tmp_path / "p.jsonl")
    assert table(tmp_path / "p.jsonl")[0][:4] == NAMES  # the card's


def test_the_order_of_the_keys_does_not_matter(tmp_path: Path, flower: Knowledge) -> None:
    rows = ['{"sepal_length": 1, "sepal_width": 2, "petal_length": 3, "petal_width": 4}',
            '{"petal_width": 4.5, "sepal_width": 2, "petal_length": 3e0, "sepal_length": 1}', "", " "]  # fmt: skip
    activation = read_activation(put(tmp_path / "a", "\n".join(rows)), flower)
    assert activation.inputs.tolist() == [[1, 2, 3, 4], [1, 2, 3, 4.5]]


def test_blank_lines_before_the_first_row_are_ignored(tmp_path: Path, flower: Knowledge) -> None:
    for start in ("\n", "\t\n\n \t", " " * 3_000 + "\n"):
        activation = read_activation(put(tmp_path / "a", f"{start}[1, 2, 3, 4]"), flower)
        assert activation.inputs.tolist() == [[1, 2, 3, 4]]
    with pytest.raises(ActivationError, match="line 3 is not JSON"):
        read_activation(put(tmp_path / "a", "\t\n\n\x0b["), flower)


FIRST = '{"sepal_length": 1, "sepal_width": 2, "petal_length": 3, "petal_width": 4}'
JSON_MISTAKES = {
    FIRST.replace("3", "null"): "line 2, column 3 (petal_length): the value is missing (null).",
    FIRST.replace("3", '"3"'): "line 2, column 3 (petal_length): '\"3\"' is not a number.",
    FIRST.replace("3", "true"): "line 2, column 3 (petal_length): 'true' is not a number.",
    FIRST.replace("3", "[1]"): "line 2, column 3 (petal_length): '[1]' is not a number.",
    FIRST.replace("3", "1e999"): "line 2, column 3 (petal_length): 'inf' is out of float64 range.",
    FIRST.replace("3", "1" + "0" * 400): "line 2, column 3 (petal_length): '1000",
    FIRST.replace("3", "NaN"): "line 2 is not JSON: NaN is not a finite number.",
    FIRST[:-1]: "line 2 is not JSON: Expecting ',' delimiter",
    "{}": "line 2 is neither an object nor an array of numbers.",
    "7": "line 2 is neither an object nor an array of numbers.",
    "[1, 2, 3, 4]": "line 2 does not have the same form as the lines before it.",
    FIRST.replace("petal_width", "x"): (
        "line 2 has different keys from the lines before it: without 'petal_width' and with 'x'."
    ),
    FIRST.replace("}", ', "more": 1}'): "line 2 has different keys from the lines before it: with 'more'.",
    FIRST.replace("}", ', "sepal_width": 9}'): "line 2 has the key 'sepal_width' twice.",
    FIRST.replace("}", ', "sepal\\u005fwidth": 2}'): "line 2 has the key 'sepal_width' twice.",
    FIRST.replace("petal_width", "petal_length"): "line 2 has the key 'petal_length' twice.",
    FIRST.replace("}", ', "\\u001b[2J": 1, "\\u001b[2J": 1}'): "line 2 has the key '\\x1b[2J' twice.",
    "": "line 2 is blank, and rows follow it.",
    "[" * 100_000: "line 2 is not JSON: ",
}  # fmt: skip


@pytest.mark.parametrize("text", JSON_MISTAKES, ids=lambda text: text[:20])
def test_errors_in_json_lines_are_reported_with_the_line(
    text: str, tmp_path: Path, flower: Knowledge
) -> None:
    data = put(tmp_path / "rows.jsonl", f"{FIRST}\n{text}\n{FIRST}\n")
    with pytest.raises(ActivationError) as caught:
        read_activation(data, flower)
    assert caught.value.message.startswith(f"rows.jsonl {JSON_MISTAKES[text]}"), caught.value.message
    assert caught.value.line == 2


def test_a_duplicate_key_in_the_first_line_is_refused(tmp_path: Path, flower: Knowledge) -> None:
    text = FIRST.replace("}", ', "sepal_width": 9}')
    with pytest.raises(ActivationError, match=r"rows\.jsonl line 1 has the key 'sepal_width' twice\."):
        read_activation(put(tmp_path / "rows.jsonl", f"{text}\n{FIRST}\n"), flower)


def test_a_line_with_a_duplicate_key_can_be_skipped(tmp_path: Path, flower: Knowledge) -> None:
    text = FIRST.replace("}", ', "sepal_width": 9}')
    data = put(tmp_path / "rows.jsonl", f"{FIRST}\n{text}\n{FIRST}\n")
    done = activate_file(flower, data, tmp_path / "p.csv", StreamOptions(skip=True))
    assert (done.prediction.rows, done.rejected) == (2, 1)
    assert (
        (tmp_path / "p.rejected.csv")
        .read_text()
        .startswith("line,reason,row\n2,has the key 'sepal_width' twice.")
    )


def test_json_lines_that_do_not_fit_are_refused_with_the_expected_columns(
    tmp_path: Path, flower: Knowledge
) -> None:
    with pytest.raises(
        ActivationError, match=r"line 1 has 2 columns; the network in currentSolution\.pkl takes 4"
    ):
        read_activation(put(tmp_path / "a", "[1, 2]\n"), flower)
    with pytest.raises(ActivationError, match="line 2 has 3 columns"):
        read_activation(put(tmp_path / "a", "[1, 2, 3, 4]\n[1, 2, 3]\n"), flower)
    with pytest.raises(ActivationError, match="line 1 is not JSON"):
        read_activation(put(tmp_path / "a", '[\n{"a": 1}\n]\n'), flower)


def test_values_that_json_does_not_have_are_null(tmp_path: Path) -> None:
    np.random.seed(1)
    knowledge = load_knowledge(put(tmp_path / "net.pkl", pickle.dumps(buildNetwork(1, 2, 1), 2)))
    knowledge = knowledge.replace(network=with_huge_weights(knowledge))
    activate_file(knowledge, put(tmp_path / "a.csv", "1\n2\n"), tmp_path / "p.jsonl")
    rows = [json.loads(text) for text in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert rows == [{"input": 1.0, "prediction": None}, {"input": 2.0, "prediction": None}]


def with_huge_weights(knowledge: Knowledge) -> Any:
    connections = tuple(
        connection.replace(parameters=np.full(connection.parameters.size, 1e308))
        if connection.parameters is not None
        else connection
        for connection in knowledge.network.connections
    )
    return knowledge.network.replace(connections=connections)


# Parquet.


@pytest.mark.parametrize(
    "kind", [pa.float32(), pa.float64(), pa.int8(), pa.int64(), pa.uint16(), pa.decimal128(22, 3)]
)
def test_columns_of_every_numeric_type_are_read(kind: pa.DataType, tmp_path: Path, flower: Knowledge) -> None:
    values = [pa.array([1, 2, 3]).cast(kind) for _ in NAMES]
    parquet.write_table(pa.table(values, names=NAMES), tmp_path / "a.parquet")
    activation = read_activation(tmp_path / "a.parquet", flower)
    assert activation.inputs.tolist() == [[1.0] * 4, [2.0] * 4, [3.0] * 4]


def test_the_output_does_not_depend_on_row_groups(tmp_path: Path, flower: Knowledge) -> None:
    rows = np.tile(ROWS, (300, 1))
    as_parquet(tmp_path / "one.parquet", rows)
    as_parquet(tmp_path / "many.parquet", rows, row_group_size=1_000)
    contents = []
    for name in ("one", "many"):
        activate_file(flower, tmp_path / f"{name}.parquet", tmp_path / "p.csv", StreamOptions(threads=3))
        contents.append(table(tmp_path / "p.csv")[1])
    np.testing.assert_allclose(contents[0], contents[1], rtol=1e-12)
    assert len(contents[0]) == 90_000


PARQUET_MISTAKES = {
    "nothing": ([1.0, None, 3.0], "row 2, column 3 (petal_length): the value is missing (null)."),
    "no number": ([1.0, 2.0, float("nan")], "row 3, column 3 (petal_length): nan is not a finite number."),
    "infinity": ([-float("inf"), 2.0, 3.0], "row 1, column 3 (petal_length): -inf is not a finite number."),
}


@pytest.mark.parametrize("how", PARQUET_MISTAKES)
def test_errors_in_parquet_are_reported_with_row_and_column(
    how: str, tmp_path: Path, flower: Knowledge
) -> None:
    values, message = PARQUET_MISTAKES[how]
    columns = [pa.array([1.0, 2.0, 3.0])] * 4
    columns[2] = pa.array(values)
    parquet.write_table(pa.table(columns, names=NAMES), tmp_path / "rows.parquet")
    with pytest.raises(ActivationError) as caught:
        read_activation(tmp_path / "rows.parquet", flower)
    assert caught.value.message == f"rows.parquet {message}"


def test_text_columns_in_parquet_are_refused_before_reading(tmp_path: Path, flower: Knowledge) -> None:
    columns = [pa.array([1.0]), pa.array(["x"]), pa.array([1.0]), pa.array([1.0])]
    parquet.write_table(pa.table(columns, names=NAMES), tmp_path / "a.parquet")
    with pytest.raises(
        ActivationError, match=r"column 2 \(sepal_width\): its values are of type string, not numbers"
    ):
        read_activation(tmp_path / "a.parquet", flower)


def test_parquet_that_does_not_fit_or_is_damaged_is_refused(tmp_path: Path, flower: Knowledge) -> None:
    as_parquet(tmp_path / "a.parquet", ROWS[:, :2], NAMES[:2])
    with pytest.raises(ActivationError, match=r"has 2 columns; the network in currentSolution\.pkl takes 4"):
        read_activation(tmp_path / "a.parquet", flower)
    as_parquet(tmp_path / "a.parquet", ROWS)
    put(tmp_path / "a.parquet", (tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(ActivationError, match=r"a\.parquet is a damaged Parquet file: "):
        read_activation(tmp_path / "a.parquet", flower)
    as_parquet(tmp_path / "a.parquet", ROWS[:0])
    with pytest.raises(ActivationError, match=r"a\.parquet has a header and no rows"):
        read_activation(tmp_path / "a.parquet", flower)


# Standard input, and a machine without pyarrow.

PROGRAM = """
import sys
if {blocked}: sys.modules["pyarrow"] = None
from pybrain_runtime import StreamOptions, activate_file, load_knowledge
from pybrain_runtime.errors import PipelineError
try:
    done = activate_file(load_knowledge({model!r}), {data!r}, {output!r}, StreamOptions(fast={fast}))
    print(done.prediction.rows, done.light)
except PipelineError as error:
    print(error.status, error)
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., str]:
    def run(
        data: object, output: str, *, fast: bool | None = None, blocked: bool = False, piped: bytes = b""
    ) -> str:
        model = str(FIXTURES / "default/iris/currentSolution.pkl")
        code = PROGRAM.format(
            model=model, data=str(data), output=str(tmp_path / output), fast=fast, blocked=blocked
        )
        done = subprocess.run([sys.executable, "-c", code], input=piped, capture_output=True, check=True)
        return done.stdout.decode()

    return run


@pytest.mark.parametrize("kind", ["csv", "jsonl", "csv.gz"])
def test_rows_from_standard_input_are_predicted(
    kind: str, program: Callable[..., str], tmp_path: Path, flower: Knowledge
) -> None:
    content = INPUTS[kind](tmp_path).read_bytes()
    assert program("-", "p.csv", piped=content) == "300 False\n"
    assert table(tmp_path / "p.csv")[1][:, 4:].tobytes() == flower.activate(ROWS).tobytes()
    report = json.loads((tmp_path / "p.json").read_text())
    assert report["activation"]["file"] == "standard input" and report["activation"]["size"] == len(content)


def test_the_output_does_not_depend_on_the_writes_to_a_pipe(
    tmp_path: Path, program: Callable[..., str]
) -> None:
    content = big_csv(tmp_path / "rows.csv", 30_000).read_bytes()
    program(tmp_path / "rows.csv", "whole.csv")
    code = PROGRAM.format(
        model=str(FIXTURES / "default/iris/currentSolution.pkl"),
        data="-",
        output=str(tmp_path / "piped.csv"),
        fast=None,
        blocked=False,
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        for start in range(0, len(content), 77_777):
            process.stdin.write(content[start : start + 77_777])
            process.stdin.flush()
        process.communicate()
    assert (tmp_path / "piped.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_parquet_from_standard_input_is_refused(program: Callable[..., str], tmp_path: Path) -> None:
    content = INPUTS["parquet"](tmp_path).read_bytes()
    assert program("-", "p.csv", piped=content).startswith(
        "65 standard input is a Parquet file, which cannot be streamed.\n  Pass the name of the file"
    )


def test_large_files_are_read_without_pyarrow(program: Callable[..., str], tmp_path: Path) -> None:
    data = big_csv(tmp_path / "rows.csv", 70_000)
    assert data.stat().st_size > 4 * BLOCK
    assert program(data, "light.csv", blocked=True) == "70000 True\n"
    assert program(data, "fast.csv") == "70000 False\n"
    assert (tmp_path / "light.csv").read_bytes() == (tmp_path / "fast.csv").read_bytes()


def test_without_pyarrow_parquet_is_refused_with_advice(program: Callable[..., str], tmp_path: Path) -> None:
    data = INPUTS["parquet"](tmp_path)
    assert program(data, "p.csv", blocked=True) == (
        "69 Reading rows.parquet, a Parquet file, needs pyarrow, which is not installed.\n"
    )
    said = program(INPUTS["csv"](tmp_path), "p.parquet", blocked=True)
    assert said.startswith("69 Writing ") and said.endswith("needs pyarrow, which is not installed.\n")
    assert program(INPUTS["csv"](tmp_path), "p.csv", blocked=True, fast=True).startswith(
        "69 Reading fast needs pyarrow"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.parquet"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_small_file_imports_no_large_library(kind: str, tmp_path: Path) -> None:
    data = INPUTS[kind](tmp_path)
    code = (
        "import sys\n"
        "from pybrain_runtime import activate_file, load_knowledge\n"
        f"activate_file(load_knowledge({str(FIXTURES / 'default/iris/currentSolution.pkl')!r}), "
        f"{str(data)!r}, {str(tmp_path / 'p.csv')!r})\n"
        "print('pyarrow' in sys.modules, 'concurrent.futures' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


# Recurrent networks, precision, scaling.


def test_the_rows_of_a_recurrent_network_are_one_sequence_over_all_chunks(tmp_path: Path) -> None:
    knowledge = load_knowledge(FIXTURES / "networks/rnn_bn_lstm_peep/net.p2.pkl")
    rows = np.random.default_rng(3).normal(size=(28_000, knowledge.indim))
    data = put(tmp_path / "rows.csv", as_csv(rows, []))
    assert data.stat().st_size > BLOCK
    activate_file(knowledge, data, tmp_path / "p.csv", StreamOptions(threads=4, fast=True))
    numbers = table(tmp_path / "p.csv")[1]
    assert numbers[:, knowledge.indim :].tobytes() == knowledge.activate(rows).tobytes()


def test_float32_is_used_on_request_and_reported(tmp_path: Path, flower: Knowledge) -> None:
    data = INPUTS["csv"](tmp_path)
    done = activate_file(flower, data, tmp_path / "p.csv", StreamOptions(precision="float32"))
    assert done.prediction.report["prediction"]["precision"] == "float32"  # type: ignore[index]
    found, expected = table(tmp_path / "p.csv")[1][:, 4:], flower.activate(ROWS)
    assert 0 < np.abs(found - expected).max() < 1e-5
    exact = activate_file(flower, data, tmp_path / "p.csv")
    assert exact.prediction.report["prediction"]["precision"] == "float64"  # type: ignore[index]


def test_the_prediction_cannot_have_the_path_of_the_report(tmp_path: Path, flower: Knowledge) -> None:
    data = INPUTS["csv"](tmp_path)
    with pytest.raises(UsageError, match="is the path of the report; choose another extension"):
        activate_file(flower, data, tmp_path / "p.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv"]


def wrapped(tmp_path: Path, **companions: object) -> Knowledge:
    np.random.seed(6)
    net = buildNetwork(2, 3, 1)
    return load_knowledge(put(tmp_path / "wrapped.pkl", pickle.dumps({"network": net, **companions}, 2)))


def test_companions_scale_if_they_are_selected(tmp_path: Path) -> None:
    knowledge = wrapped(
        tmp_path,
        x_min=-2.0,
        x_max=6.0,
        mean=np.array([1.0, 2.0]),
        std=np.array([3.0, 4.0]),
        y_min=10,
        y_max=30,
    )
    rows = np.array([[0.0, 1.0], [2.0, -3.0]])
    plain = knowledge.activate(rows)
    assert (plain == knowledge.compiled.run(rows)).all() and knowledge.scaling == "none"
    by_range = knowledge.scaled_by(inputs="x_min..x_max", outputs="y_min..y_max")
    np.testing.assert_allclose(
        by_range.activate(rows), knowledge.compiled.run((rows + 2) / 8) * 20 + 10, rtol=1e-15
    )
    assert by_range.scaling == "inputs by x_min..x_max, outputs by y_min..y_max"
    by_mean = knowledge.scaled_by(inputs="mean, std")
    np.testing.assert_allclose(
        by_mean.activate(rows), knowledge.compiled.run((rows - [1, 2]) / [3, 4]), rtol=1e-15
    )
    data = put(tmp_path / "a.csv", "0,1\n2,-3\n")
    done = activate_file(by_range, data, tmp_path / "p.csv")
    assert done.prediction.report["scaling"] == "inputs by x_min..x_max, outputs by y_min..y_max"
    assert table(tmp_path / "p.csv")[1][:, 2].tolist() == by_range.activate(rows)[:, 0].tolist()


SCALING_MISTAKES = {
    "x_min": "'x_min' is not a valid scaling rule.",
    "..x_max": "'..x_max' is not a valid scaling rule.",
    "a,b,c": "'a,b,c' is not a valid scaling rule.",
    "x_min..nope": "'nope' not found beside the network in wrapped.pkl; found: x_min, x_max, words, three.",
    "x_min..words": "'words' beside the network in wrapped.pkl must be one finite number, or 2 of them.",
    "x_min..three": "'three' beside the network in wrapped.pkl must be one finite number, or 2 of them.",
    "x_min..x_min": "The scaling rule x_min..x_min of wrapped.pkl divides by 0.",
}


@pytest.mark.parametrize("rule", SCALING_MISTAKES)
def test_errors_in_scaling_options_are_reported(rule: str, tmp_path: Path) -> None:
    knowledge = wrapped(tmp_path, x_min=-2.0, x_max=6.0, words="much", three=[1.0, 2.0, 3.0])
    knowledge = knowledge.replace(
        companions={
            **{k: v for k, v in knowledge.companions.items() if "." not in k},
            "three": np.arange(3.0),
        }
    )
    with pytest.raises((UsageError, KnowledgeError)) as caught:
        knowledge.scaled_by(inputs=rule)
    assert str(caught.value).startswith(SCALING_MISTAKES[rule])


def test_a_card_and_companions_cannot_both_scale(tmp_path: Path, flower: Knowledge) -> None:
    assert flower.scaling == "card"
    with pytest.raises(UsageError, match=r"The card of currentSolution\.pkl already has a scaling"):
        flower.scaled_by(inputs="a..b")
    bare = flower.without_scaling()
    assert bare.scaling == "none" and bare.output_names == flower.output_names
    assert (bare.activate(ROWS) == flower.compiled.run(ROWS)).all()
    with pytest.raises(UsageError, match="has no model card with a scaling"):
        bare.without_scaling()


DOCUMENTS = {
    "of objects": '[{"a": 1, "b": 2, "c": 3, "d": 4}]\n',
    "of arrays": "[[1, 2, 3, 4], [1, 2, 3, 4]]\n",
    "over several lines": '[\n  {"a": 1, "b": 2, "c": 3, "d": 4}\n]\n',
    "longer than a line may be": "[" + ", ".join(["[1, 2, 3, 4]"] * 100_000) + "]",
    "by columns": '{"a": {"0": 1}, "b": {"0": 2}}\n',
    "that is an object over several lines": '{\n"rows": []\n}\n',
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_one_json_document_is_not_json_lines(case: str, tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.json").write_text(DOCUMENTS[case])
    with pytest.raises(ActivationError, match="line 1 is not JSON by itself: one document") as error:
        read_activation(tmp_path / "rows.json", flower.replace(card=None))
    assert "Write each row on a line of its own: jq -c '.[]'" in error.value.hint


def test_overlong_numbers_and_deep_values_are_bad_rows(tmp_path: Path, flower: Knowledge) -> None:
    for depth in (1, 900, 950, *range(960, 1000)):
        deep = "[" * depth + "]" * depth
        (tmp_path / "rows.json").write_text(f"[1, 2, 3, 4]\n[1, 2, 3, {deep}]\n[1, 2, 3, {'1' * 5000}]\n")
        done = activate_file(flower, tmp_path / "rows.json", tmp_path / "p.csv", StreamOptions(skip=True))
        assert (done.prediction.rows, done.rejected) == (1, 2)
    reasons = (tmp_path / "p.rejected.csv").read_text()
    assert "a number has too many digits" in reasons
