"""Start the program that sends a run to MLflow during training, and wait for it for a limited time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from training.tracking.advice import send_later

_OUTPUT_LIMIT = 1 << 16
_GRACE = 2.0


class Sender:
    """The program that sends a run; it exits when training has ended and everything has been sent.

    Args:
        folder: the folder of the results, with the record.
        uri: the address of the server.
        process: the process of the program; None if it could not be started.
    """

    def __init__(self, folder: Path, uri: str, process: subprocess.Popen[bytes] | None) -> None:
        self._folder = folder
        self._uri = uri
        self._process = process

    @classmethod
    def start(cls, folder: Path, uri: str) -> Self:
        """Start the program.

        Args:
            folder: the folder of the results, with the record.
            uri: the address of the server.
        """
        # -P: do not import a module `training` from the working directory.
        command = [sys.executable, "-P", "-m", "training.tracking.send", "--follow", str(folder)]
        try:
            # Only training handles Ctrl-C; the program detects the end of training by the end of its standard input.
            process = subprocess.Popen(
                command,
                env={**os.environ, "MLFLOW_TRACKING_URI": uri},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("APP07_DEBUG") == "1" else subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return cls(folder, uri, None)
        return cls(folder, uri, process)

    def finish(self, wait: float) -> str:
        """Wait until everything has been sent, and return the message to show.

        Args:
            wait: maximum time to wait in seconds, after which the program is terminated.
        """
        if self._process is None:
            return self._unsent("The program that sends the run could not be started.")
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(wait)
            otherwise = f"The program that sends the run exited with status {self._process.returncode}."
        except subprocess.TimeoutExpired:
            self._end()
            otherwise = f"MLflow at {self._uri} did not accept everything within {wait:g} s."
        sent, text = self._last_line()
        return text if sent else self._unsent(text or otherwise)

    def _last_line(self) -> tuple[bool, str]:
        """Return whether the program has sent everything, and its message; empty without one."""
        assert self._process is not None and self._process.stdout is not None
        with self._process.stdout as stream:
            output = stream.read(_OUTPUT_LIMIT).decode(errors="replace").splitlines()
        try:
            result = json.loads(output[-1])
            return result["sent"] is True, str(result["text"])
        except (IndexError, ValueError, KeyError, TypeError):
            return False, ""

    def _unsent(self, reason: str) -> str:
        return f"{reason} {send_later(self._folder)}"

    def _end(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
