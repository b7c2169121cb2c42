"""Limits of requests, and the end of a server."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.project import PROJECT
from tests.serving.servers import Server, limited

BODY = b'{"instances": [[5.1, 3.5, 1.4, 0.2]]}'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server whose limits are reached quickly."""
    log = tmp_path_factory.mktemp("limits") / "log"
    with limited(
        PROJECT.models / "iris.pkl", log, body=2000, upload=3000, rows=5, headers=2000, header_seconds=2,
        body_seconds=2, in_flight=2, connections=8,
    ) as server:  # fmt: skip
        yield server


def head(length: int = len(BODY)) -> bytes:
    text = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    return text.encode()


def received(connection: socket.socket) -> bytes:
    """Return all that a server sends before it closes the connection, or pauses."""
    data = b""
    connection.settimeout(5)
    while not data.endswith(b"}") and (block := connection.recv(65536)):
        data += block
    return data


def status_of(data: bytes) -> int:
    return int(data.split(b" ", 2)[1])


def test_a_body_with_too_many_bytes_is_refused_before_it_is_read(small: Server) -> None:
    with small.raw() as connection:
        connection.sendall(head(10**9))
        answer = received(connection)
    assert status_of(answer) == 413
    assert b"connection: close" in answer
    assert b"The body exceeds this route's limit of 2000 bytes" in answer


def test_a_body_without_a_length_is_counted(small: Server) -> None:
    with small.raw() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        connection.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")
        assert status_of(received(connection)) == 413


def test_too_many_rows_are_refused(small: Server) -> None:
    answer = small.predict([[1, 2, 3, 4]] * 6)
    assert (answer.status, answer.json["error"]) == (413, "There are 6 instances; the limit is 5.")


def test_a_table_with_too_many_bytes_is_refused(small: Server) -> None:
    assert small.ask("POST", "/predict", "1,2,3,4\n" * 500, {"content-type": "text/csv"}).status == 413


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 3000,
        b"GET / HTTP/1.1\r\na: " + b"b" * 9000,
        b"GET /health HTTP/1.1\r\nhost: x\r\n" + b"a:b\r\n" * 396 + b"\r\n",
        b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /" + b"a" * 2100,
    ],
    ids=["headers", "a long header", "separators", "a long address", "half an address"],
)
def test_headers_that_are_too_large_are_refused(small: Server, start: bytes) -> None:
    with small.raw() as connection:
        connection.sendall(start)
        assert status_of(received(connection)) == 431


def test_headers_in_two_parts_are_counted_once(small: Server) -> None:
    with small.raw() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 250)
        time.sleep(0.1)
        connection.sendall(b"connection: close\r\n\r\n")
        assert status_of(received(connection)) == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "The headers were not complete after 2 s."),
        (b"GET /health HT", "The headers were not complete after 2 s."),
        (head(100) + b"{", "The body was not complete after 2 s; 1 bytes were received."),
    ],
    ids=["nothing", "half a header", "half a body"],
)
def test_a_client_that_is_too_slow_is_refused(small: Server, sent: bytes, message: str) -> None:
    with small.raw() as connection:
        connection.sendall(sent)
        answer = received(connection)
    assert status_of(answer) == 408
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == message


def test_data_that_is_not_http_is_refused(small: Server) -> None:
    with small.raw() as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert status_of(received(connection)) == 400


def test_requests_beyond_the_limit_get_retry_after_and_health_still_responds(small: Server) -> None:
    with small.raw() as first, small.raw() as second:
        for connection in (first, second):
            connection.sendall(head() + BODY[:5])
        time.sleep(0.1)
        refused = small.predict([[1, 2, 3, 4]])
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert small.get("/readyz").status == 200
        for connection in (first, second):
            connection.sendall(BODY[5:])
            assert status_of(received(connection)) == 200


@pytest.mark.slow
def test_connections_beyond_the_limit_get_retry_after(small: Server) -> None:
    many = [small.raw() for _ in range(8)]
    with small.raw() as refused:
        answer = received(refused)
    assert (status_of(answer), b"retry-after: 1" in answer) == (503, True)
    for connection in many:
        connection.close()


@pytest.mark.slow
def test_a_stopped_server_finishes_requests_in_flight(tmp_path: Path) -> None:
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log") as server, server.raw() as connection:
        connection.sendall(head() + BODY[:5])
        time.sleep(0.2)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        time.sleep(0.3)
        connection.sendall(BODY[5:])
        answer = received(connection)
        stopping.join()
    assert status_of(answer) == 200
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["labels"] == ["setosa"]
    assert server.process.returncode == 0


@pytest.mark.slow
def test_a_client_that_disconnects_leaves_the_server_running(small: Server) -> None:
    for sent in (head()[:20], head() + BODY[:5], head() + BODY):
        with small.raw() as connection:
            connection.sendall(sent)
    assert small.predict([[1, 2, 3, 4]]).status == 200


@pytest.mark.slow
def test_a_connection_is_closed_when_it_is_idle_and_not_while_it_is_used(tmp_path: Path) -> None:
    limits = {"keep_alive_seconds": 1, "header_seconds": 2.4, "body_seconds": 8}
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log", **limits) as server:
        idle, begun, waiting = server.raw(), server.raw(), server.raw()
        with idle, begun, waiting:
            for connection in (idle, begun, waiting):
                connection.sendall(head() + BODY)
                assert status_of(received(connection)) == 200
            begun.sendall(b"POST /predict HT")
            waiting.sendall(head() + BODY + head() + BODY[:5])  # the second request waits for its body
            assert status_of(received(waiting)) == 200
            started = time.monotonic()
            assert idle.recv(10) == b""
            assert 0.5 < time.monotonic() - started < 2.35
            assert status_of(received(begun)) == 408
            assert time.monotonic() - started > 2.3
            waiting.sendall(BODY[5:])
            assert status_of(received(waiting)) == 200


@pytest.mark.slow
def test_responses_are_the_same_with_any_middleware_around_the_application(small: Server) -> None:
    """A response is sent in one step, or in two: the latter where the connection ends with it."""
    kept, closed = (
        small.ask("POST", "/predict", BODY, {"connection": how}) for how in ("keep-alive", "close")
    )
    assert kept.body == closed.body
    names = kept.headers.keys() | {"connection"}
    assert (names, closed.headers["connection"]) == (closed.headers.keys(), "close")
    for name in kept.headers.keys() - {"x-request-id"}:
        assert kept.headers[name] == closed.headers[name]
