"""Run a function in a daemon thread, which does not prevent the process from exiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Run a function in a daemon thread and return its result.

    A process waits for the threads of a pool before it exits, so a thread that waits for a slow server would delay it.

    Args:
        work: the function; the caller limits the number of threads.
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
        with suppress(RuntimeError):  # the loop is closed: the server has exited
            loop.call_soon_threadsafe(finish, report)

    threading.Thread(target=run, daemon=True).start()
    return await future
