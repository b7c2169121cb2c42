"""What a person sees: lines in UTF-8, marks that every terminal can show, progress where someone watches."""

from __future__ import annotations

import io
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from pybrain_runtime._io.printable import printable

# ECMA-48: control sequences, strings up to their end, then every shorter sequence; a lone escape goes as well.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])?")
_PLAIN = {"✓": "[OK]", "✗": "[FAILED]", "–": "-", "→": "->", "·": "-", "…": "..."}


def without_escapes(text: str) -> str:
    """`text` as it would read on paper: no colours, no cursor movements, no carriage returns."""
    return _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def speak_utf8() -> None:
    """Makes this process write UTF-8 everywhere, also where a pipe or an old code page says otherwise."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


class Console:
    """Writes the lines of a driver.

    Args:
        out: where results and progress go.
        err: where errors go.
        quiet: say nothing but errors (used with ``--json``, where standard output is for the machine).
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None, *, quiet: bool = False) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.quiet = quiet
        self.watched = not quiet and self.out.isatty()

    def say(self, text: str = "") -> None:
        """One line."""
        if not self.quiet:
            self._write(self.out, text)

    def title(self, text: str) -> None:
        """The head of a stage."""
        self.say()
        self.say(text)
        self.say("-" * len(text))

    def complain(self, text: str) -> None:
        """An error, on the error stream, also when quiet."""
        self._write(self.err, f"✗ {text}")

    def remark(self, text: str) -> None:
        """Something to know that is no error, on the error stream, also when quiet."""
        self._write(self.err, text)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Shows that something is going on, and how long it took."""
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
        if not self.watched:
            yield
            return
        done = threading.Event()

        def tick() -> None:
            while not done.wait(0.5):
                self.out.write(f"\r  … {text} ({time.monotonic() - started:.0f} s) ")
                self.out.flush()

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()

    def _close(self, text: str) -> None:
        if self.watched:
            self.out.write("\r\x1b[K")
        self.say(text)

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
