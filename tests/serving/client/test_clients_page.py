"""The examples of docs/serving*.md are run as they are printed, and print what is printed below them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.project import PROJECT
from pipeline.cli import main
from tests.serving.client.documented import Example, commands, comparable, examples, pages
from tests.serving.images.pictures import drawn, encoded
from tests.serving.servers import COMMAND, Server, recorded

CLIENTS = PROJECT.root / "docs" / "serving-clients.md"
CURL = [(page.name, example) for page in pages() for example in examples(page, start="curl ")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with all of models/, and a recurrent network named lstm."""
    folder = tmp_path_factory.mktemp("documented")
    lstm = shutil.copy(recorded()["rnn_bn_lstm_nobias"], folder / "lstm.pkl")
    names = ["iris", *sorted({path.stem for path in PROJECT.models.glob("*.pkl")} - {"iris"}), str(lstm)]
    options = [word for name in names for word in ("--model", name)]
    with Server(
        ["-c", COMMAND, "serve", "--engine", "local", "--port", "0", *options], folder / "log"
    ) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that has what the examples read."""
    for name in ("data", "models", "docs"):
        (tmp_path / name).symlink_to(PROJECT.root / name)
    (tmp_path / "output").mkdir()
    (tmp_path / "three.png").write_bytes(encoded(drawn(3)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "example", [example for _, example in CURL], ids=[f"{name}-{n}" for n, (name, _) in enumerate(CURL)]
)
def test_requests_with_curl(server: Server, folder: Path, example: Example) -> None:
    # curl reads options from this file as well: the commands themselves stay as they are printed.
    (folder / ".curlrc").write_text(
        'silent\nshow-error\nwrite-out = "%{stderr}%{http_code}"\n', encoding="utf-8"
    )
    environment = {**os.environ, "CURL_HOME": str(folder), "no_proxy": "*"}
    session, outputs = "", []
    for command in commands(example):
        words = ["bash", "-c", Example(command, None).at(server.port).replace("/ID", f"/{session}")]
        ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr[:1]) == (0, "2"), ended
        outputs.append(ended.stdout.rstrip("\n"))
        with contextlib.suppress(ValueError, AttributeError):
            session = json.loads(ended.stdout).get("session", session)
    if example.output is not None:
        assert comparable("\n".join(outputs), server.port) == comparable(example.output, server.port)


def test_there_are_examples() -> None:
    assert len(CURL) >= 5
    assert sum(example.output is not None for _, example in CURL) >= 3


PYTHON = examples(CLIENTS, "python")


@pytest.mark.parametrize(
    "example", [each for each in PYTHON if "pandas" not in each.text and "mlflow" not in each.text]
)
def test_programs_in_python(server: Server, folder: Path, example: Example) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example.at(server.port), "example", "exec"), {"__name__": "__main__"})
    assert example.output is not None
    assert printed.getvalue() == example.output


@pytest.mark.slow
@pytest.mark.parametrize(
    "example", [each for each in PYTHON if "pandas" in each.text or "mlflow" in each.text]
)
def test_programs_with_the_packages_of_mlflow(server: Server, folder: Path, example: Example) -> None:
    from common.extras import ensure

    ensure("track", PROJECT, print)
    words = [sys.executable, "-c", example.at(server.port)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout == example.output


@pytest.mark.slow
def test_the_command_line(server: Server, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = examples(CLIENTS, start="python App07.py predict")
    assert example.output is not None
    assert main(example.at(server.port).split()[2:]) == 0
    assert comparable(capsys.readouterr().out, server.port) == comparable(example.output, server.port)
