"""Arrow streams are read in bounded memory, and a damaged one is an error."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc

from pybrain_runtime import Knowledge, activate_file, read_activation
from pybrain_runtime.errors import ActivationError, PipelineError

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS = np.random.default_rng(8).normal(size=(300, 4)).round(3) + 3


def stream(columns: dict[str, Any], *, compression: str | None = None, rows: int = 128) -> bytes:
    table = pa.table(columns)
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema, options=ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def columns(**others: Any) -> dict[str, Any]:
    return dict(zip(NAMES, ROWS.T.copy(), strict=True)) | others


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_stream_is_read_and_written(tmp_path: Path, flower: Knowledge, compression: str | None) -> None:
    others = {"note": ["x"] * 300, "nested": [[n] for n in range(300)]}
    data = put(tmp_path / "rows", stream(columns(**others), compression=compression))
    activate_file(flower, data, tmp_path / "prediction.arrows")
    found = ipc.open_stream(str(tmp_path / "prediction.arrows")).read_all()
    assert found.column_names == [*NAMES, "setosa", "versicolor", "virginica", "predicted_class"]
    numbers = np.column_stack([column.to_numpy() for column in found.columns[:-1]])
    assert numbers.tobytes() == np.column_stack([ROWS, flower.activate(ROWS)]).tobytes()


def test_dictionaries_integers_and_decimals_are_numbers(tmp_path: Path, flower: Knowledge) -> None:
    values = {
        "sepal_length": pa.array([1.5, 2.5, 1.5]).dictionary_encode(),
        "sepal_width": pa.array([1, 2, 3], pa.uint8()),
        "petal_length": pa.array(["1.25", "2.5", "3.75"]).cast(pa.decimal128(5, 2)),
        "petal_width": pa.array([1, 2, 3], pa.float32()),
    }
    rows = read_activation(put(tmp_path / "rows", stream(values)), flower).inputs
    assert rows.tolist() == [[1.5, 1, 1.25, 1], [2.5, 2, 2.5, 2], [1.5, 3, 3.75, 3]]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1.0] * 130 + [None] + [1.0] * 169, r"rows row 131, column 4 \(petal_width\): the value is missing \(null\)"),
        ([1.0, float("nan")] + [1.0] * 298, r"rows row 2, column 4 \(petal_width\): nan is not a finite number"),
        (["text"] * 300, r"column 4 \(petal_width\): its values are of type string, not numbers"),
        ([[1.0]] * 300, r"column 4 \(petal_width\): its values are of type list<.*>, not numbers"),
        (pa.nulls(300), r"column 4 \(petal_width\): its values are of type null, not numbers"),
        (
            pa.DictionaryArray.from_arrays(pa.array([0] * 299 + [9], pa.int8()), pa.array([1.0]), safe=False),
            "rows is a damaged Arrow stream: Index 9 out of bounds",
        ),
    ],
)  # fmt: skip
def test_a_value_that_is_not_a_finite_number_is_an_error(
    tmp_path: Path, flower: Knowledge, column: Any, message: str
) -> None:
    data = put(tmp_path / "rows", stream(columns(petal_width=column)))
    with pytest.raises(ActivationError, match=message):
        read_activation(data, flower)


def test_a_batch_that_declares_a_huge_decompressed_length_is_refused(
    tmp_path: Path, flower: Knowledge
) -> None:
    content = stream(columns(), compression="zstd")
    size, frame = struct.pack("<q", 128 * 8), b"\x28\xb5\x2f\xfd"
    assert content.count(size + frame) == 8
    for huge in (1 << 29, 1 << 62, -5):
        data = put(tmp_path / "rows", content.replace(size + frame, struct.pack("<q", huge) + frame))
        with pytest.raises(
            ActivationError, match=r"rows has a batch of [0-9,]+ bytes, decompressed; the limit is"
        ):
            read_activation(data, flower)


@pytest.mark.slow
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_damaged_stream_is_an_error_and_not_a_crash(
    tmp_path: Path, flower: Knowledge, compression: str | None
) -> None:
    draw = random.Random(3)
    content = stream(columns(), compression=compression)
    for number in range(150):
        damaged = bytearray(content[: draw.randrange(len(content))] if number % 3 == 0 else content)
        for _ in range(min(len(damaged), 3)):
            damaged[draw.randrange(len(damaged))] = draw.choice((0, 127, 128, 255))
        try:
            read_activation(put(tmp_path / "rows", bytes(damaged)), flower)
        except PipelineError:
            continue


def test_a_name_that_is_not_text_is_an_error(tmp_path: Path, flower: Knowledge) -> None:
    content = stream(columns()).replace(b"sepal_width", b"sepal_\xff\xff\xff\xff\xff")
    with pytest.raises(ActivationError, match="a column whose name is not UTF-8"):
        read_activation(put(tmp_path / "rows", content), flower)
