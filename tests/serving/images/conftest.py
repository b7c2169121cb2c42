"""One server with the network that reads digits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.servers import COMMAND, Server


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with iris as its default model, and digits."""
    log = tmp_path_factory.mktemp("digits") / "log"
    command = [
        "-c",
        COMMAND,
        "serve",
        "--engine",
        "local",
        "--port",
        "0",
        "--model",
        "iris",
        "--model",
        "digits",
    ]
    with Server(command, log) as started:
        yield started
        assert started.stop() == 0
    assert "Traceback" not in log.read_text("utf-8")
