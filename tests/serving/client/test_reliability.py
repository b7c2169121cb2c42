"""64 clients at once while the model is replaced: nothing is lost, nothing is mixed up, nothing differs by a bit."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app07_client import App07Client
from common.project import PROJECT
from pybrain_runtime import load_knowledge
from tests.serving.servers import COMMAND, Server, limited
from tests.serving.test_workers import children, until

FILES = [PROJECT.models / "iris.pkl", PROJECT.root / "tests/fixtures/networks/bn_4_6_3_tanh_tanh/net.p2.pkl"]


class Replacer:
    """Replaces the file of a model again and again, and has the server look at it at once.

    Args:
        path: the file.
        server: the server.
        client: sees which file is loaded.
        count: how often.
    """

    def __init__(self, path: Path, server: Server, client: App07Client, count: int) -> None:
        self._path, self._server, self._client, self._count = path, server, client, count
        self.done = threading.Event()

    def run(self) -> None:
        """Replace the file, each time when the server has loaded the one before."""
        for source in itertools.islice(itertools.cycle(FILES[::-1]), self._count):
            shutil.copy(source, self._path.with_suffix(".new"))
            self._path.with_suffix(".new").replace(self._path)
            self._server.process.send_signal(signal.SIGHUP)
            sha256 = load_knowledge(source).sha256
            while self._client.model("net").identity.sha256 != sha256:
                time.sleep(0.002)
        self.done.set()


@pytest.mark.slow
@pytest.mark.parametrize("reloads", [30])
def test_nothing_is_lost_or_wrong_while_a_model_is_replaced(tmp_path: Path, reloads: int) -> None:
    path = tmp_path / "net.pkl"
    shutil.copy(FILES[0], path)
    copies = [
        shutil.copy(file, tmp_path / f"{place}.pkl") for place, file in enumerate(FILES)
    ]  # without cards
    networks = {knowledge.sha256: knowledge for knowledge in map(load_knowledge, copies)}
    rows = np.random.RandomState(7).randn(64, 3, 4)
    large = np.random.RandomState(8).randn(600, 4)
    expected = {
        sha256: ([each.activate(part).tobytes() for part in rows], each.activate(large).tobytes())
        for sha256, each in networks.items()
    }
    counts: Counter[str] = Counter()
    command = ["-c", COMMAND, "serve", "--engine", "local", "--port", "0", "--model", str(path)]
    with (
        Server(command, tmp_path / "log") as server,
        App07Client(f"http://127.0.0.1:{server.port}") as client,
    ):
        replacer = Replacer(path, server, client, reloads)

        def ask(place: int) -> Counter[str]:
            used: Counter[str] = Counter()
            while not replacer.done.is_set():
                found = client.predict(rows[place])
                assert found.predictions.tobytes() == expected[found.model.sha256][0][place]
                used[found.model.sha256] += 1
                if place % 16 == 0:
                    found = client.predict(large)
                    assert found.predictions.tobytes() == expected[found.model.sha256][1]
            return used

        with ThreadPoolExecutor(65) as threads:
            replacing = threads.submit(replacer.run)
            asking = [threads.submit(ask, place) for place in range(64)]
            try:
                replacing.result(timeout=240)
            finally:
                replacer.done.set()
            for each in asking:
                counts += each.result()
    assert len(counts) == 2 and min(counts.values()) > 20


@pytest.mark.slow
def test_clients_see_no_error_when_workers_are_killed(tmp_path: Path) -> None:
    expected = load_knowledge(PROJECT.models / "iris.pkl")
    rows = np.random.RandomState(9).rand(16, 1, 4)
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log", workers=2) as server:
        stopped = threading.Event()
        with (
            App07Client(f"http://127.0.0.1:{server.port}", retries=10) as client,
            ThreadPoolExecutor(16) as threads,
        ):

            def ask(place: int) -> int:
                asked = 0
                while not stopped.wait(0.002):
                    found = client.predict(rows[place])
                    assert found.predictions.tobytes() == expected.activate(rows[place]).tobytes()
                    asked += 1
                return asked

            asking = [threads.submit(ask, place) for place in range(16)]
            for _ in range(3):
                time.sleep(0.3)
                os.kill(max(children(server)), signal.SIGKILL)
                until(lambda: len(children(server)) == 2)
            stopped.set()
            assert min(each.result() for each in asking) > 0
