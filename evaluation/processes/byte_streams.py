"""Run programs whose input or output is a binary file, and report the reason of a failure as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline import process
from pipeline.errors import TimedOut


def run_with_input_file(command: Sequence[str], path: Path, *, timeout: float = 120.0) -> str:
    """Run a program with a file as its input.

    Args:
        command: the program and its arguments.
        path: the input file.
        timeout: time limit in seconds.

    Returns:
        The error message; empty if it succeeded.
    """
    try:
        return _error_message(process.read_file(command, path, timeout=timeout))
    except TimedOut:
        return f"it took more than {timeout:g} s"


def oversized(limit: int) -> str:
    """Return the message about something that is larger than a limit.

    Args:
        limit: the limit in bytes.
    """
    return f"it has more than {limit:,} bytes"


def run_to_output_file(command: Sequence[str], path: Path, limit: int) -> str:
    """Run a program with a file as its output.

    Args:
        command: the program and its arguments.
        path: the output file.
        limit: limit on its size in bytes.

    Returns:
        The error message; empty if it succeeded.
    """
    completed = process.write_file(command, path, limit=limit)
    return oversized(limit) if completed is None else _error_message(completed)


def _error_message(completed: process.CompletedProgram) -> str:
    return "" if completed.ok else completed.output.strip() or "no error message"
