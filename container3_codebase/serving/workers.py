"""Run several server processes that share a port: start, replace and stop them together."""

from __future__ import annotations

import gc
import ipaddress
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import NamedTuple

from pybrain_runtime.errors import UsageError
from serving.http.listening import refuse_new
from serving.http.logs import set_up_logs
from serving.metrics import Metrics
from serving.server import run
from serving.sessions.folder import session_folder
from serving.settings import Settings
from serving.shared import Shared, create_shared

_LOG = logging.getLogger("serving.workers")
_LOOK_SECONDS = 0.2
_SHORT_LIFE = 2.0
_LONGEST_PAUSE = 5.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_workers(
    settings: Settings,
    bound: socket.socket,
    on_ready: Callable[[list[str]], None],
    on_reload: Callable[[], None] = lambda: None,
) -> None:
    """Serve in several worker processes until SIGTERM or SIGINT; SIGHUP reloads the models of all workers.

    Args:
        settings: the settings.
        bound: the socket that the processes share.
        on_ready: called with the names of the models when the first process has loaded them.
        on_reload: called on SIGHUP, in a signal handler.

    Raises:
        UsageError: this system cannot share a socket between processes.
        InputMissing: the key file cannot be read.
        KeyFileError: the key file is not valid.
    """
    set_up_logs(every_request=settings.log_requests)
    _warn_if_open(settings, bound)
    shared = create_shared(settings)
    if not hasattr(os, "fork"):
        if settings.workers > 1:
            raise UsageError(
                "More than one worker requires an operating system with fork; use a single worker."
            )
        run(settings, bound, on_ready, shared, on_reload=on_reload)
        return
    # Even a single worker is supervised, and replaced if it is killed or runs out of memory.
    with session_folder(settings.sessions) as sessions:
        _Supervisor(replace(settings, sessions=sessions), bound, shared, on_reload).run(on_ready)


def _warn_if_open(settings: Settings, bound: socket.socket) -> None:
    address = bound.getsockname()[0]
    if settings.keys is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        _LOG.warning(
            "listening on %s without API keys: anyone who can reach this address can use the server", address
        )


class _Worker(NamedTuple):
    process: multiprocessing.process.BaseProcess
    ready: Connection
    started: float


class _Supervisor:
    """Keeps the workers running.

    Args:
        settings: the settings.
        bound: the socket that the workers share.
        shared: the other objects that they share.
        on_reload: called on SIGHUP, in a signal handler.
    """

    def __init__(
        self, settings: Settings, bound: socket.socket, shared: Shared, on_reload: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._on_reload = on_reload
        self._shared = shared
        self._metrics = Metrics(shared.series, settings.workers)
        self._bound = bound
        self._context = multiprocessing.get_context("fork")
        # The workers hold the reading end, which signals the end of this process, however it ends.
        self._alive = os.pipe()
        self._workers: list[_Worker] = []
        self._stopping = False
        self._pause = self._not_before = 0.0

    def run(self, on_ready: Callable[[list[str]], None]) -> None:
        """Run until a signal arrives."""
        previous = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGTERM, self._stop),
                (signal.SIGINT, self._stop),
                (signal.SIGHUP, self._forward),
            )
        }
        try:
            # Exclude loaded objects from garbage collection, so that the workers share their memory with this process.
            gc.collect()
            gc.freeze()
            self._workers = [self._started(place) for place in range(self._settings.workers)]
            self._announce(on_ready)
            while not self._stopping:
                alive = [worker.process.sentinel for worker in self._workers if worker.process.is_alive()]
                wait(alive, timeout=_LOOK_SECONDS)
                self._replace_dead()
        finally:
            self._end()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _started(self, place: int) -> _Worker:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=self._work, args=(sender, place))
        # Signals that arrive before the worker has its own handlers must not run the handlers of this process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        sender.close()
        return _Worker(process, receiver, time.monotonic())

    def _work(self, sender: Connection, place: int) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        # Until the worker has its own handler; it loads the current files when it starts.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.close(self._alive[1])
        threading.Thread(target=_end_with, args=(self._alive[0], self._bound), daemon=True).start()
        run(self._settings, self._bound, sender.send, self._shared, place, is_alone=False)

    def _announce(self, on_ready: Callable[[list[str]], None]) -> None:
        """Report the model names when a worker has loaded them."""
        while not self._stopping:
            wait([worker.ready for worker in self._workers], timeout=_LOOK_SECONDS)
            for worker in self._workers:
                if worker.ready.poll() and worker.process.is_alive():
                    on_ready(worker.ready.recv())
                    return
            self._replace_dead()

    def _replace_dead(self) -> None:
        """Replace workers that have exited, with a longer delay if the last one exited soon after its start."""
        for place, worker in enumerate(self._workers):
            if self._stopping or time.monotonic() < self._not_before:
                return
            if worker.process.is_alive():
                continue
            worker.process.join()
            worker.ready.close()
            _LOG.error("worker %s exited with status %s", worker.process.pid, worker.process.exitcode)
            short = time.monotonic() - worker.started < _SHORT_LIFE
            self._pause = min(_LONGEST_PAUSE, max(0.1, self._pause * 2)) if short else 0.0
            self._not_before = time.monotonic() + self._pause
            self._metrics.count_restart()
            self._workers[place] = self._started(place)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            refuse_new(self._bound)  # at once: Ctrl-C reaches the workers at the same time

    def _forward(self, number: int, frame: FrameType | None) -> None:
        self._on_reload()
        for worker in self._workers:
            if worker.process.pid and worker.process.is_alive():
                os.kill(worker.process.pid, number)

    def _end(self) -> None:
        """Stop the workers; those that do not finish their requests within the time limit are killed."""
        self._bound.close()  # so that no connection is accepted after the workers have closed it
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + self._settings.limits.shutdown_seconds + 5
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            worker.process.kill()
            worker.process.join()
        for end in self._alive:
            os.close(end)


def _end_with(alive: int, bound: socket.socket) -> None:
    """Exit when the supervisor has ended."""
    os.read(alive, 1)
    with suppress(OSError):  # already closed if this process is exiting
        refuse_new(bound)
    os.kill(os.getpid(), signal.SIGTERM)
