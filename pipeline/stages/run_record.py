"""The record of a run of the stack, and its text for execution_summary.txt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from common.errors import PipelineError
from common.project import PREDICTION_CSV, Layout
from pipeline.engines.base import StackEnd
from pipeline.stages.collected_files import CollectedFile
from pybrain_runtime.io.printable import in_one_line

_LONGEST_ROW = 2000
"""Maximum number of characters shown of a row; a passed-through cell may have a million."""
_LONGEST_CELL = 1 << 21
"""Maximum number of characters of a quoted cell; a longer one has an unclosed quotation mark."""


@dataclass(frozen=True)
class Run:
    """A run of the stack.

    Attributes:
        engine: the engine of the run, with its version.
        engine_name: docker or local.
        fallback: why the preferred engine, docker, was not used; empty otherwise.
        status: the exit status of the command; 0 only if the prediction of this run was verified.
        started: the time of the start.
        seconds: the duration of the run, including the verification.
        end: how the stack ended; None if it was stopped.
        error: why the run failed; None if it succeeded.
        files: the kept files, by name.
        prediction: the content of prediction.json; None if the run failed.
    """

    engine: str
    engine_name: str
    fallback: str
    status: int
    started: datetime
    seconds: float
    end: StackEnd | None
    error: PipelineError | None
    files: Mapping[str, CollectedFile]
    prediction: Mapping[str, object] | None


def verdict(run: Run) -> str:
    """Return how a run ended, in one line."""
    if run.status:
        return f"No prediction was made; the run failed with exit status {run.status}"
    engine = f"{run.engine_name} ({run.fallback})" if run.fallback else run.engine_name
    return f"Prediction made with {engine} in {run.seconds:.1f} s"


def summary(layout: Layout, run: Run) -> str:
    """Return the text of execution_summary.txt.

    Args:
        layout: the checkout.
        run: the run.
    """
    lines = [
        "Result:       " + ("prediction made" if run.status == 0 else f"FAILED, exit status {run.status}"),
        f"Exit status:  {run.status}",
        f"Engine:       {run.engine}",
        f"Started:      {run.started.isoformat(timespec='seconds')}",
        f"Seconds:      {run.seconds:.2f}",
    ]
    if run.end is not None:
        lines += [f"Command:      {run.end.command}", f"Ended with:   {run.end.status}"]
        lines += ["", "Starts and ends, in order:", *_timeline(run.end)]
    lines += ["", "Files:"]
    lines += [f"  {name:<26} {file.size:>12} bytes  sha256 {file.sha256}" for name, file in run.files.items()]
    if not run.files:
        lines.append("  none")
    if run.prediction is not None:
        lines += ["", "Prediction:", *prediction_lines(run.files[PREDICTION_CSV].path)]
    if run.error is not None:
        lines += ["", "What failed:", *(f"  {line}" for line in str(run.error).splitlines())]
    return "\n".join(lines) + "\n"


def _timeline(end: StackEnd) -> list[str]:
    events = []
    for state in end.containers:
        if state.started is None:
            events.append(
                (datetime.max.replace(tzinfo=UTC), f"{state.service} was never started: {state.remark}")
            )
            continue
        events.append((state.started, f"{state.service} started"))
        if state.ended is not None:
            remark = f" ({state.remark})" if state.remark else ""
            events.append((state.ended, f"{state.service} exited with status {state.status}{remark}"))
    return [
        f"  {'' if time.year == 9999 else time.isoformat(timespec='milliseconds'):<29}  {text}"
        for time, text in sorted(events, key=lambda event: event[0])
    ] or ["  no container was found"]


def prediction_lines(csv: Path, limit: int = 5) -> list[str]:
    """Return the first lines of a prediction as they are shown to the user.

    Args:
        csv: the prediction.
        limit: maximum number of rows.
    """
    with csv.open(encoding="utf-8", newline="") as file:
        rows = _rows_of(file)
        head = [in_one_line(row.rstrip("\r\n")) for _, row in zip(range(limit + 1), rows, strict=False)]
        remaining = sum(1 for _ in rows)
    lines = [f"  {row if len(row) <= _LONGEST_ROW else row[:_LONGEST_ROW] + '...'}" for row in head]
    return [*lines, f"  and {remaining} more rows"] if remaining else lines


def _rows_of(file: TextIO) -> Iterator[str]:
    """Yield the rows of a CSV file with their line endings; a quoted cell may span several lines."""
    row: list[str] = []
    quotes = length = 0
    for line in file:
        row.append(line)
        quotes += line.count('"')
        length += len(line)
        if quotes % 2 == 0 or length > _LONGEST_CELL:
            yield "".join(row)
            row.clear()
            quotes = length = 0
    if row:
        yield "".join(row)
