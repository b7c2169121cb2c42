"""Large bodies share a bounded number of bytes in memory, and bodies that arrive too slowly are refused."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.project import PROJECT
from serving.cgroup import ControlGroup
from serving.environment import limits_of
from serving.errors import TooBusy
from serving.resources import Budget, Reservation
from serving.settings import MIB
from tests.serving.servers import Server, limited
from tests.serving.test_limits import received, status_of

ROW = [5.1, 3.5, 1.4, 0.2]
LARGE = 100_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that has memory for two large bodies, and little patience."""
    log = tmp_path_factory.mktemp("memory") / "log"
    iris = PROJECT.models / "digits.pkl"
    with limited(iris, log, bodies=2 * LARGE, grace_seconds=1.0, images_waiting=2) as server:
        yield server
    assert "Traceback" not in log.read_text("utf-8")


def start(server: Server, path: str, headers: str, sent: bytes) -> socket.socket:
    connection = server.raw()
    connection.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n".encode() + sent)
    return connection


@pytest.mark.parametrize(
    ("path", "kind"), [("/predict", "application/json"), ("/predict/image", "image/png")]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_beyond_the_memory_for_them_are_refused_and_small_requests_are_served(
    small: Server, path: str, kind: str, chunked: bool
) -> None:
    length = "transfer-encoding: chunked" if chunked else f"content-length: {LARGE}"
    sent = b"%x\r\n" % (LARGE - 5) + b" " * (LARGE - 5) + b"\r\n" if chunked else b" "
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(start(small, path, f"content-type: {kind}\r\n{length}", sent))
        time.sleep(0.2)
        refused = stack.enter_context(start(small, path, f"content-type: {kind}\r\n{length}", sent))
        answer = received(refused)
        assert (status_of(answer), b"retry-after: 1" in answer) == (503, True)
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "too_busy"
        assert small.predict([[0.0] * 64]).status == 200
    body = json.dumps({"instances": [[0.0] * 64]}).ljust(LARGE)
    deadline = time.monotonic() + 20
    while small.ask("POST", "/predict", body).status != 200:  # the memory of the closed connections is free
        assert time.monotonic() < deadline


def test_images_reserve_a_slot_before_they_are_received(small: Server) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            head = "content-type: image/png\r\ncontent-length: 1000"
            stack.enter_context(start(small, "/predict/image", head, b"x"))
        time.sleep(0.2)
        refused = small.ask("POST", "/predict/image", b"x", {"content-type": "image/png"})
        assert (refused.status, refused.json["code"]) == (503, "overloaded")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_a_body_that_arrives_too_slowly_is_refused(small: Server, kind: str) -> None:
    with start(small, "/predict", f"content-type: {kind}\r\ncontent-length: 50000", b"1") as connection:
        started = time.monotonic()
        for _ in range(4):
            time.sleep(0.2)
            connection.sendall(b"1")
        answer = received(connection)
        assert time.monotonic() - started < 3
    assert status_of(answer) == 408
    assert b"The body arrives more slowly than 1000 bytes per second; 5 bytes were received." in answer


@pytest.mark.slow
def test_a_body_at_the_minimum_rate_is_accepted(small: Server) -> None:
    body = json.dumps({"instances": [[0.0] * 64]}).ljust(4000).encode()
    with start(
        small, "/predict", "content-type: application/json\r\ncontent-length: 4000", b""
    ) as connection:
        for place in range(0, 4000, 400):
            connection.sendall(body[place : place + 400])
            time.sleep(0.15)
        assert status_of(received(connection)) == 200


def test_a_reservation_is_released() -> None:
    budget = Budget(100, "Bodies")
    first, second = Reservation(budget, free=10), Reservation(budget, free=10)
    first.resize(80)
    second.resize(10)
    with pytest.raises(TooBusy, match="Bodies currently use up their limit of 100 bytes"):
        second.resize(21)
    first.resize(0)
    second.resize(100)


@pytest.mark.parametrize(
    ("memory", "workers", "bodies"),
    [
        (None, 4, 192 * MIB),
        (1024, 1, 192 * MIB),
        (1024, 2, 128 * MIB),
        (1024, 6, 1024 * MIB // 24),
        (128, 4, 16 * MIB),
    ],
)
def test_the_memory_for_bodies_fits_that_of_the_container(
    tmp_path: Path, memory: int | None, workers: int, bodies: int
) -> None:
    (tmp_path / "memory.max").write_text("max" if memory is None else str(memory * MIB), encoding="ascii")
    assert limits_of(ControlGroup(tmp_path), workers).bodies == bodies
