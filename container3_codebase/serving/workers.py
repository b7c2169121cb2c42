"""Several server processes that share a port: they are started, replaced when they die, and stopped together."""

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
    """Serve in as many processes as the settings say, until SIGTERM or SIGINT; SIGHUP reloads the models of all.

    Args:
        settings: the settings.
        bound: the socket that the processes share.
        on_ready: called with the names of the models when the first process has loaded them.
        on_reload: called on SIGHUP, in a signal handler.

    Raises:
        UsageError: this system cannot share a socket between processes.
        InputMissing: the key file cannot be read.
        KeyFileError: its content is not valid.
    """
    set_up_logs(every_request=settings.log_requests)
    _warn_if_open(settings, bound)
    shared = create_shared(settings)
    if not hasattr(os, "fork"):
        if settings.workers > 1:
            raise UsageError("More than one worker needs a system that can fork processes.")
        run(settings, bound, on_ready, shared, on_reload=on_reload)
        return
    # A single worker is replaced as well, when it is killed or memory runs out.
    with session_folder(settings.sessions) as sessions:
        _Supervisor(replace(settings, sessions=sessions), bound, shared, on_reload).run(on_ready)


def _warn_if_open(settings: Settings, bound: socket.socket) -> None:
    address = bound.getsockname()[0]
    if settings.keys is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        _LOG.warning(
            "listening on %s without API keys: everybody who reaches it can use this server", address
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
        shared: what else they share.
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
        # The workers hold the reading end: it reports the end of this process, however it ends.
        self._alive = os.pipe()
        self._workers: list[_Worker] = []
        self._stopping = False
        self._pause = self._not_before = 0.0

    def run(self, on_ready: Callable[[list[str]], None]) -> None:
        """Run until a signal ends it."""
        previous = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGTERM, self._stop),
                (signal.SIGINT, self._stop),
                (signal.SIGHUP, self._forward),
            )
        }
        try:
            # What is loaded is left out of garbage collections: the workers then share its memory with this process.
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
        # A signal that arrives before the worker has its own handlers must not be handled by those of this process.
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
        # Until it has a handler of its own: a worker that starts loads the files as they are.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.close(self._alive[1])
        threading.Thread(target=_end_with, args=(self._alive[0], self._bound), daemon=True).start()
        run(self._settings, self._bound, sender.send, self._shared, place, is_alone=False)

    def _announce(self, on_ready: Callable[[list[str]], None]) -> None:
        """Report the models when a worker has loaded them."""
        while not self._stopping:
            wait([worker.ready for worker in self._workers], timeout=_LOOK_SECONDS)
            for worker in self._workers:
                if worker.ready.poll() and worker.process.is_alive():
                    on_ready(worker.ready.recv())
                    return
            self._replace_dead()

    def _replace_dead(self) -> None:
        """Replace workers that have ended; the more slowly, the sooner after its start the last one has ended."""
        for place, worker in enumerate(self._workers):
            if self._stopping or time.monotonic() < self._not_before:
                return
            if worker.process.is_alive():
                continue
            worker.process.join()
            worker.ready.close()
            _LOG.error("worker %s has ended with status %s", worker.process.pid, worker.process.exitcode)
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
        """Stop the workers: what is in flight is finished within the limit, then they are killed."""
        self._bound.close()  # once the workers have closed it, too, no connection is accepted that nobody serves
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
    """End this process when the supervisor has ended."""
    os.read(alive, 1)
    with suppress(OSError):  # closed, if this process ends already
        refuse_new(bound)
    os.kill(os.getpid(), signal.SIGTERM)
