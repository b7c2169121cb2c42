"""Train folds in this process or in several worker processes."""

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

from pybrain_runtime.errors import ExitStatus, PipelineError
from training.errors import FoldFailed, WorkerEnded
from training.search.fold_fit import FoldData, FoldTask, fit_fold
from training.search.trials import FoldResult

OnResult = Callable[[FoldTask, FoldResult], None]
_POLL = 0.1
"""Seconds between two checks whether to stop."""


@dataclass(frozen=True)
class _Failure:
    """An error in a worker process."""

    message: str
    hint: str
    status: int


class Workers(Protocol):
    """Trains folds."""

    def run(self, tasks: Sequence[FoldTask], on_result: OnResult, stop: Callable[[], bool]) -> bool:
        """Train folds.

        Args:
            tasks: the folds to train.
            on_result: called with each result, in the order of completion.
            stop: returns whether to stop; folds in progress are abandoned.

        Returns:
            Whether all folds are complete.

        Raises:
            PipelineError: a fold cannot be trained.
        """

    def close(self) -> None:
        """Stop the processes."""


class InThisProcess:
    """Trains one fold after another in this process.

    Args:
        data: the data of the folds.
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
    """Trains folds in several worker processes, which exit when this process ends.

    Args:
        count: the number of processes.
        data: the data of the folds.
    """

    def __init__(self, count: int, data: FoldData) -> None:
        self._processes: dict[Connection, multiprocessing.process.BaseProcess] = {}
        context = multiprocessing.get_context("spawn")
        with _interrupts_blocked():
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs,), daemon=True)
                process.start()
                theirs.close()  # so that the connection closes when either process ends
                self._processes[ours] = process
        for connection in self._processes:
            with suppress(OSError):  # `run` detects that the worker has ended
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
        """Terminate the processes."""
        for connection, process in self._processes.items():
            connection.close()
            process.terminate()
        for process in self._processes.values():
            process.join(5.0)
        self._processes.clear()


def make_workers(jobs: int | None, most: int, data: FoldData) -> Workers:
    """Create the workers.

    Args:
        jobs: the number of processes; None for one per CPU.
        most: the number of folds that can be trained at the same time.
        data: the data of the folds.
    """
    count = min(jobs or cores(), most)
    return Processes(count, data) if count > 1 else InThisProcess(data)


def cores() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work(connection: Connection) -> None:
    """Train folds until the connection is closed: the main function of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the parent process
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
        return connection.poll()  # the parent sends nothing in the meantime, so the connection was closed

    try:
        return fit_fold(data, task, abandoned)
    except PipelineError as error:
        return _Failure(error.message, error.hint, error.status)
    except Exception as error:
        return _Failure(f"internal error: {type(error).__name__}: {error}", "", ExitStatus.INTERNAL_ERROR)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT, so that processes started in the meantime never receive it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
