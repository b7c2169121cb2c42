"""What a tracking server answers decides neither where files are written nor which host they are sent to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from common.extras import ensure
from common.project import PROJECT
from tests.training.runs import IRIS, created
from training.server_address import takes_files_itself


@pytest.fixture(scope="module")
def client() -> None:
    """Install MLflow's client."""
    ensure("track", PROJECT, print)


@contextmanager
def server(location: str, requests: list[str]) -> Iterator[str]:
    """Run a server that keeps the files of its runs at a location, and yield its address."""
    info = {"run_id": "a" * 32, "experiment_id": "1", "status": "RUNNING", "artifact_uri": location}
    answers = {
        "experiments/get-by-name": {"experiment": {"experiment_id": "1", "lifecycle_stage": "active"}},
        "runs/create": {"run": {"info": {**info, "lifecycle_stage": "active"}, "data": {}}},
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
            requests.append(f"{self.command} {self.path} {body}")
            found = next((answer for path, answer in answers.items() if path in self.path), {})
            content = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_PATCH = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        listening.server_close()


@pytest.mark.slow
def test_a_server_can_neither_write_files_to_this_machine_nor_read_its_variables(
    client: None, tmp_path: Path
) -> None:
    created(IRIS, tmp_path / "out", epochs=2)
    target = tmp_path / "elsewhere"
    requests: list[str] = []
    with server(target.as_uri(), requests) as address:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "training.tracking.send", str(tmp_path / "out")],
            env={**os.environ, "MLFLOW_TRACKING_URI": address, "SECRET_OF_THIS_HOST": "swordfish"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 69
    assert "but they are only sent to the server" in ended.stdout
    assert not target.exists()
    sent = "\n".join(requests)
    assert "runs/create" in sent and "rows_sha256" in sent
    assert not [word for word in ("swordfish", "PUT ", str(tmp_path)) if word in sent]


@pytest.mark.parametrize(
    ("location", "own"),
    [
        ("mlflow-artifacts:/1/0123/artifacts", True),
        ("mlflow-artifacts:///1/0123/artifacts", True),
        ("mlflow-artifacts://other:5000/1/artifacts", False),
        ("mlflow-artifacts:/1/../../other", False),
        ("mlflow-artifacts:", False),
        ("mlflow-artifacts:/1?x=http://other", False),
        ("file:///home/someone", False),
        ("/home/someone", False),
        ("", False),
        ("http://other/1", False),
        ("s3://bucket/1", False),
        ("mlflow-artifacts:/1\n", False),
    ],
)
def test_files_are_sent_only_to_the_configured_server(location: str, own: bool) -> None:
    assert takes_files_itself(location) is own
