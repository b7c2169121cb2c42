"""A lock is held by one process at a time; a waiting process names the holder; a killed holder releases it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.run_lock import Busy, exclusive

_HOLD = """
import sys, time
from pathlib import Path
from common.run_lock import exclusive
with exclusive(Path(sys.argv[1]), patience=60, on_wait=lambda by: print("waits for", by, flush=True)):
    print("holds", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def start_holder() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Return a function that starts a process that holds a lock, or waits for it, until it receives a line."""
    started: list[subprocess.Popen[str]] = []

    def start(path: Path) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", _HOLD, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def release(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")


def test_a_single_process_does_not_wait(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock", patience=0, on_wait=pytest.fail):
        note = (tmp_path / "lock").read_text(encoding="utf-8")
    assert re.fullmatch(rf"process {os.getpid()}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\n", note)


def test_the_lock_can_be_held_repeatedly(tmp_path: Path) -> None:
    for _ in range(3):
        with exclusive(tmp_path / "lock", patience=0, on_wait=pytest.fail):
            pass
    assert len((tmp_path / "lock").read_text(encoding="utf-8").splitlines()) == 1


def test_the_lock_is_released_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock", patience=0, on_wait=pytest.fail):
        raise ZeroDivisionError
    with exclusive(tmp_path / "lock", patience=0, on_wait=pytest.fail):
        pass


def test_a_second_process_waits_reports_the_holder_and_then_holds_the_lock(
    tmp_path: Path, start_holder: Callable[[Path], subprocess.Popen[str]]
) -> None:
    first, second = start_holder(tmp_path / "lock"), None
    assert said(first) == "holds"
    second = start_holder(tmp_path / "lock")
    assert said(second).startswith(f"waits for process {first.pid}, since ")
    release(first)
    assert said(second) == "holds"


@pytest.mark.slow
def test_the_error_after_waiting_names_the_holder(
    tmp_path: Path, start_holder: Callable[[Path], subprocess.Popen[str]]
) -> None:
    holder = start_holder(tmp_path / "lock")
    assert said(holder) == "holds"
    told: list[str] = []
    began = time.monotonic()
    with (
        pytest.raises(Busy, match=rf"still held after 1 s by process {holder.pid}, since "),
        exclusive(tmp_path / "lock", patience=1, on_wait=told.append),
    ):
        pytest.fail("two hold it")
    assert time.monotonic() - began >= 1
    assert len(told) == 1
    assert told[0].startswith(f"process {holder.pid}, since ")


def test_a_killed_holder_releases_the_lock(
    tmp_path: Path, start_holder: Callable[[Path], subprocess.Popen[str]]
) -> None:
    holder = start_holder(tmp_path / "lock")
    assert said(holder) == "holds"
    holder.kill()
    holder.wait()
    with exclusive(tmp_path / "lock", patience=0, on_wait=pytest.fail):
        pass


def test_a_child_process_of_the_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A child that outlives its driver must not lock the checkout permanently."""
    with exclusive(tmp_path / "lock", patience=0, on_wait=pytest.fail):
        child = subprocess.Popen(["sleep", "600"])
    try:
        with exclusive(tmp_path / "lock", patience=0, on_wait=pytest.fail):
            pass
    finally:
        child.kill()
        child.wait()


def test_two_locks_are_independent(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path / "one", patience=0, on_wait=pytest.fail),
        exclusive(tmp_path / "two", patience=0, on_wait=pytest.fail),
    ):
        pass
