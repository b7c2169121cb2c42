"""Long predictions: short work does not queue behind them, and what nobody waits for is not begun."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.requests import Request

from serving.errors import ClientGone
from serving.inference import Inference
from serving.metrics import Metrics
from serving.models.catalog import Catalog
from serving.series import SharedSeries
from serving.settings import RequestLimits, Settings
from tests.serving.servers import NETWORKS, Server, limited
from tests.serving.test_body_memory import start
from tests.serving.test_workers import until

RECURRENT = NETWORKS / "rnn_bn_lstm" / "net.p2.pkl"


@pytest.fixture
def inference() -> Iterator[Inference]:
    created = Inference(Catalog(Settings(())), RequestLimits(), Metrics(SharedSeries(1)))
    yield created
    created.close()


def request(gone: bool) -> Request:
    return Request({"type": "http", "is_gone": lambda: gone})


def test_short_work_does_not_wait_and_work_of_disconnected_clients_is_not_started(
    inference: Inference,
) -> None:
    ends = threading.Event()
    begun: list[int] = []

    async def run() -> None:
        long = [asyncio.create_task(inference.in_long_thread(request(False), ends.wait)) for _ in range(8)]
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(inference.in_thread(lambda: 1), 5) == 1
        with pytest.raises(ClientGone):
            await asyncio.wait_for(inference.in_long_thread(request(True), lambda: begun.append(1)), 5)
        ends.set()
        assert await asyncio.gather(*long) == [True] * 8

    asyncio.run(run())
    assert begun == []


@pytest.mark.slow
def test_sessions_do_not_wait_for_predictions_of_disconnected_clients(tmp_path: Path) -> None:
    with limited(RECURRENT, tmp_path / "log") as server:
        width = server.get("/models/net").json["inputs"]
        width = len(width) if isinstance(width, list) else int(width)
        row = "[" + ",".join(["0.1"] * width) + "]"
        body = ('{"instances": [' + ",".join([row] * 90_000) + "]}").encode()
        with ExitStack() as stack:
            for _ in range(12):
                head = f"content-type: application/json\r\ncontent-length: {len(body)}"
                stack.enter_context(start(server, "/predict", head, body))
        for _ in range(3):
            assert created(server) == 201
        until(lambda: b'code="client_gone"' in server.get("/metrics").body)


def created(server: Server) -> int:
    return server.ask("POST", "/sessions", {"model": "net"}).status
