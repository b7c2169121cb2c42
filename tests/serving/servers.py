"""Servers for the tests: real processes, and the requests that are sent to them."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pybrain_runtime import Knowledge, load_knowledge

NETWORKS = Path(__file__).parents[1] / "fixtures" / "networks"
COMMAND = "import sys; from pipeline.cli import main; sys.exit(main())"
LIMITED = """
import sys
from pathlib import Path
from serving.server import bind
from serving.settings import RequestLimits, Settings, Source
from serving.workers import run_workers

settings = Settings((Source(Path(sys.argv[1]), "net"),), port=0, workers={workers}, limits=RequestLimits({limits}))
with bind(settings) as bound:
    run_workers(settings, bound, lambda names: print(f"http://127.0.0.1:{{bound.getsockname()[1]}} ", flush=True))
"""
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A server in a process of its own. Use as a context manager.

    Args:
        arguments: of Python.
        log: the file for its error stream.
    """

    def __init__(self, arguments: Sequence[str | Path], log: Path) -> None:
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://(?:127\.0\.0\.1|0\.0\.0\.0):(\d+) ", line):
                self.port = int(found[1])
                return
        raise AssertionError(log.read_text("utf-8"))

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """Send SIGTERM, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = JSON) -> Answer:
        """Send a request; a body that is not bytes or text is sent as JSON."""
        connection = self.connection()
        sent = body if body is None or isinstance(body, bytes | str) else json.dumps(body)
        connection.request(method, path, sent, headers={} if body is None else dict(headers))
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def predict(self, instances: object, **others: object) -> Answer:
        return self.ask("POST", "/predict", {"instances": instances, **others})


def recorded() -> dict[str, Path]:
    """Return the recorded networks that do not draw their outputs at random, by name."""
    found = {}
    for meta in sorted(NETWORKS.glob("*/meta.json")):
        if not json.loads(meta.read_text("utf-8")).get("stochastic"):
            found[meta.parent.name] = meta.parent / "net.p2.pkl"
    return found


def knowledge_of(name: str) -> Knowledge:
    return load_knowledge(NETWORKS / name / "net.p2.pkl")


def limited(knowledge: Path, log: Path, *, workers: int = 1, **limits: float) -> Server:
    """Return a server with one network, `net`, and other limits."""
    text = ", ".join(f"{name}={value!r}" for name, value in limits.items())
    return Server(["-c", LIMITED.format(limits=text, workers=workers), knowledge], log)
