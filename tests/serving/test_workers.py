"""Several processes behind one port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from common.project import PROJECT
from tests.serving.servers import Server, limited

ROW = [5.1, 3.5, 1.4, 0.2]


def children(server: Server) -> set[int]:
    path = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return {int(word) for word in path.read_text("utf-8").split()}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_all_reload_and_stop_together(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    shutil.copy(PROJECT.models / "iris.pkl", path)
    with limited(path, tmp_path / "log", workers=2) as server:
        first = children(server)
        assert len(first) == 2
        assert server.predict([ROW]).status == 200
        os.kill(max(first), signal.SIGKILL)
        until(lambda: len(children(server)) == 2 and children(server) != first)
        assert all(server.predict([ROW]).status == 200 for _ in range(20))
        shutil.copy(PROJECT.models / "course.pkl", path)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: all(server.predict([[0.5]]).status == 200 for _ in range(20)))
        last = children(server)
        assert server.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in last)


def workers_of(server: Server, client: socket.socket) -> set[int]:
    """Return the workers that have accepted the connection of a client."""
    ends = f":{server.port:04X} 0100007F:{client.getsockname()[1]:04X} "
    lines = Path("/proc/net/tcp").read_text("utf-8").splitlines()
    names = {f"socket:[{line.split()[9]}]" for line in lines if ends in line}
    return {
        pid
        for pid in children(server)
        if any(file.resolve().name in names for file in Path(f"/proc/{pid}/fd").iterdir())
    }


@pytest.mark.slow
def test_a_worker_that_is_stopped_alone_leaves_new_connections_to_the_others(tmp_path: Path) -> None:
    head = (
        b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 37\r\n\r\n{"
    )
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log", workers=2) as server:
        with server.raw() as client:  # its request is in progress: the worker that has it cannot end
            client.sendall(head)
            until(lambda: len(workers_of(server, client)) == 1)
            (busy,) = workers_of(server, client)
            os.kill(busy, signal.SIGTERM)
            time.sleep(0.5)
            assert all(server.predict([ROW]).status == 200 for _ in range(20))
            assert busy in children(server)
        until(lambda: len(children(server) - {busy}) == 2)
        assert all(server.predict([ROW]).status == 200 for _ in range(20))


@pytest.mark.slow
def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log", workers=2) as server:
        workers = children(server)
        server.process.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
