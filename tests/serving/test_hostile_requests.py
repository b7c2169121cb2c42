"""Requests and connections that are meant to do harm: each gets a clear answer, and others are served meanwhile."""

from __future__ import annotations

import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.project import PROJECT
from tests.serving.servers import Server, limited
from tests.serving.test_workers import children, until

BODY = b'{"instances": [[5.1, 3.5, 1.4, 0.2]]}'
ROW = [5.1, 3.5, 1.4, 0.2]
HEAD = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with few connections, and short times."""
    log = tmp_path_factory.mktemp("hostile") / "log"
    iris = PROJECT.models / "iris.pkl"
    with limited(iris, log, connections=40, send_seconds=1, header_seconds=5) as server:
        yield server
    assert "Traceback" not in log.read_text("utf-8")


def answers(server: Server, sent: bytes) -> list[int]:
    """Return the statuses of all answers until the server closes the connection."""
    received = b""
    with server.raw() as connection:
        connection.sendall(sent)
        while block := connection.recv(65536):
            received += block
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    "headers",
    [
        b"content-length: 37\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        b"content-length: 5\r\ncontent-length: 37\r\n",
        b"content-length: 37, 37\r\n",
        b"content-length: +37\r\n",
        b"content-length: -1\r\n",
        b"content-length: 99999999999999999999\r\n",
        b"content-length : 37\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding:\r\n chunked\r\n",
        b"a: b\r\n c\r\ncontent-length: 37\r\n",
        b"a: b\rcontent-length: 37\r\n",
        b"a: b\0c\r\ncontent-length: 37\r\n",
        b"host: other\r\ncontent-length: 37\r\n",
    ],
)
def test_headers_that_two_servers_may_read_differently_are_refused(own: Server, headers: bytes) -> None:
    assert answers(own, HEAD + headers + b"\r\n" + BODY + HEALTH)[0] == 400


@pytest.mark.parametrize(
    "start",
    [
        b"GET /health HTTP/1.1\n\nhost: a\n\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /models/a\0b HTTP/1.1\r\nhost: a\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"BREW /health HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
)
def test_an_invalid_request_of_this_protocol_is_refused(own: Server, start: bytes) -> None:
    assert answers(own, start) == [400]


@pytest.mark.parametrize(
    "path", ["/models/..%2f..%2fetc%2fpasswd", "/models/%00", "/models/%ff", "/../../etc/passwd"]
)
def test_paths_lead_to_no_files(own: Server, path: str) -> None:
    assert own.get(path).status == 404


def test_pipelined_requests_are_processed_in_order_and_limited(own: Server) -> None:
    one = HEAD + b"content-length: 37\r\n\r\n" + BODY
    last = HEALTH.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert answers(own, (one + HEALTH) * 5 + last) == [200] * 11
    with own.raw() as connection:
        connection.sendall(HEALTH * 3000)
        assert connection.recv(200).startswith(b"HTTP/1.1 400 Bad Request")


def test_a_body_that_is_too_large_is_refused_while_the_client_still_sends(own: Server) -> None:
    size = 200 << 20
    with own.raw() as connection:
        connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % size)
        block = bytes(1 << 20)
        for _ in range(16):
            connection.sendall(block)
        assert connection.recv(200).startswith(b"HTTP/1.1 413 ")


@pytest.mark.slow
def test_idle_connections_are_closed_in_favor_of_active_ones(own: Server) -> None:
    idle = [own.raw() for _ in range(60)]
    try:
        time.sleep(0.6)
        for _ in range(30):
            assert own.predict([ROW]).status == 200
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.slow
def test_a_client_that_does_not_read_its_response_is_disconnected(own: Server) -> None:
    rows = b'{"instances": [' + b",".join([b"[5.1,3.5,1.4,0.2]"] * 90_000) + b"]}"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", own.port))
        connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(rows) + rows)
        time.sleep(3)
        assert own.predict([ROW]).status == 200
        received = b""
        while block := connection.recv(1 << 20):
            received += block
    head, _, answer = received.partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert len(answer) < int(head.partition(b"content-length: ")[2].split()[0])


@pytest.mark.slow
def test_a_stop_loses_no_request_and_a_second_one_changes_nothing(tmp_path: Path) -> None:
    lost: list[str] = []
    answered = [0]
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log", workers=2) as server:
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                try:
                    connection = server.raw()
                except ConnectionRefusedError:
                    return
                with connection:
                    while not stop.is_set():
                        connection.sendall(HEAD + b"content-length: 37\r\n\r\n" + BODY)
                        received = connection.recv(65536)
                        if b"setosa" not in received:
                            lost.append(received.decode())
                            return
                        answered[0] += 1
                        if b"connection: close" in received:
                            break

        clients = [threading.Thread(target=ask) for _ in range(8)]
        for client in clients:
            client.start()
        time.sleep(0.4)
        os.kill(server.process.pid, signal.SIGTERM)
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.process.wait(20) == 0
        stop.set()
        for client in clients:
            client.join()
    assert lost == []
    assert answered[0] > 8


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_all_workers_may_be_killed_and_counters_do_not_decrease(tmp_path: Path, workers: int) -> None:
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log", workers=workers) as server:
        for _ in range(10):
            assert server.predict([ROW]).status == 200
        first = children(server)
        until(lambda: b'status="200"} 10\n' in server.get("/metrics").body)  # counted after it was answered
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(children(server) - first) == workers)
        assert all(server.predict([ROW]).status == 200 for _ in range(10))
        until(lambda: b'route="/predict",status="200"} 20\n' in server.get("/metrics").body)
        text = server.get("/metrics").body.decode()
        assert 'app07_batch_rows_count{model="net"} 20\n' in text
        assert f"app07_worker_restarts_total {workers}\n" in text
        assert "app07_in_flight 1\n" in text


@pytest.mark.slow
def served(server: Server) -> bool:
    """Send a request, and once more after the time that a 503 asks for: the slow ones are then idle for long enough."""
    answer = server.predict([ROW])
    if answer.status == 503:
        time.sleep(float(answer.headers["retry-after"]))
        answer = server.predict([ROW])
    return answer.status == 200


@pytest.mark.slow
def test_ten_thousand_slow_connections_do_not_keep_others_from_being_served(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 12_000), hard))
    many: list[socket.socket] = []
    try:
        with limited(PROJECT.models / "iris.pkl", tmp_path / "log") as server:
            for number in range(10_000):
                many.append(server.raw())
                many[-1].sendall(b"POST /predict HTTP/1.1\r\nhost: a\r\n")
                if number % 500 == 499:
                    assert served(server)
            assert all(served(server) for _ in range(50))
    finally:
        for connection in many:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
