"""A server that stops takes the connections that are there, and no new ones."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from serving.http.listening import refuse_new

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs the filters of Linux")


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def listening(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with socket.socket(request.param, socket.SOCK_STREAM) as bound:
        bound.bind(("::1" if request.param == socket.AF_INET6 else "127.0.0.1", 0))
        bound.listen(10)
        bound.settimeout(10)
        yield bound


def connect(listening: socket.socket, seconds: float = 10.0) -> socket.socket:
    return socket.create_connection(listening.getsockname()[:2], seconds)


def test_established_connections_are_accepted_and_served(listening: socket.socket) -> None:
    clients = [connect(listening) for _ in range(5)]
    clients[0].sendall(b"before")
    refuse_new(listening)
    clients[1].sendall(b"afterwards")
    accepted = [listening.accept()[0] for _ in clients]
    listening.close()
    assert accepted[0].recv(100) == b"before"
    assert accepted[1].recv(100) == b"afterwards"
    accepted[1].sendall(b"answer")
    assert clients[1].recv(100) == b"answer"
    for each in clients + accepted:
        each.close()


def test_no_new_connection_is_made_and_none_is_reset(listening: socket.socket) -> None:
    refuse_new(listening)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            connect(listening, 0.2)
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.accept()
