"""Print lines in UTF-8, with characters that the terminal can show, and progress if there is a terminal."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from pybrain_runtime.io.printable import printable

# ECMA-48: control sequences, strings up to their terminator, then all shorter sequences and single escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])?")
_PLAIN = {"✓": "[OK]", "✗": "[FAILED]", "–": "-", "→": "->", "·": "-", "…": "..."}


def strip_escapes(text: str) -> str:
    """Return a string without colours, cursor movements and carriage returns."""
    return _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def use_utf8() -> None:
    """Write UTF-8 to both output streams, whatever the locale or the code page is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def columns_of(stream: TextIO) -> int:
    """Return the width of a terminal in characters; 80 where it is unknown."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):  # not a terminal
        return 80


class Console:
    """Prints the lines of a command.

    Args:
        out: the stream for results and progress; None for standard output.
        err: the stream for errors; None for standard error.
        quiet: whether nothing but errors and notes is printed (``--json``: standard output is for programs).
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None, *, quiet: bool = False) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.quiet = quiet
        self.is_terminal = not quiet and self.out.isatty()

    def print(self, text: str = "") -> None:
        """Print a line."""
        if not self.quiet:
            self._write(self.out, text)

    def heading(self, text: str) -> None:
        """Print an underlined heading."""
        self.print()
        self.print(text)
        self.print("-" * len(text))

    def error(self, text: str) -> None:
        """Print an error to standard error, even when quiet."""
        self._write(self.err, f"✗ {text}")

    def note(self, text: str) -> None:
        """Print a note to standard error, even when quiet."""
        self._write(self.err, text)

    @contextmanager
    def status(self, text: str) -> Iterator[None]:
        """Show what is in progress while the block runs, and how long it took."""
        started = time.monotonic()
        with self._ticking(text, started):
            try:
                yield
            except BaseException:
                self._close(f"  ✗ {text} ({time.monotonic() - started:.1f} s)")
                raise
        self._close(f"  ✓ {text} ({time.monotonic() - started:.1f} s)")

    @contextmanager
    def _ticking(self, text: str, started: float) -> Iterator[None]:
        if not self.is_terminal:
            yield
            return
        done = threading.Event()

        def tick() -> None:
            while not done.wait(0.5):
                line = f"  … {text} ({time.monotonic() - started:.0f} s) "
                self.out.write(f"\r{line[: columns_of(self.out) - 1]}")
                self.out.flush()

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()

    def _close(self, text: str) -> None:
        if self.is_terminal:
            self.out.write("\r\x1b[K")
        self.print(text)

    def _write(self, stream: TextIO, text: str) -> None:
        text = printable(text)
        encoding = stream.encoding or "utf-8"
        try:
            text.encode(encoding)
        except (UnicodeEncodeError, LookupError):
            for mark, plain in _PLAIN.items():
                text = text.replace(mark, plain)
            text = text.encode(encoding, "replace").decode(encoding)
        stream.write(text + "\n")
        stream.flush()
