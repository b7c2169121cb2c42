"""Peak memory of a run with 10,000,000 rows, with and without pyarrow.

.venv/bin/python benchmarks/memory_rows.py [--rounds 1]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import duration, met, options, rate, table

TITLE = "Memory for 10,000,000 rows"
ROWS = 10_000_000
LIMIT = 300

# Each program runs in a separate process, so that its peak memory is measured separately.
OURS = """
if {blocked}: import sys; sys.modules["pyarrow"] = None
from pybrain_runtime import StreamOptions, activate_file, load_knowledge
activate_file(load_knowledge({model!r}), {data!r}, {output!r}, StreamOptions(threads={threads}))
"""
PEER = """
import pyarrow as pa
from pyarrow import csv
read = csv.read_csv({data!r}).columns
csv.write_csv(pa.table([*read, *read[:3]], names=list("abcdefg")), {output!r})
"""
TO_PARQUET = """
import pyarrow as pa
from pyarrow import csv, parquet
with csv.open_csv({data!r}) as reader, parquet.ParquetWriter({output!r}, reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)
"""
ACCOUNT = """
import time
started = time.perf_counter()
{code}
seconds = time.perf_counter() - started
# Not ru_maxrss, which starts with the peak of the parent process.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(seconds, int(status["VmHWM"].split()[0]) // 1024)
"""


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=1)
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as folder:
        print(measured(Path(folder), chosen.rounds))


def measured(folder: Path, rounds: int) -> str:
    """Return the section of the report, measured with files in a folder.

    Args:
        folder: a folder for the files.
        rounds: number of measured rounds.
    """
    from csv_files import write_network, write_rows

    data, model = write_rows(folder / "rows.csv", ROWS), write_network(folder / "net.pkl")
    packed = folder / "rows.parquet"
    accounted(TO_PARQUET.format(data=str(data), output=str(packed)))

    def ours(source: Path, ending: str, *, blocked: bool = False, threads: int | None = None) -> str:
        output = str(folder / f"p{ending}")
        return OURS.format(
            blocked=blocked, model=str(model), data=str(source), output=output, threads=threads
        )

    sides: dict[str, str] = {
        "App07, CSV to CSV": ours(data, ".csv"),
        "App07, CSV to CSV, 16 threads requested": ours(data, ".csv", threads=16),
        "App07, CSV to CSV, without pyarrow": ours(data, ".csv", blocked=True),
        "App07, Parquet to Parquet": ours(packed, ".parquet"),
        "pyarrow: read_csv, write_csv, no computation": PEER.format(
            data=str(data), output=str(folder / "p.csv")
        ),
    }
    lines = []
    for name, code in sides.items():
        found = [accounted(code) for _ in range(rounds)]
        seconds, most = statistics.median(took for took, _ in found), max(mb for _, mb in found)
        target = met(most <= LIMIT) if name.startswith("App07") else ""
        lines.append([name, f"{most:,} MB", target, duration(seconds), rate(ROWS, seconds)])
    return (
        f"## {TITLE}\n\n{table(('program', 'peak memory', '≤ 300 MB', 'time', 'rows/s'), lines)}\n\n"
        f"The same files as for CSV to CSV, ten times as long ({data.stat().st_size / 1e6:,.0f} MB of CSV). Each "
        f"program runs in a separate process.\nPeak memory is Linux's VmHWM, the maximum of {rounds} "
        f"{'run' if rounds == 1 else 'runs'}."
    )


def accounted(code: str) -> tuple[float, int]:
    """Run a program, and return its duration in seconds and its peak memory in MB."""
    words = [sys.executable, "-c", ACCOUNT.format(code=code)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"a program exited with status {done.returncode}: {done.stderr.strip()[-300:]}")
    seconds, megabytes = done.stdout.split()
    return float(seconds), int(megabytes)


if __name__ == "__main__":
    main()
