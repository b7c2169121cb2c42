"""Both clients, called alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from app07_client import App07Client, AsyncApp07Client

Caller = Callable[..., Any]


def blocking(url: str, method: str, *arguments: Any, **settings: Any) -> Any:
    """Return the result of a method of a new client."""
    with App07Client(url, **settings) as client:
        return getattr(client, method)(*arguments)


def asynchronous(url: str, method: str, *arguments: Any, **settings: Any) -> Any:
    """Return the result of a method of a new asynchronous client."""

    async def call() -> Any:
        async with AsyncApp07Client(url, **settings) as client:
            return await getattr(client, method)(*arguments)

    return asyncio.run(call())


CALLERS = [blocking, asynchronous]
