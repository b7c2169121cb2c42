"""Work in several threads, results in the order of the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def parallel_map(work: Callable[[_Item], _Result], items: Iterable[_Item], threads: int) -> Iterator[_Result]:
    """Yields ``work(item)`` for each item, in their order; the first error in that order is raised.

    At most two items more than threads are under way, so that memory is bounded.

    Args:
        work: what is done; it must allow to be called by several threads, unless ``threads`` is 1.
        items: taken one by one, by the caller's thread.
        threads: how many work at once.
    """
    if threads == 1:
        yield from map(work, items)
        return
    from concurrent.futures import Future, ThreadPoolExecutor  # for long runs only

    pool = ThreadPoolExecutor(threads)
    under_way: deque[Future[_Result]] = deque()
    failed: Exception | None = None
    try:
        supply = iter(items)
        while True:
            try:
                item = next(supply)
            except StopIteration:
                break
            except Exception as error:  # what comes before it in order is done first, and may fail itself
                failed = error
                break
            under_way.append(pool.submit(work, item))
            if len(under_way) > threads + 1:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
        if failed is not None:
            raise failed
    finally:
        for future in under_way:
            future.cancel()
        pool.shutdown()
