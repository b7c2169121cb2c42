"""The reader of data, model and code sources: variables with several names, hashes and formats."""

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
        path: its path in the request.
        policy: the hosts that URLs may name.
        findings: collects problems and warnings.
    """

    container: Container
    path: str
    policy: Policy
    findings: Findings

    def one(self, values: Mapping[str, str | None]) -> tuple[str, str | None]:
        """Return the path and the value of a variable with several names, which are relative to the container."""
        return one_of({f"{self.path}.{name}": value for name, value in values.items()}, self.findings)

    def hash(self, text: str | None, path: str) -> str:
        """Return a SHA-256 in lower case, or report why it is refused.

        Args:
            text: the hash in hexadecimal, optionally after ``sha256:``; None for none, which gives an empty string.
            path: the path of the hash in the request.
        """
        if text is None:
            return ""
        match = _SHA256.fullmatch(text.strip())
        if match is None:
            self.findings.refuse(
                path, f"{shown(text)} is not a valid SHA-256 hash", "Write 64 hexadecimal digits."
            )
            return ""
        return match.group(1).lower()

    def format(
        self, kind: str | None, path: str, known: Mapping[str, str], what: str, *, default: str
    ) -> str:
        """Return the format of a file, or report why it is refused.

        Args:
            kind: the name of the format; None for the default.
            path: the path of the name in the request.
            known: the formats by their names.
            what: the kind of content, for the message.
            default: the format if none is set or the name is unknown.
        """
        if kind is None:
            return default
        if kind.lower() not in known:
            self.findings.refuse(
                path, f"{shown(kind)} is not a supported format of {what}", f"Use {', '.join(known)}."
            )
            return default
        return known[kind.lower()]
