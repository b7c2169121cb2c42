"""Execute plans with asynchronous calls, under asyncio or trio."""

from __future__ import annotations

import contextlib
import math
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO, TypeVar

import anyio
import anyio.to_thread
import httpx

from app07_client.protocol.exchange import Outcome, Pause, Plan, Send
from app07_client.protocol.file_blocks import Upload
from app07_client.transport.failures import (
    CONNECT_SECONDS,
    CONNECTIONS,
    FAILURES,
    HEADERS,
    KEPT_SECONDS,
    failure,
    no_cookies,
    tls_context,
)
from app07_client.transport.receiver import Receiver

_T = TypeVar("_T")


class AsyncTransport:
    """A pool of connections to a server. Tasks of the same event loop may share it.

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
        limits = httpx.Limits(
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
        )
        self._client = httpx.AsyncClient(
            headers={**HEADERS, **headers},
            transport=httpx.AsyncHTTPTransport(verify=context or False, trust_env=False, limits=limits),
            cookies=no_cookies(),
            trust_env=False,
            follow_redirects=False,
        )

    async def run(self, plan: Plan[_T]) -> _T:
        """Execute a plan, and return its result.

        Raises:
            App07Error: the plan fails.
        """
        outcome: Outcome = None
        try:
            while True:
                step = plan.send(outcome)
                if isinstance(step, Pause):
                    await anyio.sleep(step.seconds)
                    outcome = None
                else:
                    outcome = await self._send(step)
        except StopIteration as end:
            result: _T = end.value
            return result
        finally:
            plan.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _send(self, step: Send) -> Outcome:
        left = step.deadline - time.monotonic()
        with contextlib.ExitStack() as stack:
            headers, content = dict(step.request.headers), step.request.content
            body: bytes | AsyncIterator[bytes] | None
            if isinstance(content, Upload):
                file = stack.enter_context(await anyio.to_thread.run_sync(content.open))
                size = content.size(file)
                headers["content-length"] = str(size)
                body = _blocks(content, file, size)
            else:
                body = content
            try:
                with anyio.fail_after(None if math.isinf(left) else left):
                    return await self._exchange(step, headers, body, left)
            except FAILURES as error:
                return failure(error, self._url)

    async def _exchange(
        self, step: Send, headers: dict[str, str], body: bytes | AsyncIterator[bytes] | None, left: float
    ) -> Outcome:
        patience = min(step.patience, left)
        request = self._client.build_request(
            step.request.method,
            self._url + step.request.path,
            headers=headers,
            content=body,
            # Twice this, for TCP and TLS, is less than the whole time: httpcore closes a connection that times out,
            # but not one that is cancelled while it is being established.
            timeout=httpx.Timeout(patience, connect=min(0.45 * patience, CONNECT_SECONDS)),
        )
        response = await self._client.send(request, stream=True)
        try:
            received = Receiver(step.request, response.status_code, dict(response.headers), self._most)
            async for block in response.aiter_raw():
                if step.request.target is None:
                    received.add(block)
                else:
                    await anyio.to_thread.run_sync(received.add, block)
        finally:
            await response.aclose()
        return received.response()


async def _blocks(upload: Upload, file: BinaryIO, left: int) -> AsyncIterator[bytes]:
    while left:
        block = await anyio.to_thread.run_sync(upload.block, file, left)
        left -= len(block)
        yield block
