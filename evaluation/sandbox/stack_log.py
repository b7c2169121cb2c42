"""Tell which service printed a line of a stack's output."""

from __future__ import annotations

import re
import time
from collections.abc import Collection

from evaluation.processes.bounded_process import CONTINUED

_LINE = re.compile(r"\s*([A-Za-z0-9._-]+?)(?:[-_]\d+)?\s+\| ?(.*)", re.DOTALL)


class StackLog:
    r"""The lines of a stack, each with the service that printed it.

    Compose writes the name of the service before each line, which ends with ``\n``. A container can print other
    characters that end a line elsewhere (carriage return, form feed, U+0085, U+2028), and lines of any length. What
    follows one of these is of the same service, also if it begins with the name of another one.

    Args:
        services: the names of the services.
        project: the name of the project, which Compose puts before each container.

    Attributes:
        lines: pairs of service and line.
        printed: when each service printed for the last time, on the clock of `time.monotonic`.
    """

    def __init__(self, services: Collection[str], project: str) -> None:
        self.lines: list[tuple[str, str]] = []
        self.printed: dict[str, float] = {}
        self._services = services
        self._project = re.compile(rf"\s*{re.escape(project)}[-_]")
        self._service = ""

    def add(self, text: str) -> None:
        """Add a line of the output.

        Args:
            text: the line; it contains line ends where a container printed carriage returns.
        """
        if not text.startswith(CONTINUED):
            match = _LINE.match(self._project.sub("", text, count=1))
            self._service = match[1] if match and match[1] in self._services else ""
            text = match[2] if match else ""
        if self._service:
            self.printed[self._service] = time.monotonic()
            self.lines += [(self._service, line) for line in text.splitlines() or [""]]
