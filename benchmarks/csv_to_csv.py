"""Time from a CSV file to a CSV file, compared with pyarrow reading and writing such files without computation.

.venv/bin/python benchmarks/csv_to_csv.py [--rounds 7]
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import cores, duration, in_turns, met, options, rate, table, times

TITLE = "CSV to CSV"
ROWS = 1_000_000


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=7)
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as folder:
        print(measured(Path(folder), chosen.rounds))


def measured(folder: Path, rounds: int) -> str:
    """Return the section of the report, measured with files in a folder.

    Args:
        folder: a folder for the files.
        rounds: number of measured rounds.
    """
    import pyarrow as pa
    from csv_files import OUTPUTS, write_network, write_rows
    from pyarrow import csv

    from pybrain_runtime import StreamOptions, activate_file, load_knowledge

    rows = write_rows(folder / "rows.csv", ROWS)
    knowledge = load_knowledge(write_network(folder / "net.pkl"))
    names = [*knowledge.input_names, *knowledge.output_names]

    def ours(options: StreamOptions) -> None:
        activate_file(knowledge, rows, folder / "ours.csv", options)

    def at_once() -> None:
        read = csv.read_csv(rows).columns
        csv.write_csv(pa.table([*read, *read[:OUTPUTS]], names=names), folder / "peer.csv")

    def in_batches() -> None:
        schema = pa.schema([(name, pa.float64()) for name in names])
        with csv.open_csv(rows) as reader, csv.CSVWriter(folder / "batches.csv", schema) as writer:
            for batch in reader:
                writer.write(pa.table([*batch.columns, *batch.columns[:OUTPUTS]], schema=schema))

    sides = {
        "pyarrow: read_csv, write_csv (the whole table in memory)": at_once,
        "pyarrow: open_csv, CSVWriter (batch by batch)": in_batches,
        "App07": lambda: ours(StreamOptions()),
        "App07, one thread": lambda: ours(StreamOptions(threads=1)),
        "App07, without pyarrow": lambda: ours(StreamOptions(fast=False)),
    }
    seconds = in_turns(rounds, list(sides.values()))
    first = seconds[0]
    lines = [
        [name, duration(took), rate(ROWS, took), times(took / first), *_target(name, took / first)]
        for name, took in zip(sides, seconds, strict=True)
    ]
    sizes = [path.stat().st_size / 1e6 for path in (rows, folder / "ours.csv", folder / "peer.csv")]
    return (
        f"## {TITLE}\n\n{table(('program', 'time', 'rows/s', 'time ratio', '≤ 1.5x'), lines)}\n\n"
        f"{ROWS:,} rows. All programs read the same file of 4 columns ({sizes[0]:.0f} MB) and write 7 columns. App07 "
        f"writes the inputs\nand the outputs of a 4-8-3 network ({sizes[1]:.0f} MB). pyarrow computes nothing: it "
        f"writes the inputs and repeats three of them\n({sizes[2]:.0f} MB). App07 also hashes both files and flushes "
        f"its output to the disk (fsync). Each program may use {cores()} CPUs.\nMedians of {rounds} rounds."
    )


def _target(name: str, ratio: float) -> list[str]:
    return [met(ratio <= 1.5) if name == "App07" else ""]


if __name__ == "__main__":
    main()
