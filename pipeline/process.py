"""The one place that starts another program."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TimedOut

WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class Ended:
    """A program that has ended.

    Attributes:
        command: what was started.
        status: its exit status; 128 + N where signal N ended it, as a shell counts.
        output: what it wrote, both streams in the order they came; after `capture` standard output alone.
        seconds: how long it ran.
    """

    command: tuple[str, ...]
    status: int
    output: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.status == 0

    def last_lines(self, count: int = 15) -> str:
        """The end of what it wrote, for an error message."""
        return "\n".join(self.output.rstrip().splitlines()[-count:])


class Program:
    """A running program, in a process group of its own: a Ctrl-C reaches us, and we decide what reaches it.

    Args:
        command: the program and its arguments.
        cwd: the folder it runs in.
        environment: all of its environment; None hands on ours.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.command = tuple(command)
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            self.command,
            cwd=cwd,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
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
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for raw in stream:
                self._lines.put(raw.decode("utf-8", "replace"))
        self._lines.put(None)

    def lines(self, deadline: float | None = None) -> Iterator[str]:
        """The lines it writes, as they come, until it ends.

        Raises:
            TimedOut: `deadline` (of `time.monotonic`) has passed; the program still runs.
        """
        while True:
            left = 1.0 if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimedOut(f"{self.command[0]} did not end in the time it was given")
            try:
                line = self._lines.get(timeout=min(left, 1.0))
            except queue.Empty:
                continue
            if line is None:
                return
            yield line

    def pending(self) -> list[str]:
        """The lines it has written and nobody has read yet; does not wait."""
        lines = []
        while not self._lines.empty():
            line = self._lines.get()
            if line is None:
                self._lines.put(None)  # the end stays the end, for `lines` as well
                break
            lines.append(line)
        return lines

    def interrupt(self) -> None:
        """Asks it to end as Ctrl-C would."""
        self._signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT) if WINDOWS else signal.SIGINT)

    def terminate(self) -> None:
        """Asks it to end."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):  # it has ended already
            self._process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """Its exit status, or None where it still runs after `seconds`."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return status if status >= 0 else 128 - status

    def stop(self, grace: float = 10.0) -> int:
        """Ends it, by force where asking does not help, together with whatever it started."""
        known = self._process.returncode is not None  # then its number may be another group's by now
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
) -> Ended:
    """Runs a program to its end and keeps what it wrote, both streams in the order they came.

    Raises:
        TimedOut: it was still running after `timeout` seconds, and has been ended.
        FileNotFoundError: there is no such program.
    """
    program = Program(command, cwd=cwd, environment=environment)
    output: list[str] = []
    try:
        for line in program.lines(program.started + timeout):
            output.append(line)
            if on_line is not None:
                on_line(line)
        status = program.wait(max(1.0, program.started + timeout - time.monotonic()))
        if status is None:
            raise TimedOut(f"{command[0]} closed its output but did not end")
    except BaseException:
        with undisturbed():
            program.stop(grace=5.0)
        raise
    return Ended(program.command, status, "".join(output), time.monotonic() - program.started)


def capture(command: Sequence[str], *, timeout: float = 60.0, cwd: Path | None = None) -> Ended:
    """Runs a program for its standard output alone, byte for byte as text; for questions to the engine.

    Raises:
        TimedOut: it was still running after `timeout` seconds, and has been ended.
        FileNotFoundError: there is no such program.
    """
    started = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{command[0]} did not answer within {timeout:.0f} s") from error
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        output += done.stderr.decode("utf-8", "replace")
    return Ended(tuple(command), done.returncode, output, time.monotonic() - started)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Finishes what takes something down: an impatient second Ctrl-C would leave the rest of it running."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals do not arrive here
        return
    # A function, because what is started meanwhile would inherit that a signal is ignored.
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
def termination_as_interrupt() -> Iterator[None]:
    """Turns SIGTERM into KeyboardInterrupt, so that a stopped driver takes its stack down as after Ctrl-C."""

    def raise_it(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
