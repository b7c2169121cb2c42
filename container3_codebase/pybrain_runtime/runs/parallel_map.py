"""Calls a function in several threads, with results in the order of the items."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def parallel_map(work: Callable[[_Item], _Result], items: Iterable[_Item], threads: int) -> Iterator[_Result]:
    """Yield ``work(item)`` for each item, in order, and raise the first error in that order.

    At most ``threads + 2`` items are in progress, so that memory is bounded.

    Args:
        work: the function; it must be safe to call from several threads, unless ``threads`` is 1.
        items: the items, iterated over in the caller's thread.
        threads: number of threads.
    """
    if threads == 1:
        yield from map(work, items)
        return
    from concurrent.futures import Future, ThreadPoolExecutor  # for long runs only

    pool = ThreadPoolExecutor(threads)
    pending: deque[Future[_Result]] = deque()
    failed: Exception | None = None
    try:
        supply = iter(items)
        while True:
            try:
                item = next(supply)
            except StopIteration:
                break
            except Exception as error:  # earlier items are finished first, and may fail as well
                failed = error
                break
            pending.append(pool.submit(work, item))
            if len(pending) > threads + 1:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
        if failed is not None:
            raise failed
    finally:
        for future in pending:
            future.cancel()
        pool.shutdown()
