"""Damaged Parquet files are an error, and never end the process: pyarrow's own metadata would."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pybrain_runtime import Knowledge, read_activation
from pybrain_runtime.errors import ActivationError
from training.rows.reading import read_table

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ABORTING = (b"%\x02\x18\x0csepal_length", b"%\x00\x18\x0csepal_length")
"""A column that has a level for missing values, and the same without one; the size statistics remain."""
PAGES = b"&H&\x08"
"""Where the pages of a column begin: the data at 36, the dictionary at 4."""
TOUCH = "import sys; from pyarrow import parquet; parquet.read_metadata(sys.argv[1]).row_group(0).column(0)"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    parquet.write_table(pa.table([pa.array([0.0, 1.0])] * 4, names=NAMES), tmp_path / "rows")
    return tmp_path / "rows"


def damage(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


@pytest.mark.slow
def test_a_file_that_crashes_pyarrow_is_an_error(rows: Path, flower: Knowledge) -> None:
    damage(rows, *ABORTING)
    assert subprocess.run([sys.executable, "-c", TOUCH, rows], capture_output=True).returncode < 0
    with pytest.raises(ActivationError, match="rows is a damaged Parquet file: "):
        read_activation(rows, flower)
    with pytest.raises(ActivationError, match="rows is a damaged Parquet file: "):
        read_table(str(rows))


@pytest.mark.parametrize("name", [b"sepal_length", b"petal_width"])
def test_a_name_that_is_not_utf_8_is_an_error(rows: Path, flower: Knowledge, name: bytes) -> None:
    damage(rows, name, b"\xff" + name[1:])
    with pytest.raises(
        ActivationError, match=r"^rows (is a damaged Parquet file: |has a column whose name is not UTF-8)"
    ):
        read_activation(rows, flower)


@pytest.mark.parametrize("position", [-4, 1 << 62])
def test_a_page_at_an_impossible_position_is_an_error(rows: Path, flower: Knowledge, position: int) -> None:
    content = rows.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    assert PAGES in content[footer:]
    new = content[footer:-8].replace(PAGES, (b"&" + zigzag(position)) * 2)
    rows.write_bytes(content[:footer] + new + len(new).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(ActivationError, match="rows is a damaged Parquet file: "):
        read_activation(rows, flower)


def zigzag(number: int) -> bytes:
    """Return a number in Thrift's compact protocol."""
    value = (number << 1) ^ (number >> 63)
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes((*parts, value))


@pytest.mark.slow
def test_random_damage_is_an_error_or_harmless(rows: Path, flower: Knowledge) -> None:
    content, source = rows.read_bytes(), random.Random(1)
    for _ in range(200):
        damaged = bytearray(content)
        damaged[source.randrange(4, len(content))] = source.randrange(256)
        rows.write_bytes(damaged)
        try:
            read_activation(rows, flower)
        except ActivationError:
            continue
