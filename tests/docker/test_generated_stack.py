"""Generated compose files run with both versions of Compose, whatever the commands of the request are."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.compose import generate, read_request
from tests.docker.conftest import COMMANDS

Start = Callable[..., subprocess.CompletedProcess[str]]
SHARED = "./shared_data:/shared_data"


def request(data_command: object, code_command: object, **code: object) -> dict[str, Any]:
    """Return a request with a container that prepares numbers, and one that adds them up."""
    return {
        "containers": [
            {"name": "numbers", "image": "busybox", "command": data_command, "volumes": [SHARED]},
            {"name": "sum", "image": "python:3.11-slim", "command": code_command, "volumes": [SHARED],
             "depends_on": ["numbers"], **code},
        ]
    }  # fmt: skip


@pytest.fixture(params=["v1", "v2"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Return a function that generates a file from a request, and starts it in an empty folder."""
    words = [*COMMANDS[request.param], "-p", f"generated{uuid.uuid4().hex[:8]}"]

    def up(document: object, *options: str) -> subprocess.CompletedProcess[str]:
        text = generate(read_request(json.dumps(document).encode())).text
        (tmp_path / "docker-compose.yml").write_text(text, encoding="utf-8")
        command = [*words, "up", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)

    yield up
    subprocess.run(
        [*words, "down", "--volumes", "--timeout", "1"], cwd=tmp_path, capture_output=True, check=False
    )


@pytest.mark.parametrize(
    "command", ["sleep 1000", "false", "no-such-program", ["sh", "-c", "kill -9 1; kill -9 -1"]]
)
def test_the_code_ends_the_stack_whatever_the_other_command_is(start: Start, command: object) -> None:
    done = start(request(command, ["sh", "-c", "echo sum; exit 7"]), "--abort-on-container-exit")
    assert done.returncode == 7, done.stdout + done.stderr
    assert "sum" in done.stdout


def test_a_plain_up_returns_and_commands_share_the_folder_without_root(start: Start, tmp_path: Path) -> None:
    numbers = ["sh", "-c", "seq 3 > /shared_data/numbers; id -u > /shared_data/user"]
    total = "open('/shared_data/sum', 'w').write(str(sum(map(int, open('/shared_data/numbers')))))"
    done = start(request(numbers, ["python", "-c", total]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "shared_data" / "sum").read_text() == "6"
    assert (tmp_path / "shared_data" / "user").read_text().strip() != "0"


def test_every_value_arrives_as_it_was_written(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HOST_SECRET", "leaked")
    values = [
        "on",
        "22:22",
        "012",
        "<<",
        "!!python/none",
        "$HOST_SECRET ${HOST_SECRET} $$ $(id) `id`",
        "a\tb\nc",
        "é\u2028😀",
    ]
    document = request("true", ["python", "-c", "import json,os,sys; open('/shared_data/out','w').write(json.dumps("
                                "[sys.argv[1:], [os.environ[f'V{i}'] for i in range(8)]]))", *values],
                       environment={f"V{index}": value for index, value in enumerate(values)})  # fmt: skip
    done = start(document, "--abort-on-container-exit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "shared_data" / "out").read_text("utf-8")) == [values, values]


def test_a_command_that_takes_too_long_is_stopped(start: Start) -> None:
    done = start(request("true", "sleep 100", timeout=1), "--abort-on-container-exit")
    assert done.returncode == 124, done.stdout + done.stderr
