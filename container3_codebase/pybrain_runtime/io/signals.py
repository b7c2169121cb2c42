"""Defers termination signals while several steps must be completed together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Defer SIGINT, SIGTERM and SIGHUP to the end of the block.

    Python handles signals in the main thread only, so in other threads there is nothing to defer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        arrived.append(number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    replaced = [n for n, handler in before.items() if callable(handler) or handler is signal.SIG_DFL]
    try:
        for number in replaced:
            signal.signal(number, remember)
        yield
    finally:
        for number in replaced:
            signal.signal(number, before[number])
        for number in dict.fromkeys(arrived):
            signal.raise_signal(number)
