"""A call as a sequence of steps, without I/O: requests, responses and retries.

Every request of this client may be retried, even if the server may have processed it: predictions have no effect on the
server, the rows of a session carry their position in the sequence, and a session that is created twice expires.

A plan is a generator. It yields steps (``Send``, ``Pause``), receives their outcomes, and returns the result of the
call. ``app07_client.transport`` executes the steps, so both clients decide alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from app07_client.errors import (
    App07Error,
    ConnectionFailed,
    InvalidInput,
    RequestRefused,
    TimedOut,
    TLSFailed,
)
from app07_client.protocol.file_blocks import ResponseFile, Upload
from app07_client.protocol.refusals import refusal

_T = TypeVar("_T")
MIB = 1 << 20
_BASE, _LONGEST = 0.2, 10.0
_TRANSIENT = frozenset({408, 429, 502, 503, 504})
_BUSY = "session_busy"
"""The error code with status 409 if a call overlaps another one of its session, such as its own interrupted attempt."""


@dataclass(frozen=True)
class Request:
    """An HTTP request.

    Attributes:
        method: the HTTP method.
        path: the quoted path below the server's URL, with the query.
        headers: the headers by lower-case name, without the API key.
        content: the body; a file is read in blocks, from its start for each attempt.
        target: the file for the body of a successful response; None to keep it in memory.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Upload | None = None
    target: ResponseFile | None = None


@dataclass(frozen=True)
class Send:
    """The step of sending a request and reading the response.

    Attributes:
        request: the request.
        deadline: the time by which the response must be complete, as given by ``time.monotonic``.
        patience: maximum time to wait for the next bytes, in seconds.
    """

    request: Request
    deadline: float
    patience: float


@dataclass(frozen=True)
class Pause:
    """The step of waiting.

    Attributes:
        seconds: the time to wait.
    """

    seconds: float


@dataclass(frozen=True)
class Response:
    """An HTTP response.

    Attributes:
        status: the HTTP status.
        headers: the headers by lower-case name.
        body: the body; empty if it was written to a file.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


Outcome = Response | ConnectionFailed | None
Plan = Generator[Send | Pause, Outcome, _T]


@dataclass(frozen=True)
class Retries:
    """The retry policy: each retry follows a random pause, whose upper bound doubles with each attempt.

    Attributes:
        count: maximum number of retries of a request.
        seconds: time limit of a call in seconds, including all retries and pauses; infinity for no limit.
        patience: maximum time to wait for the next bytes, in seconds.
        clock: returns the time in seconds.
        uniform: returns a random number between two bounds.
    """

    count: int
    seconds: float
    patience: float
    clock: Callable[[], float]
    uniform: Callable[[float, float], float] = random.uniform

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int) or not 0 <= self.count <= 100:
            raise InvalidInput(f"retries is {str(self.count)[:40]}; expected an integer from 0 to 100.")
        for seconds in (self.seconds, self.patience):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
                raise InvalidInput(f"timeout is {str(seconds)[:40]}; expected seconds, more than 0.")

    def pause(self, retry: int, retry_after: float | None) -> float:
        """Return the time to wait before a retry, in seconds.

        Args:
            retry: the number of the retry, from 0.
            retry_after: the time that the server asks for, in seconds; None if it asks for none.
        """
        jitter = self.uniform(0.0, min(_LONGEST, _BASE * 2.0 ** min(retry, 20)))
        return jitter if retry_after is None else retry_after + min(jitter, 1.0)


class Exchange:
    """Sends the requests of one call, within its time limit.

    Args:
        retries: the retry policy.
    """

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._deadline = retries.clock() + retries.seconds

    def send(self, request: Request, *, accepted: tuple[int, ...] = (200,)) -> Plan[Response]:
        """Send a request, and retry it until it succeeds or must not be retried.

        Args:
            request: the request.
            accepted: the statuses that are not errors.

        Returns:
            The response, whose status is one of these.

        Raises:
            App07Error: the last attempt failed.
        """
        attempt = 0
        while True:
            outcome = yield Send(request, self._deadline, self._retries.patience)
            attempt += 1
            if isinstance(outcome, Response) and outcome.status in accepted:
                return outcome
            error = _error(request, outcome)
            retry_after = error.retry_after if isinstance(error, RequestRefused) else None
            if isinstance(error, RequestRefused | ConnectionFailed):
                error.attempts = attempt
            seconds = self._retries.pause(attempt - 1, retry_after)
            if not _may_pass(error) or attempt > self._retries.count or self._remaining() <= seconds:
                raise error
            yield Pause(seconds)

    def _remaining(self) -> float:
        return self._deadline - self._retries.clock()


def _error(request: Request, outcome: Outcome) -> App07Error:
    if isinstance(outcome, Response):
        return refusal(request.method, request.path, outcome.status, outcome.headers, outcome.body)
    assert outcome is not None
    return outcome


def _may_pass(error: App07Error) -> bool:
    """Return whether a failure may be transient, so that a retry can succeed."""
    match error:
        case RequestRefused():
            return error.status in _TRANSIENT or error.code == _BUSY
        case TimedOut():
            return not error.sent
        case TLSFailed():
            return False
    return isinstance(error, ConnectionFailed)
