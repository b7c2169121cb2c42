"""Programs that read a file or write one, with the reason of a failure as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline import process
from pipeline.errors import TimedOut


def from_file(command: Sequence[str], path: Path, *, timeout: float = 120.0) -> str:
    """Run a program that reads a file.

    Args:
        command: the program and its arguments.
        path: the file.
        timeout: seconds until it is ended.

    Returns:
        Why it failed; empty if it did not.
    """
    try:
        return _reason(process.read_file(command, path, timeout=timeout))
    except TimedOut:
        return f"it took more than {timeout:g} s"


def into_file(command: Sequence[str], path: Path, most: int) -> str:
    """Run a program whose output goes to a file.

    Args:
        command: the program and its arguments.
        path: the file.
        most: the most bytes of output.

    Returns:
        Why it failed; empty if it did not.
    """
    ended = process.write_file(command, path, limit=most)
    return "it holds more than it may" if ended is None else _reason(ended)


def _reason(ended: process.Ended) -> str:
    return "" if ended.ok else ended.output.strip() or "no reason given"
