"""Tables of slow clients: neither their bodies nor their answers keep other tables from being answered."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from common.project import PROJECT
from serving.settings import MIB
from tests.serving.servers import Server, limited
from tests.serving.test_body_memory import start
from tests.serving.test_tables import CSV, FLOWER

TABLE = b"5.1,3.5,1.4,0.2\n" * 100_000
TYPE = "content-type: text/csv"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that processes one table at a time, and keeps one large answer."""
    log = tmp_path_factory.mktemp("tables") / "log"
    with limited(
        PROJECT.models / "iris.pkl", log, tables=1, tables_stored=14 * MIB, send_seconds=2.0
    ) as server:
        yield server
    assert "Traceback" not in log.read_text("utf-8")


def slow_reader(server: Server) -> socket.socket:
    """Return a connection that has sent a table, and received the first bytes of the answer."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", server.port))
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\n{TYPE}\r\nconnection: close\r\ncontent-length: {len(TABLE)}\r\n\r\n"
    connection.sendall(head.encode() + TABLE)
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def is_complete(received: bytes) -> bool:
    """Return whether the answer has as many bytes as its headers state."""
    head, _, answer = received.partition(b"\r\n\r\n")
    return len(answer) == int(head.lower().partition(b"content-length: ")[2].split()[0])


@pytest.mark.slow
def test_tables_that_arrive_slowly_do_not_block_others(one: Server) -> None:
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(start(one, "/predict", f"{TYPE}\r\ncontent-length: 1000000000", b"1"))
        time.sleep(0.1)
        assert one.ask("POST", "/predict", FLOWER, CSV).status == 200


@pytest.mark.slow
def test_unread_responses_count_until_the_client_disconnects(one: Server) -> None:
    with slow_reader(one):
        refused = one.ask("POST", "/predict", TABLE, CSV)
        assert (refused.status, refused.json["code"]) == (503, "too_busy")
        assert one.ask("POST", "/predict", FLOWER, CSV).status == 200
    deadline = time.monotonic() + 120
    while one.ask("POST", "/predict", TABLE, CSV).status != 200:
        assert time.monotonic() < deadline


@pytest.mark.slow
def test_a_client_that_reads_slowly_but_steadily_gets_the_whole_response(one: Server) -> None:
    with slow_reader(one) as connection:
        received = bytearray()
        ends = time.monotonic() + 4
        while time.monotonic() < ends:
            received += connection.recv(4096)
            time.sleep(0.05)
        while block := connection.recv(1 << 20):
            received += block
    assert is_complete(bytes(received))


@pytest.mark.slow
def test_a_client_that_reads_nothing_of_a_table_is_disconnected(one: Server) -> None:
    with slow_reader(one) as connection:
        time.sleep(4)
        received = bytearray()
        with pytest.raises(ConnectionError):
            while True:
                block = connection.recv(1 << 20)
                if not block:
                    raise ConnectionError
                received += block
    assert not is_complete(bytes(received))
