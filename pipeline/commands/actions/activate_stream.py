"""`activate -o -`: the prediction on standard output."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from pipeline.commands.base.command import Context
from pybrain_runtime import Knowledge, Outcome, StreamOptions, activate_file

_MOST_LINES = 20


def activate_to_standard_output(
    context: Context, knowledge: Knowledge, data: str, options: StreamOptions
) -> Outcome:
    """Predict all rows, then write the prediction to standard output.

    The prediction is a temporary file until it is complete, so that a reader gets all rows or none.

    Args:
        context: the command's context.
        knowledge: the network.
        data: the file with the rows.
        options: the options of the run.

    Raises:
        PipelineError: see ``activate_file``; nothing has been written.
        BrokenPipeError: the reader has closed standard output.
    """
    with tempfile.TemporaryDirectory(prefix="app07-") as folder:
        outcome = activate_file(knowledge, data, Path(folder) / "prediction.csv", options)
        if outcome.rejected_path:
            _show_rejected(context, Path(outcome.rejected_path), outcome.rejected)
        if warning := outcome.prediction.warning():
            context.console.note(warning)
        sys.stdout.flush()
        with Path(outcome.prediction.path).open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return outcome


def _show_rejected(context: Context, path: Path, count: int) -> None:
    """Print the first rejected rows with their reasons to standard error; the file with all of them is not kept."""
    with path.open(encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line, _ in zip(file, range(_MOST_LINES + 1), strict=False)]
    rows = "1 row" if count == 1 else f"{count:,} rows"
    context.console.note(f"{rows} rejected (line, reason, row):")
    for line in lines[1:]:
        context.console.note(f"  {line}")
    if count > _MOST_LINES:
        context.console.note("  ... (-o FILE keeps all in FILE.rejected.csv)")
