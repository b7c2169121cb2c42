"""Run programs with a binary file as input or output, and return an error message if they fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common import process
from common.errors import TimedOut


def run_with_input_file(command: Sequence[str], path: Path, *, timeout: float = 120.0) -> str:
    """Run a program with a file as its input.

    Args:
        command: the program and its arguments.
        path: the input file.
        timeout: time limit in seconds.

    Returns:
        The error message; empty if the program succeeded.
    """
    try:
        return _error_message(process.read_file(command, path, timeout=timeout))
    except TimedOut:
        return f"it took more than {timeout:g} s"


def oversized(limit: int) -> str:
    """Return the message about something that exceeds a size limit.

    Args:
        limit: the limit in bytes.
    """
    return f"it has more than {limit:,} bytes"


def run_to_output_file(command: Sequence[str], path: Path, limit: int) -> str:
    """Run a program with a file as its output.

    Args:
        command: the program and its arguments.
        path: the output file.
        limit: limit on the size of the output file in bytes.

    Returns:
        The error message; empty if the program succeeded.
    """
    completed = process.write_file(command, path, limit=limit)
    return oversized(limit) if completed is None else _error_message(completed)


def _error_message(completed: process.CompletedProgram) -> str:
    return "" if completed.ok else completed.output.strip() or "no error message"
