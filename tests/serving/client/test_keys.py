"""API keys: the client sends them, and says what they lack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from access_control.key_file import write_key_file
from access_control.keys import Key, sha256_of
from access_control.rates import Rate
from app07_client import AccessDenied, App07Client, Unavailable
from common.project import PROJECT
from pipeline.cli import main
from pybrain_runtime import load_knowledge
from tests.serving.client.callers import blocking
from tests.serving.servers import COMMAND, Server

KEYS = (
    Key("rows", sha256_of("rows"), frozenset({"predict"})),
    Key("slow", sha256_of("slow"), frozenset({"predict"}), Rate(1, "h")),
)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that needs keys."""
    folder = tmp_path_factory.mktemp("keys")
    write_key_file(folder / "keys.json", KEYS)
    options = ["--model", "iris", "--keys", str(folder / "keys.json")]
    with Server(
        ["-c", COMMAND, "serve", "--engine", "local", "--port", "0", *options], folder / "log"
    ) as server:
        yield server


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize("rows", [1, 800])
def test_a_key_with_the_predict_scope_is_sufficient(guarded: Server, rows: int) -> None:
    values = np.random.RandomState(3).rand(rows, 4)
    expected = load_knowledge(PROJECT.models / "iris.pkl").activate(values).tobytes()
    with App07Client(url(guarded), "rows") as client:
        assert client.predict(values).predictions.tobytes() == expected
        assert client.predict(values, "iris").predictions.tobytes() == expected
        assert client.ready()
        with pytest.raises(AccessDenied) as caught:
            client.models()
    assert (caught.value.status, caught.value.code) == (403, "missing_scope")


@pytest.mark.slow
def test_the_problem_with_a_key_is_reported(
    guarded: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, code in ((None, "missing_key"), ("wrong-key", "invalid_key")):
        with pytest.raises(AccessDenied) as caught:
            blocking(url(guarded), "predict", [[1, 2, 3, 4]], api_key=key)
        assert (caught.value.status, caught.value.code) == (401, code)
        assert "wrong-key" not in str(caught.value)
    (tmp_path / "rows.csv").write_text("1,2,3,4\n", encoding="utf-8")
    words = ["predict", "--url", url(guarded), str(tmp_path / "rows.csv"), "-o", str(tmp_path / "out.csv")]
    assert main(words) == 69
    assert "Specify the API key with --api-key-file or APP07_API_KEY." in capsys.readouterr().err
    (tmp_path / "key").write_text("rows\n", encoding="utf-8")
    assert main([*words, "--api-key-file", str(tmp_path / "key")]) == 0


@pytest.mark.slow
def test_a_rate_that_is_used_up_ends_the_call_at_once(guarded: Server) -> None:
    blocking(url(guarded), "predict", [[1, 2, 3, 4]], api_key="slow")
    with pytest.raises(Unavailable) as caught:
        blocking(url(guarded), "predict", [[1, 2, 3, 4]], api_key="slow")
    error = caught.value
    assert (error.status, error.code, error.attempts) == (429, "rate_limited", 1)
    assert error.retry_after is not None and error.retry_after > 60
