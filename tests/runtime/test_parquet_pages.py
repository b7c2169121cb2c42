"""A small Parquet file whose pages are large is refused before a page is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from pybrain_runtime import Knowledge, read_activation
from pybrain_runtime.errors import ActivationError

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS = 9_000_000


def written(path: Path, rows: int, **options: Any) -> Path:
    column = pa.array(np.zeros(rows))
    parquet.write_table(pa.table([column] * 4, names=NAMES), path, **options)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_pages_that_are_too_large_when_decompressed_are_refused(
    tmp_path: Path, flower: Knowledge, version: str
) -> None:
    options = {
        "use_dictionary": False,
        "data_page_size": 1 << 30,
        "write_batch_size": ROWS,
        "max_rows_per_page": ROWS,
        "row_group_size": ROWS,
    }
    path = written(tmp_path / "rows.parquet", ROWS, compression="zstd", data_page_version=version, **options)
    assert path.stat().st_size < 200_000
    with pytest.raises(ActivationError, match=r"a page of each column has 288,\d{3},\d{3} bytes or more"):
        read_activation(path, flower)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zstd", "data_page_version": "2.0"},
        {"compression": "none", "row_group_size": 70, "write_statistics": False},
        {
            "compression": "snappy",
            "data_page_size": 100,
            "write_page_index": True,
            "write_page_checksum": True,
        },
        {"use_dictionary": False, "column_encoding": "BYTE_STREAM_SPLIT", "data_page_size": 200},
    ],
)
def test_ordinary_files_are_read(tmp_path: Path, flower: Knowledge, options: dict[str, Any]) -> None:
    assert len(read_activation(written(tmp_path / "rows.parquet", 1000, **options), flower).inputs) == 1000


def test_damaged_pages_are_an_error(tmp_path: Path, flower: Knowledge) -> None:
    path = written(tmp_path / "rows.parquet", 1000, compression="zstd")
    content = path.read_bytes()
    for place in range(4, 60):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x7F]) + content[place + 1 :])
        try:
            read_activation(path, flower)
        except ActivationError as error:
            assert error.message.startswith("rows.parquet "), error.message
