"""Execute plans with blocking calls."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import BinaryIO, TypeVar

import httpx

from app07_client.protocol.exchange import Outcome, Pause, Plan, Send
from app07_client.protocol.file_blocks import Upload
from app07_client.transport.deadline import DeadlineTransport
from app07_client.transport.failures import FAILURES, HEADERS, failure, no_cookies, tls_context
from app07_client.transport.receiver import Receiver

_T = TypeVar("_T")


class Transport:
    """A pool of connections to a server. Threads may share it.

    Args:
        url: the validated URL of the server.
        headers: the headers of every request.
        context: settings for TLS connections; None for the defaults.
        most: maximum size in bytes of a response that is kept in memory.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], context: ssl.SSLContext | None, most: int
    ) -> None:
        self._url = url
        self._most = most
        if context is None and url.startswith("https"):
            context = tls_context()
        self._transport = DeadlineTransport(context)
        self._client = httpx.Client(
            headers={**HEADERS, **headers},
            transport=self._transport,
            cookies=no_cookies(),
            trust_env=False,
            follow_redirects=False,
        )

    def run(self, plan: Plan[_T]) -> _T:
        """Execute a plan, and return its result.

        Raises:
            App07Error: the plan fails.
        """
        outcome: Outcome = None
        try:
            while True:
                step = plan.send(outcome)
                if isinstance(step, Pause):
                    time.sleep(step.seconds)
                    outcome = None
                else:
                    outcome = self._send(step)
        except StopIteration as end:
            result: _T = end.value
            return result
        finally:
            plan.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _send(self, step: Send) -> Outcome:
        deadline = self._transport.deadline
        deadline.at, deadline.patience = step.deadline, step.patience
        with contextlib.ExitStack() as stack:
            headers, content = dict(step.request.headers), step.request.content
            body: bytes | Iterator[bytes] | None
            if isinstance(content, Upload):
                file = stack.enter_context(content.open())
                size = content.size(file)
                headers["content-length"] = str(size)
                body = _blocks(content, file, size)
            else:
                body = content
            try:
                return self._exchange(step, headers, body)
            except FAILURES as error:
                return failure(error, self._url)

    def _exchange(self, step: Send, headers: dict[str, str], body: bytes | Iterator[bytes] | None) -> Outcome:
        request = self._client.build_request(
            step.request.method,
            self._url + step.request.path,
            headers=headers,
            content=body,
            timeout=self._transport.deadline.left(),
        )
        response = self._client.send(request, stream=True)
        with contextlib.closing(response):
            received = Receiver(step.request, response.status_code, dict(response.headers), self._most)
            for block in response.iter_raw():
                received.add(block)
        return received.response()


def _blocks(upload: Upload, file: BinaryIO, left: int) -> Iterator[bytes]:
    while left:
        block = upload.block(file, left)
        left -= len(block)
        yield block
