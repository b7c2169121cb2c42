"""A guard that stops the fuzzer when the tested code has side effects."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

_FORBIDDEN = (
    "compile", "exec", "import", "marshal.", "os.", "pickle.", "shutil.", "signal.", "socket.", "subprocess.",
    "sys._", "tempfile.", "urllib.", "ctypes.", "code.", "builtins.breakpoint", "builtins.input",
)  # fmt: skip
_READING = (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND)


class Crossed(BaseException):
    """Something was executed, imported or opened for writing; the tested code cannot catch this exception."""


class Guard:
    """Watch the audit events of the interpreter while a job runs.

    Audit hooks see every import, every opened file and every started process, whatever code causes it.
    """

    def __init__(self) -> None:
        self._on = False
        sys.addaudithook(self._hook)

    def warm_up(self, job: Callable[[bytes], None], corpus: Path) -> None:
        """Run a job over the seeds without the guard, so that lazy imports are done.

        The fuzzer then reads the same seeds with the guard.

        Args:
            job: the job, which takes the content of a file.
            corpus: the folder of seeds.
        """
        for path in sorted(corpus.iterdir()):
            job(path.read_bytes())

    def watch(self, job: Callable[[], None]) -> None:
        """Run a job; anything but computing and reading files raises ``Crossed``."""
        self._on = True
        try:
            job()
        finally:
            self._on = False

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._on:
            return
        writes = event == "open" and isinstance(arguments[2], int) and any(arguments[2] & f for f in _READING)
        if writes or event.startswith(_FORBIDDEN):
            self._on = False
            raise Crossed(f"{event} {arguments!r}")
