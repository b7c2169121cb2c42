"""A command that a test runs in its own process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from common.project import Layout
from pipeline.cli import execute, parse


@dataclass(frozen=True)
class Driven:
    """The result of a command: exit status and both output streams."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def driven(capsys: pytest.CaptureFixture[str], layout: Layout, *words: str) -> Driven:
    """Run a command in a checkout, and return what it printed."""
    capsys.readouterr()
    status = execute(parse(list(words)), layout)
    said = capsys.readouterr()
    return Driven(status, said.out, said.err)
