"""Run models for the routes, which share models, limits, threads and metrics."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from serving.errors import ClientGone, InvalidRequest
from serving.metrics import Metrics
from serving.models.catalog import Catalog
from serving.models.served_model import Array, ServedModel
from serving.resources import is_gone
from serving.settings import RequestLimits

PRECISIONS = ("float64", "float32")
QUICK_BODY = 128 * 1024
_QUICK_PRODUCTS = 200_000
_QUICK_STEPS = 20
_LONG_PRODUCTS = 20_000_000
_LONG_STEPS = 1_000
_MOST_THREADS = 4
_LOOK_SECONDS = 0.5
_Result = TypeVar("_Result")


class Inference:
    """Runs models for the routes.

    A small request is computed in the event loop, because handing it to a thread takes longer than computing it.
    Everything else is computed in a bounded number of threads, so that the event loop never blocks. Long computations
    have their own threads, so that short ones and sessions do not queue behind them.

    Attributes:
        catalog: the models.
        limits: the limits on requests.
        metrics: the metrics to update.
        tables: semaphore that limits the number of tables processed at the same time.
    """

    def __init__(self, catalog: Catalog, limits: RequestLimits, metrics: Metrics) -> None:
        self.catalog = catalog
        self.limits = limits
        self.metrics = metrics
        self.tables = asyncio.Semaphore(limits.tables)
        self._table_threads = ThreadPoolExecutor(limits.tables, "tables")
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        self._short_threads = ThreadPoolExecutor(threads, "short")
        self._long_threads = ThreadPoolExecutor(threads, "long")

    async def in_thread(self, work: Callable[[], _Result]) -> _Result:
        """Call a function that takes well below a second in a thread, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._short_threads, work)

    async def in_table_thread(self, request: Request, work: Callable[[], _Result]) -> _Result:
        """Call a function that may take minutes in a thread for tables, and return its result.

        Args:
            request: the request that the function is called for.
            work: the function.

        Raises:
            ClientGone: the client disconnected before the function was called.
        """
        return await _result(self._table_threads, work, is_gone(request))

    async def in_long_thread(self, request: Request, work: Callable[[], _Result]) -> _Result:
        """Call a function that may take seconds in a thread, and return its result.

        Args:
            request: the request that the function is called for.
            work: the function.

        Raises:
            ClientGone: the client disconnected before the function was called.
        """
        return await _result(self._long_threads, work, is_gone(request))

    async def answer(
        self,
        request: Request,
        body: bytes,
        parse: Callable[[bytes], tuple[ServedModel, Array, str]],
        encode: Callable[[ServedModel, Array], _Result],
        *,
        fast: bool = True,
    ) -> _Result:
        """Parse a body, run the model on its rows, and encode the response, in a thread unless the body is small.

        Args:
            request: the request.
            body: the body of the request.
            parse: returns the model, the rows and the precision for a body.
            encode: returns the response for a model and its outputs.
            fast: whether parsing 64 KiB takes less than a millisecond.
        """
        if not fast or len(body) > QUICK_BODY:
            return await self.in_long_thread(request, lambda: self._compute(*parse(body), encode))
        model, rows, precision = parse(body)
        if is_quick(model, len(rows)):
            return self._compute(model, rows, precision, encode)
        if is_long(model, len(rows)):
            return await self.in_long_thread(request, lambda: self._compute(model, rows, precision, encode))
        return await self.in_thread(lambda: self._compute(model, rows, precision, encode))

    def _compute(
        self, model: ServedModel, rows: Array, precision: str, encode: Callable[[ServedModel, Array], _Result]
    ) -> _Result:
        outputs = model.activate(rows, precision)
        self.metrics.count_rows(model.name, len(rows))
        return encode(model, outputs)

    def close(self) -> None:
        """Shut down the threads."""
        for threads in (self._short_threads, self._long_threads, self._table_threads):
            threads.shutdown(wait=False)


async def _result(
    threads: ThreadPoolExecutor, work: Callable[[], _Result], gone: Callable[[], bool]
) -> _Result:
    """Call a function in a thread and return its result, unless the client disconnects first."""

    def checked() -> _Result:
        if gone():
            raise ClientGone("The client has disconnected.")
        return work()

    submitted = threads.submit(checked)
    future = asyncio.wrap_future(submitted)
    while not (await asyncio.wait((future,), timeout=_LOOK_SECONDS))[0]:
        if gone() and submitted.cancel():
            raise ClientGone("The client has disconnected.")
    return future.result()


def is_quick(model: ServedModel, rows: int) -> bool:
    """Return whether computing rows is faster than handing them to a thread.

    Args:
        model: the model.
        rows: the number of rows.
    """
    if model.knowledge.network.recurrent and rows > _QUICK_STEPS:
        return False
    return rows * model.products <= _QUICK_PRODUCTS


def is_long(model: ServedModel, rows: int) -> bool:
    """Return whether computing rows may take more than a few tens of milliseconds.

    Args:
        model: the model.
        rows: the number of rows.
    """
    if model.knowledge.network.recurrent and rows > _LONG_STEPS:
        return True
    return rows * model.products > _LONG_PRODUCTS


def checked_precision(precision: str) -> str:
    """Validate a precision, and return it.

    Raises:
        InvalidRequest: the precision is unknown.
    """
    if precision not in PRECISIONS:
        raise InvalidRequest(
            f"precision is {precision[:60]!a}; expected {' or '.join(PRECISIONS)}.", field="precision"
        )
    return precision
