"""Files are fetched from checked addresses, within limits that hold for any server."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pipeline.bundles.addresses import AddressRefused, SourceHost, parse_source_host
from pipeline.bundles.bundle_limits import DEFAULT_BUNDLE_LIMITS
from pipeline.bundles.errors import SourceError, SourceFailed, SourceRefused
from pipeline.bundles.fetch_process import fetch_in_process
from pipeline.bundles.http_fetch import FetchedFile, PinnedConnection, fetch_file
from pipeline.bundles.urls import parse_url
from tests.bundles.servers import Answer, certificates, http_server, redirect, send

LIMITS = replace(DEFAULT_BUNDLE_LIMITS, file_size=100_000, connect_seconds=0.5, fetch_seconds=1.5)
ROWS = b"x,y\n1,2\n"


def fetch(place: str, path: str, target: Path, kind: str = "data") -> FetchedFile:
    return fetch_file(f"http://{place}{path}", target / "file", kind, {parse_source_host(place)}, LIMITS)


def test_a_file_is_fetched_with_its_hash(tmp_path: Path) -> None:
    asked: list[Mapping[str, str]] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(dict(request.headers))
        send(request, ROWS, content_type="text/csv; charset=utf-8")

    with http_server({"/rows.csv?token=1": answer}) as place:
        found = fetch(place, "/rows.csv?token=1", tmp_path)
        assert found == FetchedFile(f"http://{place}/rows.csv", len(ROWS), hashlib.sha256(ROWS).hexdigest())
    assert (tmp_path / "file").read_bytes() == ROWS
    assert asked[0]["Host"] == place and asked[0]["Accept-Encoding"] == "identity"
    assert not {"Authorization", "Cookie", "Referer"} & set(asked[0])


def test_a_limited_number_of_redirects_is_followed(tmp_path: Path) -> None:
    answers: dict[str, Answer | bytes] = {
        "/a": redirect("/b"),
        "/b": redirect("c"),
        "/c": ROWS,
        "/loop": redirect("/loop"),
    }
    with http_server(answers) as place:
        assert fetch(place, "/a", tmp_path).url == f"http://{place}/c"
        with pytest.raises(SourceFailed, match="more than 5 redirects"):
            fetch(place, "/loop", tmp_path)


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://[::ffff:127.0.0.1]/secret",
        "//10.0.0.1/secret",
        "http://0/secret",
        "http://user:word@localhost:{port}/secret",
        "file:///etc/passwd",
        "ftp://localhost:{port}/secret",
        "http://[broken/",
        "",
    ],
)
def test_a_redirect_is_checked_like_the_first_url(tmp_path: Path, target: str) -> None:
    asked: list[str] = []
    answers: dict[str, Answer | bytes] = {"/secret": lambda request: asked.append(request.path)}
    with http_server(answers) as place:
        answers["/a"] = redirect(target.replace("{port}", place.rpartition(":")[2]))
        with pytest.raises(SourceError):
            fetch(place, "/a", tmp_path)
    assert not asked and not (tmp_path / "file").exists()


def test_the_checked_address_is_the_one_that_is_used(tmp_path: Path) -> None:
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        """Return the address of the server first, and another address afterwards."""
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["127.0.0.99"]

    with http_server({"/a": ROWS}) as place:
        port = int(place.rpartition(":")[2])
        named = {SourceHost("rebinding.example", port)}
        found = fetch_file(
            f"http://rebinding.example:{port}/a", tmp_path / "file", "data", named, LIMITS, rebinding
        )
    assert (found.size, looked_up) == (len(ROWS), ["rebinding.example"])


def test_a_name_with_a_private_address_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"):
        with pytest.raises(SourceRefused, match="no address of the public Internet"):
            fetch_file(
                "http://x.example/a", tmp_path / "file", "data", (), LIMITS, lambda *_, found=address: [found]
            )


def test_this_machine_is_refused_at_any_address() -> None:
    with http_server({"/a": ROWS}) as place:
        url = parse_url(f"http://{place}/a", {parse_source_host(place)}, longest=LIMITS.url)
        with pytest.raises(AddressRefused, match="this machine"):
            PinnedConnection(url, ["127.0.0.1"], 1.0, may_be_local=False).connect()


def test_a_host_allowed_at_one_port_is_refused_at_others(tmp_path: Path) -> None:
    with http_server({"/a": ROWS}) as place, pytest.raises(SourceRefused, match="port"):
        fetch_file(f"http://{place}/a", tmp_path / "file", "data", {SourceHost("localhost", 1)}, LIMITS)


BOMB = gzip.compress(b"0" * 10_000_000)


def endless(request: BaseHTTPRequestHandler) -> None:
    """Send a body without a length, and without an end."""
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"0" * 65536)


def raw(text: bytes) -> Answer:
    return lambda request: request.wfile.write(text) and None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda r: send(r, b"x", 404), "status 404"),
        (lambda r: send(r, b"x", 206), "status 206"),
        (lambda r: send(r, b"", 304), "status 304"),
        (lambda r: send(r, b"<html>", content_type="text/html"), "content type 'text/html'"),
        (lambda r: send(r, b"0" * 100_001), "more than 100000 bytes"),
        (lambda r: send(r, b"", content_length="9" * 30), "more than 100000 bytes"),
        (lambda r: send(r, b"short", content_length="50"), "ended after 5 of 50 bytes"),
        (lambda r: send(r, BOMB, content_encoding="gzip"), "content encoding 'gzip'"),
        (lambda r: send(r, BOMB, content_encoding="br, gzip"), "content encoding"),
        (endless, "more than 100000 bytes"),
        (raw(b"not HTTP at all\r\n\r\n"), "valid HTTP"),
        (raw(b""), "valid HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5000 + b"\r\n"), "valid HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\na: " + b"b" * 100_000), "valid HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "valid HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\nabc"), "valid HTTP"),
        (lambda r: time.sleep(0.8), "sent nothing for 0.5 s"),
    ],
)
def test_an_unexpected_response_is_refused(tmp_path: Path, answer: Answer, message: str) -> None:
    with http_server({"/a": answer}) as place, pytest.raises(SourceError, match=message):
        fetch(place, "/a", tmp_path)


def slow_body(request: BaseHTTPRequestHandler) -> None:
    send(request, b"", content_length="100")
    for _ in range(100):
        request.wfile.write(b"0")
        time.sleep(0.1)


def slow_headers(request: BaseHTTPRequestHandler) -> None:
    for _ in range(100):
        request.wfile.write(b"H")
        time.sleep(0.1)


def endless_continue(request: BaseHTTPRequestHandler) -> None:
    while True:
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.001)


def endless_trailer(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    while True:
        request.wfile.write(b"a: b\r\n")
        time.sleep(0.001)


@pytest.mark.slow
@pytest.mark.parametrize("answer", [slow_body, slow_headers, endless_continue, endless_trailer])
def test_a_fetch_from_a_server_that_never_finishes_times_out(tmp_path: Path, answer: Answer) -> None:
    started = time.monotonic()
    with (
        http_server({"/a": answer}) as place,
        pytest.raises(SourceFailed, match=r"not complete after 1\.5 s"),
    ):
        fetch_in_process(f"http://{place}/a", "data", tmp_path, frozenset({parse_source_host(place)}), LIMITS)
    assert time.monotonic() - started < 10


@pytest.mark.slow
def test_a_process_fetches_the_file_and_passes_errors_on(tmp_path: Path) -> None:
    answers: dict[str, Answer | bytes] = {"/a": ROWS, "/b": redirect("http://169.254.169.254/")}
    for name in "ab":
        (tmp_path / name).mkdir()
    with http_server(answers) as place:
        named = frozenset({parse_source_host(place)})
        path, found = fetch_in_process(f"http://{place}/a", "data", tmp_path / "a", named, LIMITS)
        assert (path.read_bytes(), found.size) == (ROWS, len(ROWS))
        with pytest.raises(
            SourceRefused, match=r"redirect that is not followed|no address of the public Internet"
        ):
            fetch_in_process(f"http://{place}/b", "data", tmp_path / "b", named, LIMITS)


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server({"/a": ROWS}, tls=True) as place:
        url, named = f"https://{place}/a", {parse_source_host(place)}
        with pytest.raises(SourceFailed, match="certificate of the server is not valid"):
            fetch_file(url, tmp_path / "file", "data", named, LIMITS)
        monkeypatch.setitem(os.environ, "SSL_CERT_FILE", certificates()["SSL_CERT_FILE"])
        assert fetch_file(url, tmp_path / "file", "data", named, LIMITS).size == len(ROWS)


def test_a_redirect_from_https_to_http_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", certificates()["SSL_CERT_FILE"])
    with (
        http_server({"/a": ROWS}) as plain,
        http_server({"/a": redirect(f"http://{plain}/a")}, tls=True) as place,
    ):
        named = {parse_source_host(each) for each in (plain, place)}
        with pytest.raises(SourceRefused, match="from https to http"):
            fetch_file(f"https://{place}/a", tmp_path / "file", "data", named, LIMITS)
