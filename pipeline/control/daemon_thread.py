"""Work in a thread that does not keep the process from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Return the result of some work.

    The threads of a pool are waited for when a process ends; one that waits for a slow server would hold up its end.

    Args:
        work: called in a thread of its own; the caller bounds how many there are.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def finish(report: Callable[[], None]) -> None:
        if not future.cancelled():
            report()

    def run() -> None:
        try:
            report = partial(future.set_result, work())
        except BaseException as error:
            report = partial(future.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: the server has ended
            loop.call_soon_threadsafe(finish, report)

    threading.Thread(target=run, daemon=True).start()
    return await future
