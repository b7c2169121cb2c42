"""Servers of the API for the tests: the command in separate processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundles.servers import certificates
from tests.serving.servers import COMMAND, Server


def control(folder: Path, *options: str) -> Server:
    """Return a server whose audit log and log are in a folder."""
    audit = str(folder / "audit.jsonl")
    return Server(["-c", COMMAND, "control", "--port", "0", "--audit-log", audit, *options], folder / "log")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server without keys and rate limits that may fetch files from this machine."""
    folder = tmp_path_factory.mktemp("control")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in certificates().items():
            patch.setitem(os.environ, name, value)
        started = control(folder, "--rate", "none", "--bundle-rate", "none", "--allow-source", "localhost")
    with started:
        yield started
        assert started.stop() == 0
    assert "Traceback" not in (folder / "log").read_text("utf-8")
