"""API keys, rate limits and foreign web pages, at a running server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_control.errors import KeyFileError
from access_control.key_file import read_key_file, write_key_file
from access_control.keys import Key, sha256_of
from access_control.rates import Rate
from pipeline.cli import main
from tests.serving.servers import COMMAND, JSON, Answer, Server

BODY = {"instances": [[5.1, 3.5, 1.4, 0.2]]}
KEYS = (
    Key("all", sha256_of("all"), frozenset({"predict", "models", "metrics"})),
    Key("reader", sha256_of("reader"), frozenset({"models"})),
    Key("slow", sha256_of("slow"), frozenset({"predict"}), Rate(3, "h")),
)


def serve(log: Path, *options: str) -> Server:
    command = ["-c", COMMAND, "serve", "--engine", "local", "--port", "0", "--model", "iris", *options]
    return Server(command, log)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server of two workers that needs keys, and lets pages of one origin use it."""
    folder = tmp_path_factory.mktemp("access")
    write_key_file(folder / "keys.json", KEYS)
    options = ["--workers", "2", "--keys", str(folder / "keys.json"), "--cors", "https://app.example"]
    with serve(folder / "log", *options) as server:
        yield server


def predict(server: Server, key: str = "", **headers: str) -> Answer:
    sent = {"authorization": f"Bearer {key}"} if key else {}
    return server.ask("POST", "/predict", BODY, {**JSON, **sent, **headers})


def get(server: Server, path: str, key: str = "") -> Answer:
    return server.ask("GET", path, b"", {"x-api-key": key} if key else {"accept": "*/*"})


def keys_of(server: Server) -> Path:
    return server.log.with_name("keys.json")


def test_a_request_needs_a_key_with_the_scope_of_its_route(guarded: Server) -> None:
    assert predict(guarded, "all").json["labels"] == ["setosa"]
    for answer, status, code in (
        (predict(guarded), 401, "missing_key"),
        (predict(guarded, "wrong"), 401, "invalid_key"),
        (predict(guarded, "reader"), 403, "missing_scope"),
        (get(guarded, "/metrics", "reader"), 403, "missing_scope"),
        (get(guarded, "/metrics"), 401, "missing_key"),
        (get(guarded, "/unknown"), 401, "missing_key"),
    ):
        assert (answer.status, answer.json["code"]) == (status, code)
        assert answer.headers["www-authenticate"].startswith('Bearer realm="app07"')
    assert get(guarded, "/models", "reader").status == 200
    assert get(guarded, "/unknown", "reader").status == 404
    assert "app07_errors_total" in get(guarded, "/metrics", "all").body.decode()


def test_health_is_open_and_does_not_reveal_model_names(guarded: Server) -> None:
    for path in ("/health", "/livez", "/ping", "/v2/health/ready", "/openapi.json", "/docs"):
        assert get(guarded, path).status == 200
    assert get(guarded, "/readyz").json == {"status": "ready"}
    assert get(guarded, "/readyz", "reader").json["models"] == {"iris": "1"}


def test_the_document_describes_how_keys_are_sent(guarded: Server, server: Server) -> None:
    document = get(guarded, "/openapi.json").json
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}
    assert document["security"] == [{"bearer": []}, {"header": []}]
    assert document["paths"]["/health"]["get"]["security"] == []
    assert {"401", "403", "429"} <= set(document["paths"]["/predict"]["post"]["responses"])
    assert "security" not in server.get("/openapi.json").json


def test_the_document_lists_models_only_for_keys_that_may_see_them(guarded: Server) -> None:
    for key in ("", "slow", "wrong"):
        answer = get(guarded, "/openapi.json", key)
        assert (answer.status, b"sepal" in answer.body) == (200, False)
        assert answer.headers["vary"].startswith("authorization, x-api-key")
    assert b"sepal_length" in get(guarded, "/openapi.json", "reader").body
    assert b"sepal" not in get(guarded, "/openapi.json").body


def test_a_rate_applies_to_all_workers_together(guarded: Server) -> None:
    answers = [predict(guarded, "slow") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 3 + [429] * 3
    assert answers[-1].json["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 1200
    assert predict(guarded, "all").status == 200


@pytest.mark.slow
def test_keys_are_reloaded_from_their_file_and_kept_if_it_is_broken(guarded: Server) -> None:
    path = keys_of(guarded)
    try:
        path.write_text("broken", "utf-8")
        guarded.process.send_signal(signal.SIGHUP)
        time.sleep(0.7)
        assert predict(guarded, "all").status == 200
        assert "not a valid key file" in get(guarded, "/readyz", "reader").json["keys"]
        write_key_file(path, KEYS[1:])
        time.sleep(0.7)
        assert all(predict(guarded, "all").status == 401 for _ in range(4))
    finally:
        write_key_file(path, KEYS)
        time.sleep(0.7)
    assert all(predict(guarded, "all").status == 200 for _ in range(4))
    assert read_key_file(path) == KEYS


def test_only_pages_of_an_allowed_origin_may_read_responses(guarded: Server) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    for origin, allowed in (("https://app.example", "https://app.example"), ("https://evil.example", None)):
        answer = guarded.ask("OPTIONS", "/predict", b"", {"origin": origin, **asked})
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in answer.headers
        answer = predict(guarded, origin=origin)
        assert (answer.status, answer.headers.get("access-control-allow-origin")) == (401, allowed)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"host": "evil.example"}, 421, "unknown_host"),
        ({"origin": "https://evil.example"}, 403, "foreign_origin"),
        ({"sec-fetch-site": "cross-site"}, 403, "foreign_origin"),
    ],
)
def test_without_keys_a_foreign_page_may_not_use_the_server(
    server: Server, headers: dict[str, str], status: int, code: str
) -> None:
    answer = server.ask("POST", "/predict", BODY, {**JSON, **headers})
    assert (answer.status, answer.json["code"]) == (status, code)
    own = {"origin": f"http://127.0.0.1:{server.port}", "sec-fetch-site": "same-origin"}
    answer = server.ask("POST", "/predict", BODY, {**JSON, **own})
    assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.slow
def test_a_publicly_reachable_address_causes_a_warning(tmp_path: Path) -> None:
    with serve(
        tmp_path / "log", "--host", "0.0.0.0", "--rate", "2/h", "--allow-host", "App.Example"
    ) as server:
        assert "without API keys" in (tmp_path / "log").read_text("utf-8")
        statuses = [predict(server, host="app.example").status for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert get(server, "/health").status == 200


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--keys", "/nowhere/keys.json"], 66, "/nowhere/keys.json cannot be read: no such file"),
        (["--cors", "*"], 2, "--cors: '*' is not an origin"),
        (["--rate", "often"], 2, "--rate: 'often' is not a rate"),
    ],
)
def test_invalid_options_end_the_command(
    capsys: pytest.CaptureFixture[str], options: list[str], status: int, message: str
) -> None:
    assert main(["serve", "--engine", "local", "--port", "0", *options]) == status
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_a_pipe_in_place_of_the_key_file_blocks_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "keys.json")
    with pytest.raises(KeyFileError, match="not a regular file"):
        read_key_file(tmp_path / "keys.json")
