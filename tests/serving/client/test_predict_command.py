"""`predict`: the prediction of a server as a file, with the exit statuses of the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from common.project import PROJECT
from pipeline.cli import main
from pybrain_runtime import activate_file, load_knowledge
from tests.serving.client.scripted import ScriptedServer, closing, reply
from tests.serving.servers import COMMAND, Server

FLOWERS = "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(FLOWERS, encoding="utf-8")
    return tmp_path


def predict(server: Server | ScriptedServer, *words: str) -> int:
    url = server.url if isinstance(server, ScriptedServer) else f"http://127.0.0.1:{server.port}"
    return main(["predict", "--url", url, *words])


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("iris", FLOWERS),
        ("iris", "x,sepal_length,sepal_width,petal_length,y,petal_width\n9,5.1,3.5,1.4,8,0.2\n"),
        ("iris", "5.1;3.5;1.4;0.2;1;0;0\n6.3;3.3;6.0;2.5;0;0;1\n"),
        ("iris", "\ufeff5,1\t3,5\t1,4\t0,2\n".replace(",", ".")),
        ("course", None),
        ("bn_4_6_3_tanh_tanh", "1,2,3,4\n4,3,2,1\n"),
        ("rnn_bn_lstm_nobias", None),
    ],
    ids=["names", "names among others", "targets", "tabs", "course", "no card", "recurrent"],
)
def test_the_file_is_that_of_activate(
    server: Server, folder: Path, capsys: pytest.CaptureFixture[str], model: str, data: str | None
) -> None:
    fixture = PROJECT.root / "tests" / "fixtures" / "networks" / model / "net.p2.pkl"
    knowledge = load_knowledge(fixture if fixture.exists() else PROJECT.models / f"{model}.pkl")
    if data is None:
        data = "".join(",".join([f"{place / 7}"] * knowledge.indim) + "\n" for place in range(5))
    (folder / "rows.csv").write_text(data, encoding="utf-8")
    activate_file(knowledge, "rows.csv", "expected.csv")
    assert predict(server, "rows.csv", "--model", model) == 0
    assert (folder / "prediction.csv").read_bytes() == (folder / "expected.csv").read_bytes()
    assert f"knowledge   {model}, version 1\n" in capsys.readouterr().out


def test_the_result_as_json(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        predict(server, "rows.csv", "-o", "out.jsonl", "--json", "--precision", "float32", "--version", "1")
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["prediction"], found["rows"], found["model"]["name"]) == (
        0,
        "out.jsonl",
        2,
        "iris",
    )


@pytest.mark.slow
def test_standard_input_and_output(server: Server, folder: Path) -> None:
    words = [
        sys.executable,
        "-c",
        COMMAND,
        "predict",
        "--url",
        f"http://127.0.0.1:{server.port}",
        "-",
        "-o",
        "-",
    ]
    ended = subprocess.run(words, input=FLOWERS.encode(), capture_output=True, check=False)
    activate_file(load_knowledge(PROJECT.models / "iris.pkl"), "rows.csv", "expected.csv")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, (folder / "expected.csv").read_bytes(), b"")
    ended = subprocess.run(words, input=b"1,2,x,4\n", capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (65, b"")
    assert b"standard input" in ended.stderr


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["bad.csv"], 65, "bad.csv line 3, column 3 (petal_length): 'x' is not a number."),
        (["nope.csv"], 66, "nope.csv cannot be read: No such file or directory."),
        (["rows.csv", "--model", "nope"], 66, "There is no model 'nope'."),
        (["rows.csv", "-o", "no/out.csv"], 73, "no/out.csv cannot be written: No such file or directory."),
        (["rows.csv", "-o", "rows.csv"], 2, "rows.csv is the input file; choose another output path."),
        (["rows.csv", "-o", "-", "--json"], 2, "With --json, standard output is reserved for the result."),
        (["rows.csv", "--api-key-file", "nope"], 66, "nope cannot be read: No such file or directory."),
        (["rows.csv", "--api-key-file", "rows.csv"], 2, "rows.csv must contain exactly one API key."),
        (["rows.csv", "--ca-file", "rows.csv"], 2, "rows.csv contains no PEM certificates."),
        (["rows.csv", "--url", "127.0.0.1"], 2, "The URL '127.0.0.1' has no scheme; expected http:// or https://"),
        (["rows.csv", "--url", "http://me:secret@127.0.0.1"], 2, "The URL contains a user name or a password."),
        (["rows.csv", "--url", "http://127.0.0.1:9", "--retries", "0"], 69, "http://127.0.0.1:9 cannot be reached: "),
    ],
)  # fmt: skip
def test_errors_have_the_status_of_their_kind(
    server: Server,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    message: str,
) -> None:
    (folder / "bad.csv").write_text(FLOWERS.replace("6.0", "x"), encoding="utf-8")
    before = set(folder.iterdir())
    assert predict(server, *words) == status
    shown = capsys.readouterr().err.removeprefix("✗ ")
    assert shown[: len(message)] == message
    assert "secret" not in shown
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (reply({"error": "No key.", "code": "missing_key"}, 401), 69, "No key.\n  Specify the API key with --api-key"),
        (reply({"error": "Slow.", "code": "rate_limited"}, 429, retry_after=9999), 69, "Slow.\n"),
        (reply({"error": "Oops.", "code": "internal_error", "request_id": "r1"}, 500), 70, "The server failed: Oops."),
        (reply(b"<html>", kind="text/html"), 69, "The content type of the response is 'text/html'; expected text/c"),
        (closing, 69, "http://127.0.0.1"),
        (lambda connection: connection.recv(1), 75, "The response was not complete within the time limit: http"),
    ],
    ids=["401", "429", "500", "HTML", "closed", "silent"],
)  # fmt: skip
def test_server_errors_have_an_exit_status(
    capsys: pytest.CaptureFixture[str], answer: object, status: int, message: str
) -> None:
    with ScriptedServer(answer) as server:
        assert predict(server, "rows.csv", "--retries", "0", "--timeout", "0.4", "-o", "out.csv") == status
    assert capsys.readouterr().err.removeprefix("✗ ")[: len(message)] == message
    assert not Path("out.csv").exists()


def test_the_key_is_sent_and_not_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "key").write_text("secret-1\n", encoding="utf-8")
    with ScriptedServer(reply(b"a\n1\n", kind="text/csv")) as server:
        assert predict(server, "rows.csv", "-o", "a.csv", "--api-key-file", "key") == 0
        monkeypatch.setenv("APP07_API_KEY", "secret-2")
        assert predict(server, "rows.csv", "-o", "a.csv", "--debug") == 0
        monkeypatch.setenv("APP07_API_KEY", "")
        assert predict(server, "rows.csv", "-o", "a.csv") == 2
    assert [asked.headers["authorization"] for asked in server.asked] == [
        "Bearer secret-1",
        "Bearer secret-2",
    ]
    shown = "".join(capsys.readouterr())
    assert "secret" not in shown
    assert "The environment variable APP07_API_KEY is empty." in shown


def test_the_default_output_replaces_nothing(
    server: Server, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "prediction.csv").write_text("mine", encoding="utf-8")
    assert predict(server, "rows.csv") == 73
    assert (
        "prediction.csv exists; this prediction would replace it.\n  Choose another path with -o."
        in capsys.readouterr().err
    )
    assert (folder / "prediction.csv").read_text("utf-8") == "mine"
    assert predict(server, "rows.csv", "-o", "prediction.csv") == 0


@pytest.mark.parametrize(
    "words", [["--timeout", "0"], ["--timeout", "nan"], ["--retries", "-1"], ["--retries", "x"]]
)
def test_options_are_checked(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["predict", "rows.csv", "--url", "http://h", *words])
    assert caught.value.code == 2
