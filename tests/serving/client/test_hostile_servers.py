"""A server may answer anything: memory and time are bounded, the error says what came, and no key is shown."""

from __future__ import annotations

import logging
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from app07_client import (
    App07Client,
    App07Error,
    ConnectionFailed,
    InvalidInput,
    InvalidResponse,
    TimedOut,
    TLSFailed,
)
from tests.serving.client.callers import CALLERS, Caller, blocking
from tests.serving.client.scripted import (
    ANSWER,
    MODEL,
    Reply,
    ScriptedServer,
    closing,
    dripping,
    endless,
    raw,
    reply,
)

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
KEY = "secret-key-1234"


def refused(caller: Caller, answer: Reply, kind: type[App07Error], **settings: Any) -> App07Error:
    """Return the error for an answer; its message has no key."""
    settings = {"retries": 0, "timeout": 5.0, "api_key": KEY, **settings}
    with ScriptedServer(answer) as server, pytest.raises(App07Error) as caught:
        caller(server.url, "predict", [[1.0]], **settings)
    assert all(asked.headers["authorization"] == f"Bearer {KEY}" for asked in server.asked)
    assert KEY not in repr(vars(caught.value))
    assert type(caught.value) is kind, caught.value
    return caught.value


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "answer",
    [
        dripping(HEAD + b"x: " + b"y" * 200, 0.05),
        dripping(HEAD + b"content-length: 200\r\n\r\n" + b" " * 200, 0.05),
        dripping(b"", 0.0),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(CHUNKED, b"1\r\n \r\n"),
    ],
    ids=["headers byte by byte", "body byte by byte", "silence", "endless 100", "endless small chunks"],
)
def test_the_time_limit_is_that_of_the_whole_call(caller: Caller, answer: Reply) -> None:
    started = time.monotonic()
    refused(caller, answer, TimedOut, timeout=0.4)
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "answer",
    [
        endless(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
        endless(HEAD + b"\r\n", b" " * 65536),
        raw(HEAD + b"content-length: 99999999999\r\n\r\n"),
    ],
    ids=["chunked", "until it is closed", "announced"],
)
def test_a_body_is_bounded(caller: Caller, answer: Reply) -> None:
    error = refused(caller, answer, InvalidResponse, max_response_bytes=1 << 20)
    assert error.message == "The response exceeds the limit of 1048576 bytes."


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "answer",
    [
        closing,
        endless(HEAD, b"x: " + b"y" * 1000 + b"\r\n"),
        raw(b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n", then_close=True),
        raw(HEAD + b"content-length: 50\r\n\r\n{}", then_close=True),
        raw(HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}", then_close=True),
        raw(CHUNKED + b"5\r\n{}", then_close=True),
        raw(CHUNKED + b"2\r\n{}\r\n", then_close=True),
        raw(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", then_close=True),
    ],
    ids=[
        "nothing", "endless headers", "no HTTP", "closed in the body", "two lengths", "closed in a chunk",
        "no last chunk", "a chunk without a length",
    ],
)  # fmt: skip
def test_an_incomplete_response_is_a_failed_connection(caller: Caller, answer: Reply) -> None:
    error = refused(caller, answer, ConnectionFailed)
    assert isinstance(error, ConnectionFailed) and error.sent
    assert "did not respond completely" in error.message


NOT_AS_EXPECTED = "The JSON of the response is not as expected: "


def with_predictions(text: str) -> bytes:
    return b'{"predictions": %b, "model": {"name": "n", "version": "1", "sha256": "0"}}' % text.encode()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (reply(b"<html>", kind="text/html"), "The content type of the response is 'text/html'; expected applicat"),
        (reply(b"{}", kind=""), "The content type of the response is ''; expected"),
        (reply({}, 307, location="http://elsewhere/"), "POST /predict was redirected (307) to 'http://elsewhere/'; r"),
        (reply({}, 302, location="http://u:pw@h/"), "POST /predict was redirected (302) to another address; "),
        (reply({}, 204), "POST /predict returned the unexpected status 204 No Content."),
        (reply(b"{}", content_encoding="gzip"), "The response is compressed, although no compression was requested."),
        (reply(b""), "The response is not JSON: "),
        (reply(b"\xff\xfe"), "The response is not JSON: "),
        (reply(b"{" * 3), "The response is not JSON: "),
        (reply(b"[" * 100_000), "The response is not JSON: "),
        (reply(with_predictions("9" * 5000)), "The response is not JSON: "),
        (reply(with_predictions("[[NaN]]")), "The response is not JSON: NaN is not a valid JSON number."),
        (reply(with_predictions("[[-Infinity]]")), "The response is not JSON: -Infinity is not a valid JSON number."),
        (reply([1]), NOT_AS_EXPECTED + "expected an object."),
        (reply({}), NOT_AS_EXPECTED + "predictions is missing or not a list."),
        (reply(with_predictions("[[1e400]]")), NOT_AS_EXPECTED + "predictions contains inf, which"),
        (reply(with_predictions("[[true]]")), NOT_AS_EXPECTED + "predictions contains True, which"),
        (reply(with_predictions("[[null]]")), NOT_AS_EXPECTED + "predictions contains None, which"),
        (reply(with_predictions('[["1"]]')), NOT_AS_EXPECTED + "predictions contains 1, which is no"),
        (reply(with_predictions("[[1], [2]]")), NOT_AS_EXPECTED + "predictions has 2 rows; 1 we"),
        (reply(with_predictions("[[]]")), NOT_AS_EXPECTED + "predictions has rows of different lengths"),
        (reply({"predictions": [[0.5]]}), NOT_AS_EXPECTED + "expected an object."),
        (reply({**ANSWER, "labels": ["a", "b"]}), NOT_AS_EXPECTED + "there are 2 labels for"),
        (reply({**ANSWER, "labels": [1]}), NOT_AS_EXPECTED + "labels is not a list of strings."),
        (reply({**ANSWER, "model": {**MODEL, "version": 1}}), NOT_AS_EXPECTED + "version is"),
        (
            reply({**ANSWER, "probabilities": [], "classes": ["a", "b", "c"]}),
            NOT_AS_EXPECTED + "there are 3 classes for 1 outputs.",
        ),
    ],
)  # fmt: skip
def test_a_response_with_unexpected_content_is_refused(answer: Reply, message: str) -> None:
    assert refused(blocking, answer, InvalidResponse).message[: len(message)] == message


def test_redirects_are_not_followed_and_the_key_goes_nowhere_else() -> None:
    with ScriptedServer(reply()) as other:
        refused(blocking, reply({}, 308, location=f"{other.url}/predict"), InvalidResponse)
    assert other.asked == []


def test_the_error_of_a_proxy_is_reported_without_its_page() -> None:
    page = b"<html>" + b"x" * (3 << 20)
    with (
        ScriptedServer(reply(page, 418, "text/html")) as server,
        pytest.raises(InvalidResponse, match="1048576"),
    ):
        blocking(server.url, "models")
    message = r"^GET /models failed with status 418 I'm a Teapot\.$"
    with (
        ScriptedServer(reply(b"<html>", 418, "text/html")) as server,
        pytest.raises(App07Error, match=message),
    ):
        blocking(server.url, "models")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new self-signed certificate of 127.0.0.1, with its key."""
    path = tmp_path_factory.mktemp("certificate") / "self_signed.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    command = [
        "openssl",
        *words.split(),
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        "-",
        "-out",
        "-",
    ]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return path


@pytest.mark.parametrize("caller", CALLERS)
def test_a_certificate_that_is_not_trusted_ends_the_call_at_once(caller: Caller, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ScriptedServer(reply()) as server:
        server.encrypt(context)
        url = server.url.replace("http:", "https:")
        with pytest.raises(
            TLSFailed, match=r"Cannot establish a trusted connection to .*: self-signed certificate"
        ):
            caller(url, "predict", [[1.0]], timeout=5.0)
        trusted = ssl.create_default_context(cafile=certificate)
        assert len(caller(url, "predict", [[1.0]], ssl_context=trusted)) == 1
    assert len(server.asked) == 1


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
def test_an_https_url_of_a_server_without_tls_fails(caller: Caller) -> None:
    with ScriptedServer(closing) as server, pytest.raises(App07Error):
        caller(server.url.replace("http:", "https:"), "ready", timeout=2.0, retries=0)
    assert server.asked == []


def test_proxies_and_passwords_in_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n", encoding="utf-8")
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for caller in CALLERS:
        with ScriptedServer(reply()) as server:
            assert len(caller(server.url, "predict", [[1.0]])) == 1
        assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("127.0.0.1:8000", "The URL '127.0.0.1:8000' has no scheme; expected http:// or https://"),
        ("localhost", "The URL 'localhost' has no scheme"),
        ("", "The URL is empty"),
        ("http://", "The URL 'http://' has no host"),
        ("http://h:0", "The URL 'http://h:0' has no host, or port 0"),
        ("http://h:x", "The host or the port of the URL is not valid"),
        ("http://h:99999", "The host or the port of the URL is not valid"),
        ("http://[::1", "The host or the port of the URL is not valid"),
        ("ftp://h", "The URL scheme is 'ftp'; expected http or https."),
        ("http://user:secret@h", "The URL contains a user name or a password."),
        ("user:secret@h", "The URL contains a user name or a password."),
        ("http://h/?key=secret", "The URL has a query or a fragment"),
        ("http://h/#a", "The URL has a query or a fragment"),
        ("http://h/../x", "The URL path contains characters that are not allowed."),
        ("http://h/a b", "The URL is empty, too long, or contains invalid characters"),
        ("http://h\r\nx: y", "The URL is empty, too long, or contains invalid characters"),
        ("http://" + "h" * 3000, "The URL is empty, too long, or contains invalid characters"),
    ],
)
def test_a_url_is_checked_and_its_password_not_shown(url: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        App07Client(url)
    assert caught.value.message[: len(message)] == message
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nx: y", "schlüssel", "x" * 501])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        App07Client("http://h", key)
    assert not key or key not in str(caught.value)


def test_a_key_is_neither_in_the_representation_nor_in_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(reply()) as server, App07Client(server.url, KEY) as client:
        client.predict([[1.0]])
        assert repr(client) == f"App07Client('{server.url}')"
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "settings",
    [{"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"timeout": "5"}, {"retries": -1}, {"retries": 1.5},
     {"retries": True}, {"max_response_bytes": 0}],
)  # fmt: skip
def test_settings_are_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        App07Client("http://h", **settings)


@pytest.mark.parametrize("caller", CALLERS)
def test_cookies_are_not_kept(caller: Caller) -> None:
    with ScriptedServer(closing, reply({}, 503, set_cookie="a=b"), reply()) as server:
        caller(server.url, "predict", [[1.0]])
    assert len(server.asked) == 3
    assert not any("cookie" in asked.headers for asked in server.asked)


def test_a_path_in_the_url_is_kept() -> None:
    with ScriptedServer(reply()) as server, App07Client(server.url + "/app07/") as client:
        client.predict([[1.0]])
    assert server.asked[0].line == "POST /app07/predict HTTP/1.1"
