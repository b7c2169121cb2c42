"""Start other programs. No other module of pipeline and evaluation does.

Only the standard library is imported with this module, because it is used before `.venv` exists.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

WINDOWS = os.name == "nt"
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class CompletedProgram:
    """A program that has ended.

    Attributes:
        command: the program and its arguments.
        status: the exit status; 128 + N if signal N ended the program, as in a shell.
        output: both output streams in the order of writing; after `capture` standard output only.
        seconds: the duration of the run.
    """

    command: tuple[str, ...]
    status: int
    output: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the exit status is 0."""
        return self.status == 0

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the output, for an error message."""
        return "\n".join(self.output.rstrip().splitlines()[-count:])


class Program:
    """A running program in its own process group, so that Ctrl-C does not reach it by itself.

    Args:
        command: the program and its arguments.
        cwd: the working directory; None for that of this process.
        environment: all environment variables of the program; None for those of this process.
        with_input: whether standard input is a pipe that closes when this process ends, even if it is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        with_input: bool = False,
    ) -> None:
        self.command = tuple(command)
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            self.command,
            cwd=cwd,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=not WINDOWS,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for raw in stream:
                self._lines.put(raw.decode("utf-8", "replace"))
        self._lines.put(None)

    def lines(self, deadline: float | None = None) -> Iterator[str]:
        """Yield the lines that the program writes, until it ends.

        Args:
            deadline: the time limit on the clock of `time.monotonic`; None for no limit.

        Raises:
            TimedOut: the deadline has passed; the program is still running.
        """
        while True:
            remaining = 1.0 if deadline is None else deadline - time.monotonic()
            if remaining <= 0:
                raise _timed_out(f"{self.command[0]} did not end within its time limit")
            try:
                line = self._lines.get(timeout=min(remaining, 1.0))
            except queue.Empty:
                continue
            if line is None:
                return
            yield line

    def pending(self) -> list[str]:
        """Return the lines that were written but not read yet, without waiting."""
        lines = []
        while not self._lines.empty():
            line = self._lines.get()
            if line is None:
                self._lines.put(None)  # `lines` needs the end as well
                break
            lines.append(line)
        return lines

    def interrupt(self) -> None:
        """Send the program the signal of Ctrl-C."""
        self._signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT) if WINDOWS else signal.SIGINT)

    def terminate(self) -> None:
        """Send the program SIGTERM."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):  # it has ended
            self._process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """Return the exit status; None if the program is still running after `seconds`."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        if self._process.stdin is not None:
            self._process.stdin.close()
        return status if status >= 0 else 128 - status

    def stop(self, grace: float = 10.0) -> int:
        """End the program together with everything it started.

        Args:
            grace: seconds between SIGTERM and SIGKILL.

        Returns:
            The exit status.
        """
        known = self._process.returncode is not None  # its id may belong to another process group by now
        self.terminate()
        status = self.wait(grace)
        if not known:
            self._kill_group()
        if status is None:
            status = self.wait(grace)
        self._reader.join(1.0)
        return 137 if status is None else status

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if WINDOWS:
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 60.0,
    on_line: Callable[[str], None] | None = None,
) -> CompletedProgram:
    """Run a program and keep its output, both streams in the order of writing.

    Args:
        command: the program and its arguments.
        cwd: the working directory; None for that of this process.
        environment: all environment variables of the program; None for those of this process.
        timeout: time limit, in seconds.
        on_line: called with each line of output as soon as it is written.

    Raises:
        TimedOut: the program did not end in time and was stopped.
        FileNotFoundError: the program is not found.
    """
    program: Program | None = None
    output: list[str] = []
    try:
        with signals_deferred():
            program = Program(command, cwd=cwd, environment=environment)
        for line in program.lines(program.started + timeout):
            output.append(line)
            if on_line is not None:
                on_line(line)
        status = program.wait(max(1.0, program.started + timeout - time.monotonic()))
        if status is None:
            raise _timed_out(f"{command[0]} closed its output but did not end")
    except BaseException:
        if program is not None:
            with ignore_signals():
                program.stop(grace=5.0)
        raise
    return CompletedProgram(program.command, status, "".join(output), time.monotonic() - program.started)


def capture(
    command: Sequence[str],
    *,
    timeout: float | None = 60.0,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> CompletedProgram:
    """Run a program and keep its standard output; if it fails, its standard error as well.

    Args:
        command: the program and its arguments.
        timeout: time limit, in seconds; None for no limit.
        cwd: the working directory; None for that of this process.
        environment: all environment variables of the program; None for those of this process.

    Raises:
        TimedOut: the program did not end in time and was stopped.
        FileNotFoundError: the program is not found.
    """
    started = time.monotonic()
    try:
        completed = subprocess.run(
            command,
            cwd=cwd,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _timed_out(f"{command[0]} did not end within {timeout:.0f} s") from error
    output = completed.stdout.decode("utf-8", "replace")
    if completed.returncode:
        output += completed.stderr.decode("utf-8", "replace")
    return CompletedProgram(tuple(command), completed.returncode, output, time.monotonic() - started)


def read_file(command: Sequence[str], path: Path, *, timeout: float) -> CompletedProgram:
    """Run a program whose standard input is a file, and keep its standard error.

    Args:
        command: the program and its arguments.
        path: the file.
        timeout: time limit, in seconds.

    Raises:
        TimedOut: the program did not end in time and was stopped.
    """
    started = time.monotonic()
    with path.open("rb") as file:
        try:
            completed = subprocess.run(command, stdin=file, capture_output=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise _timed_out(f"{command[0]} did not end within {timeout:.0f} s") from error
    errors = completed.stderr.decode("utf-8", "replace")
    return CompletedProgram(tuple(command), completed.returncode, errors, time.monotonic() - started)


def write_file(
    command: Sequence[str], path: Path, *, limit: int, timeout: float | None = None
) -> CompletedProgram | None:
    """Run a program whose standard output goes to a file, and keep its standard error.

    Args:
        command: the program and its arguments.
        path: the file.
        limit: the maximum number of bytes to write.
        timeout: seconds until the program is killed, which gives status 137; None for no limit.

    Returns:
        The completed program; None if it wrote more than the limit and was killed.
    """
    started = time.monotonic()
    with (
        path.open("wb") as file,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=not WINDOWS,
        ) as program,
    ):
        assert program.stdout is not None and program.stderr is not None
        killer = threading.Timer(timeout or 0.0, _kill_group, [program])
        if timeout is not None:
            killer.start()
        try:
            written = 0
            while chunk := program.stdout.read(_CHUNK):
                written += len(chunk)
                if written > limit:
                    _kill_group(program)
                    return None
                file.write(chunk)
            errors = program.stderr.read().decode("utf-8", "replace")
            status = program.wait()
        except BaseException:
            _kill_group(program)  # leaving the block waits for the program to end
            raise
        finally:
            killer.cancel()
        status = status if status >= 0 else 128 - status
        return CompletedProgram(tuple(command), status, errors, time.monotonic() - started)


def _kill_group(program: subprocess.Popen[bytes]) -> None:
    """Kill a program that leads a process group, with everything it started, which may hold its pipes open."""
    with suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            program.kill()
        else:
            os.killpg(program.pid, signal.SIGKILL)


def open_pipes(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program in its own process group, with pipes to its standard input and output.

    Args:
        command: the program and its arguments.
        environment: all environment variables of the program.
    """
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=not WINDOWS,
    )


def replace(command: list[str]) -> int:
    """Replace this process with a program. On Windows, wait for the program instead and return its exit status."""
    sys.stdout.flush()
    sys.stderr.flush()
    if not WINDOWS:
        os.execv(command[0], command)
    with subprocess.Popen(command) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # the child received it as well, and ends by itself


def _timed_out(message: str) -> Exception:
    from common.errors import TimedOut  # its base class is not importable before `.venv` exists

    return TimedOut(message)


@contextmanager
def ignore_signals() -> Iterator[None]:
    """Ignore SIGINT and SIGTERM while something is taken down, so that a second Ctrl-C leaves nothing running."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    # A function and not SIG_IGN, which programs started meanwhile would inherit.
    handlers = {
        number: signal.signal(number, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Deliver SIGINT and SIGTERM only at the end of the block.

    Programs are started in such a block: an exception between the start of a program and the assignment of its object
    to a name would leave the program running, and nothing could stop it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    arrived: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, frame: arrived.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for signum in arrived:
            signal.raise_signal(signum)


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, so that a terminated command takes its stack down as after Ctrl-C."""

    def raise_it(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
