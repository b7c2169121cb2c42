"""Trains folds: in this process, or in several others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Protocol

from pybrain_runtime.errors import PipelineError
from training.errors import FoldFailed, WorkerEnded
from training.search.fold_fit import FoldData, FoldTask, fit_fold
from training.search.trials import FoldResult

OnResult = Callable[[FoldTask, FoldResult], None]
_POLL = 0.1
"""Seconds between two looks at whether to stop."""


@dataclass(frozen=True)
class _Failure:
    """An error in another process."""

    message: str
    hint: str
    status: int


class Workers(Protocol):
    """Trains folds."""

    def run(self, tasks: Sequence[FoldTask], on_result: OnResult, stop: Callable[[], bool]) -> bool:
        """Train folds.

        Args:
            tasks: the folds.
            on_result: called with each result, in the order in which they are done.
            stop: whether to stop; what is being trained is given up.

        Returns:
            Whether all of them are done.

        Raises:
            PipelineError: a fold cannot be trained.
        """

    def close(self) -> None:
        """End the processes."""


class InThisProcess:
    """Trains one fold after the other.

    Args:
        data: the rows.
    """

    def __init__(self, data: FoldData) -> None:
        self._data = data

    def run(self, tasks: Sequence[FoldTask], on_result: OnResult, stop: Callable[[], bool]) -> bool:
        """Train folds; see `Workers`."""
        for task in tasks:
            result = None if stop() else fit_fold(self._data, task, stop)
            if result is None:
                return False
            on_result(task, result)
        return True

    def close(self) -> None:
        """Do nothing."""


class Processes:
    """Trains folds in several processes. They end with this one, however it ends.

    Args:
        count: the number of processes.
        data: the rows.
    """

    def __init__(self, count: int, data: FoldData) -> None:
        self._processes: dict[Connection, multiprocessing.process.BaseProcess] = {}
        context = multiprocessing.get_context("spawn")
        with _interrupts_blocked():
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs,), daemon=True)
                process.start()
                theirs.close()  # so that the end of either process is the end of the connection
                self._processes[ours] = process
        for connection in self._processes:
            with suppress(OSError):  # `run` notices that it has ended
                connection.send(data)

    def run(self, tasks: Sequence[FoldTask], on_result: OnResult, stop: Callable[[], bool]) -> bool:
        """Train folds; see `Workers`."""
        waiting = list(reversed(tasks))
        idle, busy = list(self._processes), dict[Connection, FoldTask]()
        while waiting or busy:
            if stop():
                return False
            while idle and waiting:
                connection, task = idle.pop(), waiting.pop()
                with suppress(OSError):
                    connection.send(task)
                busy[connection] = task
            for ready in wait(list(busy), _POLL):
                assert isinstance(ready, Connection)
                on_result(busy.pop(ready), self._received(ready))
                idle.append(ready)
        return True

    def _received(self, connection: Connection) -> FoldResult:
        try:
            answer = connection.recv()
        except (EOFError, OSError):
            process = self._processes[connection]
            process.join(5.0)
            raise WorkerEnded(process.exitcode) from None
        if isinstance(answer, _Failure):
            raise FoldFailed(answer.message, hint=answer.hint, status=answer.status)
        assert isinstance(answer, FoldResult)
        return answer

    def close(self) -> None:
        """End the processes, whatever they do."""
        for connection, process in self._processes.items():
            connection.close()
            process.terminate()
        for process in self._processes.values():
            process.join(5.0)
        self._processes.clear()


def make_workers(jobs: int | None, most: int, data: FoldData) -> Workers:
    """Return workers.

    Args:
        jobs: the number of processes; None for one for each core.
        most: how many folds there are at a time.
        data: the rows.
    """
    count = min(jobs or cores(), most)
    return Processes(count, data) if count > 1 else InThisProcess(data)


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work(connection: Connection) -> None:
    """Train folds until the other end is closed: the main process of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    with suppress(EOFError, OSError):
        data = connection.recv()
        while True:
            task = connection.recv()
            connection.send(_answer(data, task, connection))


def _answer(data: FoldData, task: FoldTask, connection: Connection) -> object:
    looked = time.monotonic()

    def abandoned() -> bool:
        nonlocal looked
        if time.monotonic() - looked < _POLL:
            return False
        looked = time.monotonic()
        return connection.poll()  # nothing is sent meanwhile, so it is the end of the connection

    try:
        return fit_fold(data, task, abandoned)
    except PipelineError as error:
        return _Failure(error.message, error.hint, error.status)
    except Exception as error:
        return _Failure(f"internal error: {type(error).__name__}: {error}", "", 70)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block the signal of Ctrl-C; processes started meanwhile never get it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
