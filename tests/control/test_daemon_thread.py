"""A function in a daemon thread, for which the process does not wait when it exits."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from pipeline.control.daemon_thread import in_daemon_thread

ENDING = """
import asyncio, time
from pipeline.control.daemon_thread import in_daemon_thread

async def main():
    async with asyncio.timeout(0.1):
        await in_daemon_thread(lambda: time.sleep(60))

asyncio.run(main())
"""


def test_results_and_errors_are_passed_on() -> None:
    assert asyncio.run(in_daemon_thread(lambda: 7)) == 7
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_daemon_thread(lambda: 1 // 0))


@pytest.mark.slow
def test_a_process_exits_while_the_thread_is_still_running() -> None:
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, check=False)
    assert "TimeoutError" in ended.stderr and "Fatal" not in ended.stderr
    assert time.monotonic() - started < 30
