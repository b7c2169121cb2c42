"""Child processes: output and exit status are returned, and no process is left running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import TimedOut
from common.process import (
    CompletedProgram,
    Program,
    capture,
    run,
    signals_deferred,
    termination_as_interrupt,
    write_file,
)


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


def alive(pid: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_both_streams_are_recorded_in_order() -> None:
    seen: list[str] = []
    ended = run(["sh", "-c", "for i in 1 2 3; do echo out $i; echo err $i >&2; done"], on_line=seen.append)
    assert ended.output == "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"
    assert "".join(seen) == ended.output
    assert ended.ok


def test_lines_arrive_while_the_program_runs(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    lines: list[str] = []

    def seen(line: str) -> None:
        lines.append(line)
        gate.touch()  # without this, the program waits forever

    run(["sh", "-c", f"echo first; until [ -e {gate} ]; do sleep 0.05; done; echo second"], on_line=seen)
    assert lines == ["first\n", "second\n"]


def test_undecodable_bytes_are_accepted() -> None:
    assert run(["printf", "a\\377b\\n"]).output == "a\ufffdb\n"


def test_a_last_line_without_a_newline_is_kept() -> None:
    assert run(["printf", "one\\ntwo"]).output == "one\ntwo"


def test_a_program_reads_nothing_from_the_terminal() -> None:
    assert run(["cat"]).output == ""


def test_a_program_gets_its_working_directory_and_environment(tmp_path: Path) -> None:
    ended = run(
        ["sh", "-c", "pwd; echo $NAME"], cwd=tmp_path, environment={"NAME": "value", "PATH": os.defpath}
    )
    assert ended.output == f"{tmp_path}\nvalue\n"


@pytest.mark.parametrize("status", [0, 1, 7, 65, 255])
def test_the_exit_status_is_returned(status: int) -> None:
    ended = run(["sh", "-c", f"exit {status}"])
    assert (ended.status, ended.ok) == (status, status == 0)


@pytest.mark.parametrize(("name", "status"), [("KILL", 137), ("TERM", 143), ("INT", 130), ("SEGV", 139)])
def test_a_signal_gives_the_exit_status_of_a_shell(name: str, status: int) -> None:
    assert run(["sh", "-c", f"kill -{name} $$"]).status == status


def test_a_program_that_does_not_exist_raises_file_not_found() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run(["no-such-program"])


def test_an_error_shows_the_end_of_the_output() -> None:
    ended = CompletedProgram(("x",), 1, "".join(f"line {number}\n" for number in range(40)) + "\n\n", 0.1)
    assert ended.last_lines(3) == "line 37\nline 38\nline 39"


def test_a_program_that_takes_too_long_is_terminated(tmp_path: Path) -> None:
    with pytest.raises(TimedOut, match="sh did not end within its time limit") as late:
        run(["sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 600"], timeout=1.0)
    assert late.value.status == 75
    assert not alive(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_child_processes_end_with_their_program(tmp_path: Path, until: Callable[..., None]) -> None:
    """The shell ends immediately when it is terminated; its child would run for ten minutes."""
    with pytest.raises(TimedOut):
        run(["sh", "-c", f"sleep 600 & echo $! > {tmp_path}/child; wait"], timeout=1.0)
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    until("the child of the ended program is gone", lambda: not alive(child))


def test_a_program_that_ignores_signals_is_killed_with_its_children(
    tmp_path: Path, until: Callable[..., None]
) -> None:
    deaf = f"trap '' TERM; (trap '' TERM; exec sleep 600) & echo $! > {tmp_path}/child; echo ready; wait"
    program = Program(["sh", "-c", deaf])
    assert next(program.lines()) == "ready\n"
    assert program.stop(grace=0.3) == 137
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    until("the deaf child is gone", lambda: not alive(child))


def test_a_program_that_closes_its_output_and_continues_is_terminated() -> None:
    with pytest.raises(TimedOut, match="closed its output but did not end"):
        run(["sh", "-c", "exec >&- 2>&-; exec sleep 600"], timeout=1.0)


def test_an_error_in_the_callback_terminates_the_program(tmp_path: Path) -> None:
    class Unwilling(Exception):
        pass

    def refuse(line: str) -> None:
        (tmp_path / "pid").write_text(line, encoding="utf-8")
        raise Unwilling

    with pytest.raises(Unwilling):
        run(["sh", "-c", "echo $$; exec sleep 600"], on_line=refuse)
    assert not alive(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_ctrl_c_is_not_delivered_to_the_program() -> None:
    """The program has its own process group, so that signals are sent explicitly."""
    program = Program(["sh", "-c", "echo ready; exec sleep 600"])
    assert next(program.lines()) == "ready\n"
    assert os.getpgid(program.pid) == program.pid != os.getpgid(0)
    program.interrupt()
    assert program.wait(300) == 130


def test_waiting_for_a_running_program_returns_none() -> None:
    program = Program(["sleep", "600"])
    assert program.wait(0.1) is None
    assert program.stop() == 143


def test_stopping_an_ended_program_returns_its_status() -> None:
    program = Program(["sh", "-c", "exit 7"])
    assert program.wait(300) == 7
    program.terminate()
    program.interrupt()
    assert program.stop() == 7


def test_pending_lines_are_those_not_read_yet(tmp_path: Path, until: Callable[..., None]) -> None:
    program = Program(["sh", "-c", "echo 1; echo 2; echo 3"])
    assert next(program.lines()) == "1\n"
    assert program.wait(300) == 0
    pending: list[str] = []

    def all_arrived() -> bool:
        pending.extend(program.pending())
        return len(pending) >= 2

    until("the rest was written", all_arrived)
    assert pending == ["2\n", "3\n"]
    assert program.pending() == []
    assert list(program.lines()) == []  # the end is still the end


def test_capture_returns_only_standard_output() -> None:
    asked = capture(["sh", "-c", "echo answer; echo a warning >&2"])
    assert (asked.output, asked.status) == ("answer\n", 0)


def test_capture_of_a_failed_program_includes_standard_error() -> None:
    asked = capture(["sh", "-c", "echo half; echo the reason >&2; exit 3"])
    assert (asked.output, asked.status) == ("half\nthe reason\n", 3)


def test_capture_terminates_a_program_that_takes_too_long() -> None:
    with pytest.raises(TimedOut, match="sleep did not end within 1 s"):
        capture(["sleep", "600"], timeout=1.0)


def test_sigterm_is_handled_as_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    assert signal.getsignal(signal.SIGTERM) is before


def test_no_file_descriptor_or_thread_is_left_after_a_program() -> None:
    def open_files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = open_files()
    for _ in range(5):
        run(["true"])
    assert open_files() <= before + 1, "each program leaves a pipe open"


def test_no_other_module_starts_programs() -> None:
    from common.project import PROJECT

    starts = re.compile(
        r"^\s*(import subprocess|from subprocess import .*)$|os\.(system|popen|exec\w+|spawn\w+|fork)\(", re.M
    )
    users = {
        path.relative_to(PROJECT.root).as_posix()
        for package in ("pipeline", "evaluation", "common")
        for path in (PROJECT.root / package).rglob("*.py")
        if starts.search(path.read_text(encoding="utf-8"))
    }
    assert users == {"common/process.py"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_a_deferred_block_arrives_at_its_end(number: signal.Signals) -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt(), signals_deferred():
        signal.raise_signal(number)
        reached.append("the end of the block")
    assert reached == ["the end of the block"]


def test_a_program_is_ended_if_a_signal_arrives_while_it_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start, pids = subprocess.Popen.__init__, []

    def start_and_signal(self: Any, *args: Any, **options: Any) -> None:
        start(self, *args, **options)
        pids.append(self.pid)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(subprocess.Popen, "__init__", start_and_signal)
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        run([sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_output_is_written_to_a_file_up_to_a_limit(tmp_path: Path) -> None:
    written = write_file(python("print('x' * 10)"), tmp_path / "out", limit=100)
    assert written is not None and written.ok
    assert (tmp_path / "out").read_text(encoding="utf-8").strip() == "x" * 10
    assert write_file(python("print('x' * 1000)"), tmp_path / "out", limit=100) is None


def test_a_program_that_writes_to_a_file_is_killed_with_its_children_at_the_time_limit(
    tmp_path: Path,
) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    killed = write_file(python(code), tmp_path / "out", limit=100, timeout=0.3)
    assert killed is not None and killed.status == 137
    assert killed.seconds < 30
