"""Text columns: the expected class, columns that are passed through, the predicted class."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from pybrain_runtime import Knowledge, Outcome, StreamOptions, activate_file, load_knowledge
from pybrain_runtime.errors import ActivationError, CannotResume, UsageError
from pybrain_runtime.network.model_card import Card
from pybrain_runtime.tables.column_errors import ColumnsError, MissingHeader
from pybrain_runtime.tables.text_column import TextColumn

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
LABELS = ("setosa", "versicolor", "virginica")
ROWS = (
    ("007", "5.1", "3.5", "1.4", "0.2", "setosa", 'a "b", c'),
    ("8", "5.8", "2.7", "5.1", "1.9", "setosa", "é=1"),
)
HEADER = ("id", *NAMES, "Species", "note")
TEXTS = StreamOptions(target_columns=["Species"], keep=["id", "note"])
FORMATS = ("csv", "jsonl", "parquet", "arrows")

Run = Callable[..., Outcome]


def written(path: Path, rows: Any, kind: str = "csv") -> Path:
    """Write rows in a format, with numbers as numbers if it has types."""
    if kind == "csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])
        return path
    typed = [[row[0], *map(float, row[1:5]), *row[5:]] for row in rows]
    if kind == "jsonl":
        path.write_text("".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in typed))
        return path
    table = pa.table(dict(zip(HEADER, zip(*typed, strict=True), strict=True)))
    if kind == "parquet":
        parquet.write_table(table, path)
        return path
    with ipc.new_stream(str(path), table.schema) as stream:
        stream.write_table(table)
    return path


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a prediction as text, whatever its format is."""
    if path.suffix == ".jsonl":
        return [{k: str(v) for k, v in json.loads(line).items()} for line in path.read_text().splitlines()]
    if path.suffix in (".parquet", ".arrows"):
        table = (
            parquet.read_table(path) if path.suffix == ".parquet" else ipc.open_stream(str(path)).read_all()
        )
        return [{k: str(v) for k, v in row.items()} for row in table.to_pylist()]
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def run(tmp_path: Path, flower: Knowledge) -> Run:
    """Return a function that predicts rows."""

    def run(
        data: Path, options: StreamOptions = TEXTS, output: str = "p.csv", card: Card | None = flower.card
    ) -> Outcome:
        return activate_file(flower.replace(card=card), data, tmp_path / output, options)

    return run


@pytest.mark.parametrize(
    ("source", "target"), list(itertools.product(FORMATS, [*FORMATS, "csv.gz", "jsonl.gz"]))
)
def test_every_format_reads_and_writes_text(source: str, target: str, run: Run, tmp_path: Path) -> None:
    done = run(written(tmp_path / "rows", ROWS, source), output=f"p.{target}")
    assert done.prediction.errors == {"accuracy": 0.5, "correct": 1}
    assert done.columns.summary().endswith("expected class: Species; passed through: id, note")
    if target == "jsonl.gz":
        (tmp_path / "p.jsonl").write_bytes(gzip.decompress((tmp_path / "p.jsonl.gz").read_bytes()))
        target = "jsonl"
    found = read(tmp_path / f"p.{target}")
    assert list(found[0]) == ["id", "note", *NAMES, *LABELS, "predicted_class", "expected_class"]
    assert [(row["id"], row["note"], row["sepal_length"]) for row in found] == [
        ("007", 'a "b", c', "5.1"), ("8", "é=1", "5.8"),
    ]  # fmt: skip
    assert [(row["predicted_class"], row["expected_class"]) for row in found] == [
        ("setosa", "setosa"), ("virginica", "setosa"),
    ]  # fmt: skip
    assert (tmp_path / "p.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("decimal_comma", [False, True])
@pytest.mark.parametrize("keep", [(), ("id", "note")])
def test_the_bytes_are_the_same_with_pyarrow_and_any_number_of_threads(
    keep: tuple[str, ...], decimal_comma: bool, run: Run, tmp_path: Path
) -> None:
    rows = [(str(place), *ROWS[place % 2][1:]) for place in range(9_000)]
    data = written(tmp_path / "rows", rows)
    options = TEXTS.replace(
        keep=keep, decimal_comma=decimal_comma, target_columns=["Species"] if keep else None
    )
    if not keep:
        options = options.replace(input_columns=NAMES)
    contents = set()
    for fast, threads in ((False, 1), (True, 1), (True, 3)):
        run(data, options.replace(fast=fast, threads=threads))
        contents.add((tmp_path / "p.csv").read_bytes())
    assert len(contents) == 1
    cells = contents.pop().decode().splitlines()[1].split(";" if decimal_comma else ",")
    assert ("5,1" if decimal_comma else "5.1") in cells


def test_the_card_names_the_column_with_the_class(run: Run, tmp_path: Path, flower: Knowledge) -> None:
    assert flower.card is not None
    card = flower.card.replace(class_column="Species")
    data = written(tmp_path / "rows", ROWS)
    assert run(data, StreamOptions(), card=card).prediction.errors == {"accuracy": 0.5, "correct": 1}
    assert run(data, StreamOptions()).prediction.errors is None
    assert list(read(tmp_path / "p.csv")[0])[-1] == "predicted_class"


@pytest.mark.parametrize("kind", FORMATS)
def test_an_unknown_class_is_a_bad_row(kind: str, run: Run, tmp_path: Path) -> None:
    rows = [ROWS[0], (*ROWS[1][:5], "rose", ""), (*ROWS[1][:5], "", ""), ROWS[1]]
    data = written(tmp_path / "rows", rows, kind)
    with pytest.raises(
        ActivationError, match=r"column 6 \(Species\): 'rose' is not a class of the card"
    ) as error:
        run(data)
    assert error.value.hint == "The classes of currentSolution.pkl are: setosa, versicolor, virginica."
    done = run(data, TEXTS.replace(skip=True))
    assert (done.prediction.rows, done.rejected) == (2, 2)
    rejected = (tmp_path / "p.rejected.csv").read_text()
    assert "'rose' is not a class of the card." in rejected and "the class is missing." in rejected
    assert [row["id"] for row in read(tmp_path / "p.csv")] == ["007", "8"]


def test_columns_to_keep_are_not_inputs_if_only_the_targets_are_chosen(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,x,y\n7,0.5,0.2\n")
    course = load_knowledge(Path(__file__).parents[2] / "models/course.pkl")
    activate_file(
        course, tmp_path / "rows.csv", tmp_path / "p.csv", StreamOptions(target_columns=["y"], keep=["id"])
    )
    assert list(read(tmp_path / "p.csv")[0]) == ["id", "x", "prediction", "expected", "error"]


def test_missing_columns_are_reported(run: Run, tmp_path: Path) -> None:
    data = written(tmp_path / "rows.csv", ROWS)
    with pytest.raises(ColumnsError, match="'Id' is chosen as a column to keep, but rows"):
        run(data, StreamOptions(keep=["Id"]))
    with pytest.raises(ColumnsError, match="'Kind' is chosen as a class"):
        run(data, StreamOptions(target_columns=["Kind"]))
    (tmp_path / "plain.csv").write_text("1,2,3,4\n")
    with pytest.raises(MissingHeader):
        run(tmp_path / "plain.csv", StreamOptions(keep=["id"]))


def test_without_a_card_text_columns_are_kept_beside_columns_by_position(run: Run, tmp_path: Path) -> None:
    data = written(tmp_path / "rows", ROWS)
    done = run(data, StreamOptions(keep=["id", "note", "Species"]), card=None)
    assert done.columns.inputs == (1, 2, 3, 4)
    assert list(read(tmp_path / "p.csv")[0])[:3] == ["id", "note", "Species"]


def test_names_of_the_columns_are_unique(run: Run, tmp_path: Path) -> None:
    header = "setosa,predicted_class," + ",".join(NAMES)
    (tmp_path / "rows").write_text(f"{header}\nx,y,5.1,3.5,1.4,0.2\n")
    run(tmp_path / "rows", StreamOptions(keep=["setosa", "predicted_class"], input_columns=NAMES))
    names = list(read(tmp_path / "p.csv")[0])
    assert names[:2] == ["kept_setosa", "kept_predicted_class"] and len(set(names)) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("output", ["p.csv", "p.csv.gz", "p.parquet"])
def test_an_interrupted_run_is_resumed_with_the_same_bytes(
    output: str, tmp_path: Path, flower: Knowledge
) -> None:
    rows = [
        (str(place), *ROWS[place % 2][1:5], "setosa" if place % 7 else "rose", "note " * 40)
        for place in range(15_000)
    ]
    data = written(tmp_path / "rows", rows)
    options = TEXTS.replace(skip=True, resume=True, checkpoint=0.0, fast=True)
    calls = itertools.count()

    def stop(progress: object) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        activate_file(flower, data, tmp_path / output, options, on_progress=stop)
    assert not (tmp_path / output).exists()
    for changed in ({"keep": ["id"]}, {"target_columns": None, "input_columns": NAMES}):
        with pytest.raises(CannotResume):
            activate_file(flower, data, tmp_path / output, options.replace(**changed))
    done = activate_file(flower, data, tmp_path / output, options)
    assert done.continued > 0 and done.rejected == len(range(0, 15_000, 7))
    whole = activate_file(flower, data, tmp_path / f"whole_{output}", options.replace(resume=False))
    assert (tmp_path / output).read_bytes() == (tmp_path / f"whole_{output}").read_bytes()
    assert done.prediction.errors == whole.prediction.errors
    assert done.prediction.errors is not None and done.prediction.errors["accuracy"] == pytest.approx(
        0.5, abs=0.1
    )
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_unsupported_output_options_are_refused_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    data = written(tmp_path / "rows", ROWS)
    for output, options in (("p.parquet.gz", TEXTS), ("p.jsonl", TEXTS.replace(decimal_comma=True))):
        with pytest.raises(UsageError):
            run(data, options, output)
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]


def test_strings_in_a_columnar_file_are_limited(run: Run, tmp_path: Path) -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 1_000_000]))
    table = pa.table({"note": long, **dict.fromkeys(NAMES, pa.array([1.0] * 20_000))})
    parquet.write_table(table, tmp_path / "rows")
    with pytest.raises(
        ActivationError, match=r"column 1 \(note\) holds a string of more than 4,096 characters"
    ):
        run(tmp_path / "rows", StreamOptions(keep=["note"]))
    with ipc.new_stream(str(tmp_path / "wrong"), table.schema) as stream:
        wrong = pa.DictionaryArray.from_arrays(pa.array([5, 0], pa.int32()), pa.array(["x"]), safe=False)
        stream.write_table(pa.table({"note": wrong, **dict.fromkeys(NAMES, pa.array([1.0, 1.0]))}))
    with pytest.raises(ActivationError, match="holds a string that is damaged"):
        run(tmp_path / "wrong", StreamOptions(keep=["note"]))


def test_rows_are_counted_even_if_a_column_stores_each_distinct_string_once() -> None:
    texts = ["=1+1", "plain"]
    coded = TextColumn(texts, np.array([0, 1, 0, 0]))
    assert coded.count(lambda text: text.startswith("=")) == 3 == coded.texts().count("=1+1")
    assert TextColumn(texts).count(str.isalpha) == 1
    assert TextColumn([], np.array([], int)).count(str.isalpha) == 0
