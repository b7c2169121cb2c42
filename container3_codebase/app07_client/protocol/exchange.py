"""One call as a sequence of steps, without input and output: what is sent, what comes back, when it is sent again.

Every request of this client may be sent again, although the server may have processed it: predictions have no effect on
the server, the rows of a session carry their place in the sequence, and a session that is created twice expires.

A plan is a generator. It yields what is to be done (``Send``, ``Pause``), is sent the outcome, and returns the result
of the call. ``app07_client.transport`` does what plans ask for, so that both clients decide alike.
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
from app07_client.protocol.files import ResponseFile, Upload
from app07_client.protocol.refusals import refusal

_T = TypeVar("_T")
MIB = 1 << 20
_BASE, _LONGEST = 0.2, 10.0
_TRANSIENT = frozenset({408, 429, 502, 503, 504})
_BUSY = "session_busy"
"""The code of 409 for a call that overlaps another one of its session, such as an interrupted attempt of itself."""


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        method: of HTTP.
        path: below the URL of the server, quoted, with the query.
        headers: in lower case, without the API key.
        content: the body; a file is read in blocks, from its start for each attempt.
        target: where the body of the response is written if it is successful; None for memory.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Upload | None = None
    target: ResponseFile | None = None


@dataclass(frozen=True)
class Send:
    """Send a request, and read the response.

    Attributes:
        request: the request.
        deadline: when the response has to be complete, by ``time.monotonic``.
        patience: the longest time to wait for the next bytes, in seconds.
    """

    request: Request
    deadline: float
    patience: float


@dataclass(frozen=True)
class Pause:
    """Wait.

    Attributes:
        seconds: how long.
    """

    seconds: float


@dataclass(frozen=True)
class Response:
    """A response.

    Attributes:
        status: the HTTP status.
        headers: by their names in lower case.
        body: the body; empty where it was written to a file.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


Outcome = Response | ConnectionFailed | None
Plan = Generator[Send | Pause, Outcome, _T]


@dataclass(frozen=True)
class Retries:
    """When a request is sent again: after a pause of random length, whose upper bound doubles with each attempt.

    Attributes:
        count: the most retries of a request.
        seconds: the most time of a call, with all retries and pauses; infinite for none.
        patience: the longest time to wait for the next bytes, in seconds.
        clock: returns the time in seconds.
        uniform: returns a random number between two others.
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
        """Return how long to wait before a retry.

        Args:
            retry: its number, from 0.
            retry_after: what the server asks for, in seconds; None where it does not.
        """
        jitter = self.uniform(0.0, min(_LONGEST, _BASE * 2.0 ** min(retry, 20)))
        return jitter if retry_after is None else retry_after + min(jitter, 1.0)


class Exchange:
    """Sends the requests of one call, within its time limit.

    Args:
        retries: when a request is sent again.
    """

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._deadline = retries.clock() + retries.seconds

    def send(self, request: Request, *, accepted: tuple[int, ...] = (200,)) -> Plan[Response]:
        """Send a request until it is answered, or must not be sent again.

        Args:
            request: the request.
            accepted: the statuses that are no error.

        Returns:
            The response, with one of these statuses.

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
    """Return whether a request may succeed when it is sent again."""
    match error:
        case RequestRefused():
            return error.status in _TRANSIENT or error.code == _BUSY
        case TimedOut():
            return not error.sent
        case TLSFailed():
            return False
    return isinstance(error, ConnectionFailed)
