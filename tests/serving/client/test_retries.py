"""Failures that may pass are repeated with pauses, within the time limit; others are not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app07_client import (
    AccessDenied,
    App07Client,
    App07Error,
    ConnectionFailed,
    NotFound,
    RequestRefused,
    ServerFailed,
    TimedOut,
    TLSFailed,
    Unavailable,
)
from app07_client.protocol.exchange import Exchange, Outcome, Pause, Request, Response, Retries, Send
from app07_client.protocol.refusals import retry_after
from tests.serving.client.callers import blocking
from tests.serving.client.scripted import ANSWER, ScriptedServer, closing, raw, reply

REQUEST = Request("POST", "/predict")
BROKEN = ConnectionFailed("gone", sent=True)


def overloaded(status: int = 503, **headers: str) -> Response:
    return Response(status, headers, b'{"error": "busy", "code": "overloaded"}')


def pauses(outcomes: list[Any], *, retries: int = 3, seconds: float = 30.0, took: float = 0.0) -> list[float]:
    """Return the pauses of a request whose attempts have these outcomes, without jitter; the last error is raised."""
    now = [0.0]
    exchange = Exchange(Retries(retries, seconds, seconds, lambda: now[0], lambda low, high: high))
    plan, found, outcome = exchange.send(REQUEST), [], None
    remaining: Iterator[Outcome] = iter(outcomes)
    try:
        while True:
            step = plan.send(outcome)
            if isinstance(step, Pause):
                found.append(step.seconds)
                now[0] += step.seconds
                outcome = None
            else:
                assert isinstance(step, Send)
                outcome = next(remaining)
                now[0] += took
    except StopIteration:
        return found


DONE = Response(200, {}, b"")


def test_the_upper_bound_of_a_pause_doubles() -> None:
    assert pauses([overloaded(), BROKEN, overloaded(502), DONE]) == [0.2, 0.4, 0.8]
    assert pauses([overloaded()] * 9 + [DONE], retries=9, seconds=999)[-3:] == [10.0, 10.0, 10.0]


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_transient_statuses_are_retried(status: int) -> None:
    assert len(pauses([overloaded(status), DONE])) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413, 422, 500, 501, 505])
def test_other_statuses_are_not_retried(status: int) -> None:
    with pytest.raises(App07Error) as caught:
        pauses([overloaded(status), DONE])
    assert getattr(caught.value, "attempts", 1) == 1


def test_a_call_that_overlaps_itself_in_a_session_is_retried() -> None:
    assert len(pauses([Response(409, {}, b'{"code": "session_busy"}'), DONE])) == 1


@pytest.mark.parametrize("error", [TLSFailed("x", sent=False), TimedOut("x", sent=True)])
def test_certificates_and_time_limits_are_final(error: ConnectionFailed) -> None:
    with pytest.raises(type(error)):
        pauses([error, DONE])


def test_a_pause_is_as_long_as_the_server_asks_for_and_the_time_limit_allows() -> None:
    assert pauses([overloaded(**{"retry-after": "7"}), DONE]) == [7.2]
    with pytest.raises(Unavailable) as caught:
        pauses([overloaded(**{"retry-after": "3600"}), DONE])
    assert (caught.value.retry_after, caught.value.attempts) == (3600.0, 1)


def test_no_attempt_begins_after_the_time_limit() -> None:
    with pytest.raises(ConnectionFailed) as caught:
        pauses([BROKEN] * 99, retries=99, seconds=10.0, took=3.0)
    assert caught.value.attempts == 3


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        (" 0 ", 0.0),
        ("Sun, 22 Nov 2026 08:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0.0),
        ("-1", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
        ("Sun, 99 Nov 2026 07:00:00 GMT", None),
        ("9" * 400, 999999999999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 11, 22, 8, tzinfo=UTC)) == seconds


def test_a_server_that_recovers_causes_no_error() -> None:
    cut = raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{", then_close=True
    )
    with (
        ScriptedServer(closing, cut, reply({}, 503, retry_after=0), reply()) as server,
        App07Client(server.url) as client,
    ):
        assert client.predict([[1.0]]).outputs == ANSWER["predictions"]
    assert len(server.asked) == 4
    assert len({asked.body for asked in server.asked}) == 1


def test_all_attempts_are_counted() -> None:
    with ScriptedServer(closing) as server, pytest.raises(ConnectionFailed) as caught:
        blocking(server.url, "predict", [[1.0]], retries=2)
    assert (caught.value.attempts, caught.value.sent, len(server.asked)) == (3, True, 3)


def test_without_retries_one_request_is_sent() -> None:
    server = ScriptedServer(reply({"error": "no", "code": "overloaded"}, 503), reply())
    with server, pytest.raises(Unavailable, match=r"^no$"):
        blocking(server.url, "predict", [[1.0]], retries=0)
    assert len(server.asked) == 1


def test_a_server_that_does_not_exist_is_reported() -> None:
    with ScriptedServer(reply()) as server:
        url = server.url
    started = time.monotonic()
    with (
        App07Client(url, retries=2) as client,
        pytest.raises(ConnectionFailed, match="cannot be reached") as caught,
    ):
        client.ready()
    assert url in caught.value.message
    assert (caught.value.sent, caught.value.attempts) == (False, 3)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RequestRefused), (401, AccessDenied), (403, AccessDenied), (404, NotFound), (500, ServerFailed)],
)
def test_the_error_of_the_server_has_its_attributes(status: int, kind: type[RequestRefused]) -> None:
    body = {
        "error": "bad\nrow",
        "code": "c",
        "instance": 3,
        "field": "x",
        "line": 4,
        "column": 2,
        "request_id": "r",
    }
    with ScriptedServer(reply(body, status)) as server, pytest.raises(RequestRefused) as caught:
        blocking(server.url, "predict", [[1.0]])
    error = caught.value
    assert type(error) is kind
    assert (error.message, error.status, error.code) == ("bad row", status, "c")
    assert (error.instance, error.field, error.line, error.column, error.request_id) == (3, "x", 4, 2, "r")
