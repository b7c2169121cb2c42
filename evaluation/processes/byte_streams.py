"""Programs that read or write bytes by the file: what `pipeline.process` does for lines of text."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

CHUNK = 1024 * 1024


def from_file(command: Sequence[str], path: Path, *, timeout: float = 120.0) -> str:
    """Runs a program that reads a file; returns what it complained of, or nothing."""
    with path.open("rb") as file:
        try:
            done = subprocess.run(command, stdin=file, capture_output=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return f"it took more than {timeout:g} s"
    return "" if done.returncode == 0 else _said(done.stderr)


def into_file(command: Sequence[str], path: Path, most: int) -> str:
    """Runs a program whose output goes into a file, up to a size; returns what it complained of, or nothing."""
    with (
        path.open("wb") as file,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as program,
    ):
        assert program.stdout is not None and program.stderr is not None
        written = 0
        while chunk := program.stdout.read(CHUNK):
            written += len(chunk)
            if written > most:
                program.kill()
                return "it holds more than it may"
            file.write(chunk)
        said = program.stderr.read()
        return "" if program.wait() == 0 else _said(said)


def _said(stream: bytes) -> str:
    return stream.decode("utf-8", "replace").strip() or "no reason given"
