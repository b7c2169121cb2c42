"""Memory does not depend on the number of rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[1] / "fixtures"
LIMIT = 300  # MB
ROWS = 2_400_000

# Runs a network, and prints the number of rows and the peak memory in MB.
PREDICT = """
import sys
if {blocked}: sys.modules["pyarrow"] = None
from pybrain_runtime import StreamOptions, activate_file, load_knowledge
options = StreamOptions(threads={threads}, skip={skip})
done = activate_file(load_knowledge({model!r}), {data!r}, {output!r}, options)
# Not ru_maxrss: that begins with what the process had that started this one.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(done.prediction.rows, done.rejected, int(status["VmHWM"].split()[0]) // 1024, done.light)
"""
# Makes rows on the fly: no file of that size is needed.
WRITE = """
import sys
block = b"".join(b"%.4f\\n" % (row / 1e4) for row in range(10_000)).replace(b"0.5000", {odd!r})
for _ in range({rows} // 10_000):
    sys.stdout.buffer.write(block)
"""


def predict(
    data: str, output: Path, *, rows: int = 0, network: str = "course", odd: bytes = b"0.5000",
    blocked: bool = False, threads: int | None = None, skip: bool = False,
) -> tuple[int, int, int, bool]:  # fmt: skip
    """Predict a file, or generated rows from a pipe; return rows, rejected rows, MB, and `light`."""
    code = PREDICT.format(
        blocked=blocked, threads=threads, skip=skip, data=data, output=str(output),
        model=str(FIXTURES / "default" / network / "currentSolution.pkl"),
    )  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", WRITE.format(rows=rows, odd=odd)], stdout=subprocess.PIPE
    ) as writer:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=writer.stdout, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    predicted, rejected, megabytes, light = done.stdout.split()
    return int(predicted), int(rejected), int(megabytes), light == "True"


@pytest.mark.parametrize("threads", [1, 16])
def test_millions_of_rows_with_pyarrow_do_not_exceed_the_memory_limit(threads: int, tmp_path: Path) -> None:
    predicted, rejected, megabytes, light = predict("-", tmp_path / "p.csv", rows=ROWS, threads=threads)
    assert (predicted, rejected, light) == (ROWS, 0, False)
    assert megabytes < LIMIT


def test_millions_of_rows_without_pyarrow_do_not_exceed_the_memory_limit(tmp_path: Path) -> None:
    predicted, rejected, megabytes, light = predict("-", tmp_path / "p.csv", rows=ROWS, blocked=True)
    assert (predicted, rejected, light) == (ROWS, 0, True)
    assert megabytes < LIMIT / 2


def test_many_rejected_rows_do_not_exceed_the_memory_limit(tmp_path: Path) -> None:
    rows = ROWS // 8
    predicted, rejected, megabytes, _ = predict("-", tmp_path / "p.csv", rows=rows, odd=b"0.5.00", skip=True)
    assert (predicted, rejected) == (rows - rows // 10_000, rows // 10_000)
    assert megabytes < LIMIT


def test_parquet_with_one_row_group_does_not_exceed_the_memory_limit(tmp_path: Path) -> None:
    columns = list(np.random.default_rng(5).normal(size=(4, ROWS)))
    table = pa.table(columns, names=["sepal_length", "sepal_width", "petal_length", "petal_width"])
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=ROWS, compression="none")
    assert (tmp_path / "rows.parquet").stat().st_size > 70 << 20
    predicted, _, megabytes, _ = predict(
        str(tmp_path / "rows.parquet"), tmp_path / "p.parquet", network="iris"
    )
    assert predicted == ROWS and parquet.read_metadata(tmp_path / "p.parquet").num_rows == ROWS
    assert megabytes < LIMIT


def test_json_lines_do_not_exceed_the_memory_limit(tmp_path: Path) -> None:
    with (tmp_path / "rows.jsonl").open("w") as file:
        for _ in range(30):
            file.writelines(f"[{number / 7}]\n" for number in range(10_000))
    predicted, _, megabytes, _ = predict(str(tmp_path / "rows.jsonl"), tmp_path / "p.jsonl")
    assert predicted == 300_000
    assert megabytes < LIMIT
