"""Runs all measurements one after the other, and writes docs/benchmarks.md with the machine named.

    .venv/bin/python benchmarks/all.py

Takes some minutes; let the machine do nothing else. A script that is not there yet is named as missing.
`pipeline_stack.py` is not among them: it needs a container engine.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from measure import cores, machine

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
EACH = ("batched_rows", "float32_rows")
"""What is measured with one thread, and with as many as there are processors."""
SCRIPTS = (*EACH, "one_row", "csv_to_csv", "memory_rows", "start", "loading")
HEAD = """# Benchmarks

Written by `.venv/bin/python benchmarks/all.py` on {date}.

Machine: {machine}.

Both sides of a comparison take turns in one run; medians are given, and the ratios are what carries over to
another machine. The aims are stated in each table; no test asserts a time. Figures of PyBrain itself were recorded
once, on the same machine.
"""


def section(name: str, *words: str) -> str:
    """Run a script and return its output; the error of one that fails has its name and last line."""
    script = HERE / f"{name}.py"
    if not script.exists():
        return f"## {name}\n\nNot measured: benchmarks/{name}.py is not there yet."
    done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"## {name}\n\nNot measured: benchmarks/{name}.py ended with status {done.returncode}: {last}"
    return done.stdout.strip()


def main() -> None:
    """Measures, prints and writes."""
    parts = [HEAD.format(date=datetime.now(UTC).strftime("%Y-%m-%d"), machine=machine()).strip()]
    runs = [(name,) for name in SCRIPTS]
    if cores() > 1:
        runs += [(name, "--threads", str(cores())) for name in EACH]
    for run in runs:
        print(" ".join(run), "...", file=sys.stderr, flush=True)
        parts.append(section(*run))
        print(parts[-1], end="\n\n", flush=True)
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
