"""Assign the lines of a stack's output to the services that printed them."""

from __future__ import annotations

import re
import time
from collections.abc import Collection

from evaluation.processes.bounded_process import CONTINUED

_LINE = re.compile(r"\s*([A-Za-z0-9._-]+?)(?:[-_]\d+)?\s+\| ?(.*)", re.DOTALL)


class StackLog:
    r"""The lines of a stack, each with the service that printed it.

    Compose prefixes each line with the name of the service; a line ends with ``\n``. A container can print other
    line separators (carriage return, form feed, U+0085, U+2028) and lines of any length. Text after one of these
    separators belongs to the same service, even if it begins with the name of another service.

    Args:
        services: the names of the services.
        project: the name of the project, with which Compose prefixes container names.

    Attributes:
        lines: pairs of service and line.
        printed: the time of each service's last output, on the clock of `time.monotonic`.
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
            text: the line; it contains line feeds where a container printed carriage returns.
        """
        if not text.startswith(CONTINUED):
            match = _LINE.match(self._project.sub("", text, count=1))
            self._service = match[1] if match and match[1] in self._services else ""
            text = match[2] if match else ""
        if self._service:
            self.printed[self._service] = time.monotonic()
            self.lines += [(self._service, line) for line in text.splitlines() or [""]]
