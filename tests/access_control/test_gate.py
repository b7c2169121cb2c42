"""Which requests may pass."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from access_control.errors import (
    AccessDenied,
    BadHost,
    ForeignOrigin,
    InvalidKey,
    MissingKey,
    MissingScope,
    RateLimited,
    UnknownHost,
)
from access_control.gate import AccessGate, AccessRules
from access_control.key_file import write_key_file
from access_control.key_store import KeyStore
from access_control.keys import Key, sha256_of
from access_control.origins import check_allowed_origin
from access_control.rate_limiter import RateLimiter
from access_control.rates import Rate

HOST = (b"host", b"127.0.0.1:8000")


def scope_of(method: str, path: str) -> str | None:
    return None if path == "/health" else "predict" if method == "POST" else "models"


NO_RULES = AccessRules()


def opened(rules: AccessRules = NO_RULES) -> AccessGate:
    """Return a gate without keys."""
    return AccessGate(rules, None, RateLimiter(shared=False), scope_of)


@pytest.fixture
def guarded(tmp_path: Path) -> AccessGate:
    """Return a gate with the keys `all`, `reader`, `slow` and `old`, whose text is their id."""
    every = frozenset({"predict", "models"})
    keys = [
        Key("all", sha256_of("all"), every),
        Key("reader", sha256_of("reader"), frozenset({"models"})),
        Key("slow", sha256_of("slow"), every, Rate(2, "h")),
        Key("old", sha256_of("old"), every, expires=time.time() - 1),
    ]
    write_key_file(tmp_path / "keys.json", keys)
    store = KeyStore(tmp_path / "keys.json")
    return AccessGate(AccessRules(), store, RateLimiter(shared=False), scope_of)


def post(gate: AccessGate, *headers: tuple[bytes, bytes], path: str = "/predict") -> Key | None:
    return gate.admit("POST", path, headers, "192.0.2.1")


def bearer(key: bytes) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + key


@pytest.mark.parametrize(
    "header", [bearer(b"all"), (b"authorization", b"bearer  all"), (b"x-api-key", b"all")], ids=lambda h: h[1]
)
def test_a_key_is_taken_from_either_header(guarded: AccessGate, header: tuple[bytes, bytes]) -> None:
    found = post(guarded, HOST, header)
    assert found is not None
    assert found.id == "all"


@pytest.mark.parametrize(
    ("headers", "error", "status", "challenge"),
    [
        ([], MissingKey, 401, 'Bearer realm="app07"'),
        ([(b"authorization", b"Basic YWxs")], MissingKey, 401, 'Bearer realm="app07"'),
        ([bearer(b"")], MissingKey, 401, 'Bearer realm="app07"'),
        ([bearer(b"other")], InvalidKey, 401, 'Bearer realm="app07", error="invalid_token"'),
        ([bearer(b"\xff\x00" * 50)], InvalidKey, 401, 'Bearer realm="app07", error="invalid_token"'),
        ([bearer(b"a" * 10_000)], InvalidKey, 401, 'Bearer realm="app07", error="invalid_token"'),
        ([bearer(b"old")], InvalidKey, 401, 'Bearer realm="app07", error="invalid_token"'),
        (
            [bearer(b"reader")],
            MissingScope,
            403,
            'Bearer realm="app07", error="insufficient_scope", scope="predict"',
        ),
    ],
)
def test_a_request_without_the_right_key_is_refused(
    guarded: AccessGate,
    headers: list[tuple[bytes, bytes]],
    error: type[AccessDenied],
    status: int,
    challenge: str,
) -> None:
    with pytest.raises(error) as caught:
        post(guarded, HOST, *headers)
    assert caught.value.http_status == status
    assert caught.value.headers["www-authenticate"] == challenge


def test_open_routes_need_no_key_and_accept_any(guarded: AccessGate) -> None:
    assert guarded.admit("GET", "/health", [HOST], "") is None
    assert guarded.admit("GET", "/health", [HOST, bearer(b"other")], "") is None
    found = guarded.admit("GET", "/health", [HOST, bearer(b"all")], "")
    assert found is not None
    assert found.id == "all"


def test_a_key_has_its_own_rate(guarded: AccessGate) -> None:
    for _ in range(2):
        post(guarded, HOST, bearer(b"slow"))
    with pytest.raises(RateLimited, match="The key slow is limited to 2/h; try again in 1800 s"):
        post(guarded, HOST, bearer(b"slow"))
    post(guarded, HOST, bearer(b"all"))


def test_without_keys_each_address_has_the_rate_of_the_server() -> None:
    gate = opened(AccessRules(rate=Rate(1, "min")))
    post(gate, HOST)
    with pytest.raises(RateLimited) as caught:
        post(gate, HOST)
    assert caught.value.headers["retry-after"] == "60"
    assert gate.admit("POST", "/predict", [HOST], "192.0.2.2") is None
    assert gate.admit("GET", "/health", [HOST], "192.0.2.1") is None


@pytest.mark.parametrize(
    "host",
    [b"localhost", b"LOCALHOST:8000", b"127.0.0.1", b"192.168.1.5:80", b"[::1]:8000", b"api", b"a.localhost"],
)
def test_addresses_and_local_names_are_hosts_of_the_server(host: bytes) -> None:
    assert post(opened(), (b"host", host)) is None


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"localhost.evil.example",
        b"127.0.0.1.nip.example",
        b"",
        b"a b",
        b"x" * 300,
        b"::1",
        b"\xff",
    ],
)
def test_a_foreign_domain_that_points_at_the_server_is_refused(host: bytes) -> None:
    with pytest.raises(UnknownHost):
        post(opened(), (b"host", host))
    assert post(opened(AccessRules(hosts=frozenset({"app.example"}))), (b"host", b"App.Example:443")) is None


def test_a_request_has_one_host() -> None:
    with pytest.raises(BadHost, match="two Host headers"):
        post(opened(), HOST, HOST)
    with pytest.raises(BadHost, match="no Host header"):
        post(opened())
    assert opened().admit("GET", "/health", [], "", "1.0") is None


@pytest.mark.parametrize(
    "headers",
    [
        [(b"origin", b"https://evil.example")],
        [(b"origin", b"null")],
        [(b"origin", b"http://127.0.0.1:9000")],
        [(b"origin", b"ftp://127.0.0.1:8000")],
        [(b"origin", b"127.0.0.1:8000")],
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site"), (b"origin", b"http://127.0.0.1:8000")],
    ],
)
def test_a_page_of_another_origin_may_not_send_requests(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(ForeignOrigin):
        post(opened(), HOST, *headers)
    assert opened().admit("GET", "/models", [HOST, *headers], "") is None


@pytest.mark.parametrize(
    "headers",
    [
        [(b"origin", b"http://127.0.0.1:8000")],
        [(b"origin", b"https://127.0.0.1:8000")],
        [(b"sec-fetch-site", b"same-origin"), (b"origin", b"https://front.example")],
        [(b"sec-fetch-site", b"none")],
        [(b"sec-fetch-site", b"cross-site"), (b"origin", b"https://app.example")],
    ],
)
def test_own_pages_and_allowed_origins_may_send_requests(headers: list[tuple[bytes, bytes]]) -> None:
    assert post(opened(AccessRules(origins=frozenset({"https://app.example"}))), HOST, *headers) is None


def test_default_ports_are_left_out_of_origins() -> None:
    assert post(opened(), (b"host", b"api"), (b"origin", b"http://api")) is None
    assert post(opened(), (b"host", b"api:443"), (b"origin", b"https://api")) is None


@pytest.mark.parametrize(
    "text", ["*", "null", "app.example", "https://app.example/", "ftp://a", "https://a b"]
)
def test_an_invalid_origin_cannot_be_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        check_allowed_origin(text)
