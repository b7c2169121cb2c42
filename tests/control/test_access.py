"""Keys, scopes, rates, quotas and the audit log of the API."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from access_control.key_file import write_key_file
from access_control.keys import Key, sha256_of
from access_control.rates import Rate
from pipeline.cli import main
from tests.control.conftest import control
from tests.control.examples import document_example
from tests.control.test_api import BUNDLE, GENERATE, VALIDATE
from tests.serving.servers import JSON, Answer, Server

KEYS = (
    Key("all", sha256_of("all-secret"), frozenset({"compose:generate", "compose:bundle"})),
    Key("text", sha256_of("text-secret"), frozenset({"compose:generate"})),
    Key("serving", sha256_of("serving-secret"), frozenset({"predict", "models"})),
    Key("slow", sha256_of("slow-secret"), frozenset({"compose:generate"}), Rate(3, "h")),
)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that requires keys, on every address of this machine; each key may create two bundles a day."""
    folder = tmp_path_factory.mktemp("access")
    write_key_file(folder / "keys.json", KEYS)
    options = ["--keys", str(folder / "keys.json"), "--bundle-rate", "2/day", "--host", "0.0.0.0"]
    with control(folder, *options) as server:
        yield server
        assert server.stop() == 0
    assert "secret" not in (folder / "log").read_text("utf-8")


def ask(server: Server, path: str, key: str = "", body: object = None, **headers: str) -> Answer:
    sent = {"authorization": f"Bearer {key}-secret"} if key else {}
    return server.ask("POST", path, document_example() if body is None else body, {**JSON, **sent, **headers})


def audit(server: Server) -> list[dict[str, Any]]:
    path = server.log.parent / "audit.jsonl"
    lines = path.read_text("ascii").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def wait_for(server: Server, status: int) -> None:
    """Wait until a request with the key "all" returns a status."""
    deadline = time.monotonic() + 120
    while ask(server, GENERATE, "all").status != status:
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_a_request_needs_a_key_with_the_scope_of_its_route(guarded: Server) -> None:
    for path, key, status, code in (
        (GENERATE, "", 401, "missing_key"),
        (GENERATE, "wrong", 401, "invalid_key"),
        (GENERATE, "serving", 403, "missing_scope"),
        (VALIDATE, "serving", 403, "missing_scope"),
        (BUNDLE, "text", 403, "missing_scope"),
        ("/unknown", "", 401, "missing_key"),
    ):
        answer = ask(guarded, path, key)
        assert (answer.status, answer.json["code"]) == (status, code)
        assert answer.headers["www-authenticate"].startswith('Bearer realm="app07"')
    assert ask(guarded, GENERATE, "text").status == 200
    assert ask(guarded, GENERATE, "", **{"x-api-key": "all-secret"}).status == 200
    assert ask(guarded, "/unknown", "text").status == 404
    for path in ("/health", "/docs", "/openapi.json"):
        assert guarded.get(path).status == 200
    assert guarded.get("/openapi.json").json["security"] == [{"bearer": []}, {"header": []}]


def test_the_rate_of_a_key_is_enforced_with_a_retry_after_header(guarded: Server) -> None:
    answers = [ask(guarded, VALIDATE, "slow") for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 3 + [429] * 2
    assert answers[-1].json["code"] == "rate_limited"
    assert 3500 < int(answers[-1].headers["retry-after"]) <= 3600
    assert ask(guarded, VALIDATE, "text").status == 200


@pytest.mark.slow
def test_bundles_have_their_own_quota(guarded: Server) -> None:
    request = document_example("127.0.0.1:1")
    refused = document_example()
    refused["containers"][0]["privileged"] = True
    statuses = [ask(guarded, BUNDLE, "all", body).status for body in (refused, refused, refused)]
    assert statuses == [422] * 3  # nothing was fetched for them
    assert ask(guarded, BUNDLE, "all", request).status == 422
    assert ask(guarded, GENERATE, "all").status == 200


def test_every_request_is_in_the_audit_log_without_secrets(guarded: Server) -> None:
    request = document_example()
    request["containers"][2]["environment"]["PASSWORD"] = "hunter2-secret"
    request["containers"][0]["data_source"]["url"] = "https://169.254.169.254/data.csv?token=hunter2-secret"
    before = len(audit(guarded))
    for path, key, body in (
        (GENERATE, "text", request),
        (GENERATE, "", request),
        (BUNDLE, "all", request),
        (BUNDLE, "text", request),
    ):
        ask(guarded, path, key, body, **{"x-request-id": f"audit-{key}"})
    entries = audit(guarded)[before:]
    assert [(entry["key"], entry["request_id"]) for entry in entries] == [
        ("text", "audit-text"),
        ("", "audit-"),
        ("all", "audit-all"),
        ("text", "audit-text"),
    ]
    assert [entry["status"] for entry in entries[1:4:2]] == [401, 403]
    assert {"time", "client", "method", "path", "status", "bytes", "seconds"} <= set(entries[0])
    text = (guarded.log.parent / "audit.jsonl").read_text("ascii")
    assert "secret" not in text and "hunter2" not in text
    assert (guarded.log.parent / "audit.jsonl").stat().st_mode & 0o077 == 0


def test_a_revoked_key_is_refused_after_the_keys_are_reloaded(guarded: Server) -> None:
    path = guarded.log.parent / "keys.json"
    guarded.process.send_signal(
        signal.SIGHUP
    )  # may arrive before the server has read the keys for the first time
    try:
        write_key_file(path, KEYS[1:])
        guarded.process.send_signal(signal.SIGHUP)
        wait_for(guarded, 401)
    finally:
        write_key_file(path, KEYS)
        guarded.process.send_signal(signal.SIGHUP)
        wait_for(guarded, 200)


def test_the_audit_log_can_be_moved(guarded: Server) -> None:
    path = guarded.log.parent / "audit.jsonl"
    ask(guarded, VALIDATE, "text")
    path.rename(path.with_suffix(".old"))
    ask(guarded, VALIDATE, "text")
    assert len(audit(guarded)) == 1


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--host", "0.0.0.0"], 2, "API keys are required"),
        (["--host", "::"], 2, "API keys are required"),
        (["--keys", "/nowhere/keys.json"], 66, "/nowhere/keys.json cannot be read"),
        (["--rate", "often"], 2, "--rate: 'often' is not a rate"),
        (["--bundle-rate", "0/day"], 2, "--bundle-rate: '0/day' is not a rate"),
        (["--allow-source", "http://x"], 2, "--allow-source: 'http://x' is not a host"),
        (["--rate-storage", "mongodb://user:word@x"], 2, "'mongodb' is not a supported rate storage"),
        (
            ["--rate-storage", "redis://user:word@127.0.0.1:1/0"],
            2,
            "The rate storage (redis) does not respond",
        ),
        (["--host", "203.0.113.1"], 2, "Cannot listen on"),
    ],
)
def test_invalid_options_end_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], status: int, message: str
) -> None:
    assert main(["control", "--port", "0", "--audit-log", str(tmp_path / "audit"), *options]) == status
    error = capsys.readouterr().err
    assert message in error and "word" not in error
