"""What the readers of data, models and code have in common: variables with several names, hashes and formats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.compose.building.aliases import one_of
from pipeline.compose.findings import Findings, shown
from pipeline.compose.policy import Policy
from pipeline.compose.request import Container

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class SourceReader:
    """Reads the sources of one container.

    Attributes:
        container: the container.
        path: its place in the request.
        policy: has the hosts that may be named.
        findings: where problems and warnings are reported.
    """

    container: Container
    path: str
    policy: Policy
    findings: Findings

    def one(self, values: Mapping[str, str | None]) -> tuple[str, str | None]:
        """Return the place and the value of a variable with several names, relative to the container."""
        return one_of({f"{self.path}.{name}": value for name, value in values.items()}, self.findings)

    def hash(self, text: str | None, path: str) -> str:
        """Return a SHA-256 in lower case, or report why it is refused; empty for none."""
        if text is None:
            return ""
        match = _SHA256.fullmatch(text.strip())
        if match is None:
            self.findings.refuse(path, f"{shown(text)} is no SHA-256", "Write 64 hexadecimal digits.")
            return ""
        return match.group(1).lower()

    def format(
        self, kind: str | None, path: str, known: Mapping[str, str], what: str, *, default: str
    ) -> str:
        """Return the format that a name stands for, or report why it is refused."""
        if kind is None:
            return default
        if kind.lower() not in known:
            self.findings.refuse(path, f"{shown(kind)} is no format of {what}", f"Write {', '.join(known)}.")
            return default
        return known[kind.lower()]
