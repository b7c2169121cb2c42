"""``models:/NAME@ALIAS`` and ``models:/NAME/VERSION`` are downloaded from an MLflow server and loaded safely."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from common.errors import InputMissing, UsageError
from common.project import PROJECT, Layout
from pipeline.stages import model_registry
from pipeline.stages.model_registry import RegistryUnavailable
from pipeline.stages.registered_models import local_knowledge
from pipeline.stages.selection import select
from tests.training.runs import command

KNOWLEDGE = PROJECT.own_knowledge.read_bytes()
CARD = PROJECT.own_card.read_bytes()
Answer = tuple[int, bytes]
MISSING: Answer = (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found"}')


def registry(path: str, query: dict[str, str]) -> Answer:
    """Respond as MLflow does, with one model: ``iris``, whose version 3 has the alias ``champion``."""
    if path == "/api/2.0/mlflow/registered-models/alias":
        if (query["name"], query["alias"]) != ("iris", "champion"):
            return 400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no alias"}'
        return 200, json.dumps({"model_version": {"name": "iris", "version": "3"}}).encode()
    if path == "/model-versions/get-artifact" and (query["name"], query["version"]) == ("iris", "3"):
        files = {"data/currentSolution.pkl": KNOWLEDGE, "data/currentSolution.card.json": CARD}
        return (200, files[query["path"]]) if query["path"] in files else MISSING
    return MISSING


@contextmanager
def server(answer: Callable[[str, dict[str, str]], Answer], seen: list[str] | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if seen is not None:
                seen.append(self.headers.get("Authorization", ""))
            status, content = answer(parts.path, query)
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", content.decode())
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@pytest.mark.parametrize("address", ["models:/iris@champion", "models:/iris/3"])
def test_network_and_card_of_a_registered_model_are_downloaded(tmp_path: Path, address: str) -> None:
    with server(registry) as uri:
        path = Path(local_knowledge(Layout(tmp_path), {"MLFLOW_TRACKING_URI": uri}, address))
    assert path.is_relative_to(tmp_path / "output")
    assert path.read_bytes() == KNOWLEDGE
    assert path.with_name("currentSolution.card.json").read_bytes() == CARD


def test_a_path_is_returned_as_it_is(tmp_path: Path) -> None:
    assert local_knowledge(Layout(tmp_path), {}, "models/iris.pkl") == "models/iris.pkl"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("models:/iris@none", "no model iris with the alias none"),
        ("models:/rose@champion", "no model rose with the alias champion"),
        ("models:/iris/4", "no version 4 of a model iris"),
    ],
)
def test_a_model_that_the_registry_does_not_have_is_an_error(
    tmp_path: Path, address: str, message: str
) -> None:
    with server(registry) as uri, pytest.raises(InputMissing, match=message):
        local_knowledge(Layout(tmp_path), {"MLFLOW_TRACKING_URI": uri}, address)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "address", ["models:/iris", "models:/iris@a/b", "models:/../../x/1", "models:/a/latest"]
)
def test_an_invalid_address_is_wrong_usage(tmp_path: Path, address: str) -> None:
    with pytest.raises(UsageError, match="is not a valid address of a registered model"):
        local_knowledge(Layout(tmp_path), {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}, address)


def test_a_server_must_be_named_and_be_reachable(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="requires an MLflow server, but none is configured"):
        local_knowledge(Layout(tmp_path), {}, "models:/iris/3")
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        local_knowledge(Layout(tmp_path), {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}, "models:/iris/3")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, b"<html>a page</html>"), "does not respond as an MLflow server"),
        ((200, b'{"model_version": {"version": "../../../etc"}}'), "does not respond as an MLflow server"),
        ((200, b"x" * ((1 << 20) + 1)), "more than 1,048,576 bytes"),
        ((401, b""), "requires a user name and password"),
        ((302, b"http://127.0.0.1:9/"), "responds with status 302"),
        ((500, b""), "responds with status 500"),
    ],
)
def test_a_server_that_is_not_mlflow_is_refused(tmp_path: Path, answer: Answer, message: str) -> None:
    with server(lambda path, query: answer) as uri, pytest.raises(RegistryUnavailable, match=message):
        local_knowledge(Layout(tmp_path), {"MLFLOW_TRACKING_URI": uri}, "models:/iris@champion")
    assert not list(tmp_path.iterdir())


def test_user_and_password_are_sent(tmp_path: Path) -> None:
    seen: list[str] = []
    with server(registry, seen) as uri:
        environment = {
            "MLFLOW_TRACKING_URI": uri, "MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p",
        }  # fmt: skip
        local_knowledge(Layout(tmp_path), environment, "models:/iris/3")
    assert set(seen) == {"Basic dTpw"}


@pytest.mark.slow
def test_the_stages_and_commands_accept_a_registered_model(tmp_path: Path) -> None:
    rows = str(PROJECT.own_activation)
    with server(registry) as uri:
        environment = {"MLFLOW_TRACKING_URI": uri}
        layout = Layout(tmp_path)
        by_variable = {**environment, "MODEL_PATH": "models:/iris@champion"}
        for selection in (
            select(layout, environment, model="models:/iris/3", data=rows),
            select(layout, by_variable, model=None, data=rows),
        ):
            assert selection.model.read_bytes() == KNOWLEDGE
        done = command(
            "activate", "models:/iris@champion", rows, "-o", str(tmp_path / "p.csv"), **environment
        )
        assert done.returncode == 0, done.stderr
        assert "models:/iris@champion" in done.stdout
        done = command("inspect", "models:/iris@none", **environment)
        assert (done.returncode, "no model iris with the alias none" in done.stderr) == (66, True)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"no status line\r\n\r\n", "does not respond as an MLflow server"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", "does not respond as an MLflow server"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n", "does not respond as an MLflow server"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "does not respond as an MLflow server",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "closed the connection after 3 of 9 bytes"),
    ],
)
def test_an_incomplete_http_response_is_refused(tmp_path: Path, answer: bytes, message: str) -> None:
    with raw_server([answer]) as uri, pytest.raises(RegistryUnavailable, match=message):
        local_knowledge(Layout(tmp_path), {"MLFLOW_TRACKING_URI": uri}, "models:/iris/3")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_server_that_sends_byte_by_byte_exceeds_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(model_registry, "_DOWNLOAD_SECONDS", 0.3)
    began = time.monotonic()
    with (
        raw_server([start, *[b"a"] * 2000]) as uri,
        pytest.raises(RegistryUnavailable, match="did not send its response within"),
    ):
        local_knowledge(Layout(tmp_path), {"MLFLOW_TRACKING_URI": uri}, "models:/iris/3")
    assert time.monotonic() - began < 3.0


@contextmanager
def raw_server(answer: Sequence[bytes]) -> Iterator[str]:
    """Respond to one request byte by byte, with a pause after each byte."""
    ended = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(1 << 16)
            for content in answer:
                connection.sendall(content)
                if ended.wait(0.002):
                    return
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1 << 16)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            thread.join(5)
