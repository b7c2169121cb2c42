"""Inference when no more threads can be started, as in a container with a limit on processes."""

import threading

import pytest

from pybrain_runtime.engine.threads import spread


def test_all_pieces_are_computed_if_no_more_threads_can_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    spread(done.append, range(10), threads=4)
    assert done == list(range(10))
