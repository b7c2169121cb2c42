"""One server for all tests of a process: the command, with the recorded networks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.project import PROJECT
from tests.serving.servers import COMMAND, Server, recorded

NOT_LATIN = "модель"
"""The name of a model that a header cannot hold as it is."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with iris as its default model, course, and the recorded networks."""
    folder = tmp_path_factory.mktemp("models")
    options = ["--model", "iris", "--model", "course"]
    for name, path in recorded().items():
        options += ["--model", str(shutil.copy(path, folder / f"{name}.pkl"))]
    options += ["--model", str(shutil.copy(PROJECT.models / "iris.pkl", folder / f"{NOT_LATIN}.pkl"))]
    command = ["-c", COMMAND, "serve", "--engine", "local", "--port", "0", *options]
    with Server(command, folder / "log") as started:
        yield started
        assert started.stop() == 0
    assert "Traceback" not in (folder / "log").read_text("utf-8")


@pytest.fixture
def iris_file() -> Path:
    """Return the file of a network with a card: four inputs, three classes."""
    return PROJECT.models / "iris.pkl"
