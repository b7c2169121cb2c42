"""Rate limits are counted in this process or in Redis; if Redis does not respond, requests are refused."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from access_control.rates import Rate
from common.errors import UsageError
from pipeline.control.limiter import CountersUnavailable, SharedLimiter


class PingOnly(socketserver.StreamRequestHandler):
    """Responds like an old Redis when a client connects, and closes the connection when it should count."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = self._words(line)
            if words[:1] == [b"PING"]:
                self.wfile.write(b"+PONG\r\n")
            elif words[0] in (b"EVALSHA", b"EVAL", b"SCRIPT"):
                return
            else:
                self.wfile.write(b"-ERR unknown command\r\n")

    def _words(self, line: bytes) -> list[bytes]:
        words = []
        for _ in range(int(line[1:])):
            size = int(self.rfile.readline()[1:])
            words.append(self.rfile.read(size + 2)[:-2])
        return words


@pytest.fixture
def redis() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), PingOnly) as server:
        server.daemon_threads = True
        threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


@pytest.mark.slow
def test_a_rate_is_a_moving_window_for_each_name() -> None:
    limiter, rate = SharedLimiter(), Rate(2, "s")
    assert [limiter.take("a", rate) for _ in range(2)] == [0.0, 0.0]
    wait = limiter.take("a", rate)
    assert 0 < wait <= 1
    assert limiter.take("b", rate) == 0.0
    time.sleep(wait + 0.05)
    assert limiter.take("a", rate) == 0.0


def test_a_request_is_refused_if_the_counters_cannot_be_reached(redis: str) -> None:
    limiter = SharedLimiter(redis)
    with pytest.raises(CountersUnavailable) as caught:
        limiter.take("a", Rate(2, "s"))
    assert (caught.value.http_status, caught.value.headers) == (503, {"retry-after": "5"})


@pytest.mark.parametrize(
    "uri", ["redis://127.0.0.1:1/0", "memcached://x", "", "redis://:word@127.0.0.1:1/0", "async+redis://x"]
)
def test_a_storage_that_cannot_be_used_is_refused_at_the_start(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        SharedLimiter(uri)
    assert "word" not in str(caught.value)
