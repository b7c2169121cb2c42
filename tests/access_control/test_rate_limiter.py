"""Rate limits."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from access_control.rate_limiter import RateLimiter
from access_control.rates import Rate, parse_rate


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_is_refilled_evenly() -> None:
    clock = Clock()
    limiter = RateLimiter(shared=False, clock=clock)
    rate = Rate(4, "min")
    assert [limiter.take("a", rate) for _ in range(4)] == [0.0] * 4
    assert limiter.take("a", rate) == pytest.approx(15.0)
    assert limiter.take("b", rate) == 0.0
    clock.now += 14.9
    assert limiter.take("a", rate) == pytest.approx(0.1)
    clock.now += 0.1
    assert limiter.take("a", rate) == 0.0
    clock.now += 3600
    assert [limiter.take("a", rate) > 0 for _ in range(5)] == [False] * 4 + [True]


@pytest.mark.slow
def test_memory_is_bounded_and_busy_buckets_are_kept() -> None:
    limiter = RateLimiter(shared=False, clock=Clock())
    rate = Rate(2, "day")
    for _ in range(3):
        limited = limiter.take("busy", rate)
    for number in range(20_000):
        limiter.take(f"client {number}", Rate(1000, "s"))
    assert limiter.take("busy", rate) == limited > 0


def _take(limiter: RateLimiter, times: int, results: multiprocessing.SimpleQueue[int]) -> None:
    results.put(sum(not limiter.take("key", Rate(500, "day")) for _ in range(times)))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_several_processes_share_a_limit_even_after_one_was_killed() -> None:
    limiter = RateLimiter(shared=True)
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    victim = context.Process(target=_take, args=(limiter, 10**9, results))
    victim.start()
    time.sleep(0.2)
    os.kill(victim.pid or 0, signal.SIGKILL)
    victim.join()
    assert limiter.take("key", Rate(500, "day")) > 0
    fresh = RateLimiter(shared=True)
    processes = [context.Process(target=_take, args=(fresh, 400, results)) for _ in range(3)]
    for process in processes:
        process.start()
    taken = [results.get() for _ in processes]
    for process in processes:
        process.join()
    assert sum(taken) == 500


@pytest.mark.parametrize("text", ["", "0/min", "5", "5/week", "-1/s", "1e3/s", "99999999/s", "5 / s"])
def test_an_invalid_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number and a period, such as 100/min"):
        parse_rate(text)
    assert str(parse_rate("100/min")) == "100/min"
