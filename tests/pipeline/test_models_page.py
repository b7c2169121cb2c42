"""The commands of models/README.md work as shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from common.project import PROJECT

PAGE = (PROJECT.root / "models" / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_every_network_runs_on_the_rows_listed_for_it(
    drive: Callable[..., Any], checkout: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(checkout.root)
    table = re.findall(r"^\| `(\w+\.pkl)` \|.*\| ((?:`[^`]+`(?:, )?)+) \|$", PAGE, re.MULTILINE)
    assert len(table) == 3
    for network, rows in table:
        for file in re.findall(r"`([^`]+)`", rows):
            seen = drive("activate", f"models/{network}", file, "-o", "out.csv")
            assert (seen.status, seen.err) == (0, "")


def test_the_commands_use_rows_that_match_the_network(
    drive: Callable[..., Any], checkout: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(checkout.root)
    commands = re.findall(r"^python App07\.py (.*)$", PAGE, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command)
        words = words if words[0] == "activate" else ["prepare", *words]  # the stage that checks the rows
        assert drive(*words).status == 0
    compose = re.search(r"^MODEL_NAME=(\S+) DATA_PATH=(\S+) docker-compose", PAGE, re.MULTILINE)
    assert compose is not None
    monkeypatch.setenv("MODEL_NAME", compose[1])
    monkeypatch.setenv("DATA_PATH", compose[2])
    assert drive("prepare").status == 0
