"""Ctrl-C, SIGTERM and concurrent runs: no process is left running, and no run affects another."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.project import Layout

pytestmark = pytest.mark.slow

# Prints a line and runs until it is terminated.
WAITS = """
import os, sys, time
open(os.environ["OUTPUT_PATH"] + ".started", "w").close()
print("waiting", flush=True)
time.sleep(600)
"""


def code_runs(layout: Layout) -> Callable[[], bool]:
    return (layout.shared_data / "prediction.csv.started").exists


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("command", ["compose", "run"])
def test_an_interrupted_run_ends_all_processes(
    checkout: Layout,
    start_driver: Callable[..., Any],
    until: Callable[..., None],
    number: signal.Signals,
    command: str,
) -> None:
    # In `run`, the code already hangs in stage 2, where it is tested alone.
    where = f'"{checkout.shared_data}/prediction.csv"'
    checkout.code.write_text(WAITS.replace('os.environ["OUTPUT_PATH"]', where), encoding="utf-8")
    driver = start_driver(checkout, command, "--engine", "local")
    until("the code runs", code_runs(checkout))
    driver.process.send_signal(number)
    done = driver.finish()
    assert done.status == 130
    assert done.err.startswith("✗ interrupted; ")
    assert "Traceback" not in done.out + done.err
    until("nothing of it runs", lambda: driver.processes() == [])
    if command == "compose":
        summary = (checkout.stage3 / "execution_summary.txt").read_text(encoding="utf-8")
        assert summary.startswith("Result:       FAILED, exit status 130\n")
        assert "What failed:\n  interrupted; the stack has been taken down\n" in summary
    else:
        assert not checkout.stage3.exists()


def test_an_interrupted_run_with_json_reports_it_as_json(
    checkout: Layout, start_driver: Callable[..., Any], until: Callable[..., None]
) -> None:
    checkout.code.write_text(WAITS, encoding="utf-8")
    driver = start_driver(checkout, "compose", "--engine", "local", "--json")
    until("the code runs", code_runs(checkout))
    driver.process.send_signal(signal.SIGINT)
    done = driver.finish()
    assert done.status == done.json["status"] == 130
    assert done.json["error"] == "interrupted; the stack has been taken down"


def test_a_second_ctrl_c_leaves_no_process_running(
    checkout: Layout, start_driver: Callable[..., Any], until: Callable[..., None]
) -> None:
    """The code ignores SIGTERM, so that ending it takes a while; then Ctrl-C is sent again."""
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    checkout.code.write_text(deaf + WAITS, encoding="utf-8")
    driver = start_driver(checkout, "compose", "--engine", "local")
    until("the code runs", code_runs(checkout))
    for _ in range(3):
        driver.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    done = driver.finish()
    assert done.status == 130
    until("nothing of it runs", lambda: driver.processes() == [])


def test_the_processes_of_a_killed_driver_end(
    checkout: Layout, start_driver: Callable[..., Any], until: Callable[..., None]
) -> None:
    checkout.code.write_text("import time\nprint('here', flush=True)\ntime.sleep(1)\n", encoding="utf-8")
    driver = start_driver(checkout, "compose", "--engine", "local")
    until("all three run", lambda: len(driver.processes()) >= 4)
    driver.process.kill()
    driver.finish()
    until("nothing of it runs", lambda: driver.processes() == [])


def test_after_a_killed_run_the_next_one_succeeds(
    checkout: Layout, start_driver: Callable[..., Any], until: Callable[..., None]
) -> None:
    good = checkout.code.read_text(encoding="utf-8")
    checkout.code.write_text(WAITS, encoding="utf-8")
    driver = start_driver(checkout, "compose", "--engine", "local")
    until("the code runs", code_runs(checkout))
    driver.process.kill()
    checkout.code.write_text(good, encoding="utf-8")
    again = start_driver(checkout, "run", "--engine", "local").finish()
    assert (again.status, again.err) == (0, "")


def test_a_second_run_in_one_checkout_reports_that_it_waits_and_succeeds(
    checkout: Layout, start_driver: Callable[..., Any], until: Callable[..., None]
) -> None:
    gate, started = checkout.root / "gate", checkout.root / "started"
    good = checkout.code.read_text(encoding="utf-8")
    waits = f"""
import os, time
open({str(started)!r}, "w").close()
while not os.path.exists({str(gate)!r}):
    time.sleep(0.05)
"""
    checkout.code.write_text(
        good.replace("def main(settings", f"{waits}\ndef main(settings", 1), encoding="utf-8"
    )
    first = start_driver(checkout, "compose", "--engine", "local")
    until("the first runs its code", started.exists)
    second = start_driver(checkout, "compose", "--engine", "local")
    line = second.process.stdout.readline()
    assert re.fullmatch(
        rf"another run is in progress in this checkout \(process {first.process.pid}, since [\d: -]+\); waiting\n",
        line,
    )
    gate.touch()
    for done in (first.finish(), second.finish()):
        assert (done.status, done.err) == (0, "")
    summary = (checkout.stage3 / "execution_summary.txt").read_text(encoding="utf-8")
    assert summary.startswith("Result:       prediction made\n")


def test_a_second_run_that_times_out_names_the_lock_holder(
    checkout: Layout, start_driver: Callable[..., Any], until: Callable[..., None]
) -> None:
    checkout.code.write_text(WAITS, encoding="utf-8")
    first = start_driver(checkout, "compose", "--engine", "local")
    until("the first runs its code", code_runs(checkout))
    done = start_driver(checkout, "compose", "--engine", "local", "--timeout", "1").finish()
    assert done.status == 75
    assert re.fullmatch(
        r"✗ another run is in progress in this checkout: still held after 1 s by "
        rf"process {first.process.pid}, since [\d: -]+\n  Try again later\.\n",
        done.err,
    )
    assert first.process.poll() is None, "the first run was disturbed"


def test_runs_in_two_checkouts_are_independent(
    tmp_path: Path, copy_project: Callable[[Path], Layout], start_driver: Callable[..., Any]
) -> None:
    layouts = [copy_project(tmp_path / name / "project") for name in ("one", "two")]
    drivers = [start_driver(layout, "run", "--engine", "local") for layout in layouts]
    for driver in drivers:
        done = driver.finish()
        assert (done.status, done.err) == (0, "")
        assert "another run is going on" not in done.out
    for layout in layouts:
        assert (layout.stage3 / "prediction.csv").is_file()
