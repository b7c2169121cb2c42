"""Run a program with limits on time and output, and stop it when it exceeds them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common import process
from common.console import strip_escapes
from common.errors import TimedOut

LONGEST_LINE = 8 * 1024
# Marks the continuation of a long line, so that a part of a line is not mistaken for the beginning of one.
CONTINUED = "… "
_CONTINUED = CONTINUED.encode("utf-8")
BY_ITSELF, TIME, OUTPUT = "by itself", "time", "output"


@dataclass(frozen=True)
class BoundedResult:
    """The result of a program that ran within limits.

    Attributes:
        status: its exit status, even if it was stopped.
        output: its output up to the limit, without escape codes.
        seconds: its duration in seconds.
        end_reason: how it ended: by itself, time, output, or the reason that `check` returned.
    """

    status: int
    output: str
    seconds: float
    end_reason: str

    @property
    def ok(self) -> bool:
        """Whether the program ended by itself with status 0."""
        return self.status == 0 and self.end_reason == BY_ITSELF

    def last_lines(self, count: int = 12) -> str:
        """Return the last lines of its output."""
        return "\n".join(line[:400] for line in self.output.rstrip().splitlines()[-count:])


class _Program(process.Program):
    """A program whose output is read in chunks, so that an endless line takes a bounded amount of memory."""

    def __init__(self, command: Sequence[str], limit: int, **options: object) -> None:
        self._limit = limit
        self.overflowed = False
        super().__init__(command, **options)  # type: ignore[arg-type]

    def _read(self) -> None:
        assert self._process.stdout is not None
        size = 0
        rest = b""
        with self._process.stdout as stream:
            while chunk := stream.read1(65536):  # type: ignore[attr-defined]
                if self.overflowed:
                    continue  # output beyond the limit is discarded, or the program would block forever
                size += len(chunk)
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._put(line)
                while len(rest) > LONGEST_LINE:
                    self._put(rest[:LONGEST_LINE])
                    rest = _CONTINUED + rest[LONGEST_LINE:]
                self.overflowed = size > self._limit
        if rest:
            self._put(rest)
        self._lines.put(None)

    def _put(self, line: bytes) -> None:
        self._lines.put(line[:LONGEST_LINE].decode("utf-8", "replace") + "\n")


def with_memory_limit(command: Sequence[str], limit: int) -> list[str]:
    """Return a command that runs with limited address space; without a POSIX shell, the command itself.

    Args:
        command: the program and its arguments.
        limit: the limit on the address space in bytes.
    """
    if process.WINDOWS or shutil.which("sh") is None:
        return list(command)
    return ["sh", "-c", f'ulimit -v {limit // 1024} 2>/dev/null; exec "$@"', "sh", *command]


def run_bounded(
    command: Sequence[str],
    *,
    seconds: float,
    output: int,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    check: Callable[[], str | None] | None = None,
    stop: Callable[[], None] | None = None,
    interval: float = 1.0,
) -> BoundedResult:
    """Run a program within limits.

    Args:
        command: the program and its arguments.
        seconds: time limit in seconds.
        output: limit on the output in bytes.
        cwd: the working directory; None for that of this process.
        environment: the complete environment; None to inherit that of this process.
        on_line: called with each line of output. A line contains line feeds where the program printed carriage returns.
        check: called regularly; stops the program if it returns a reason.
        stop: called before the program is stopped, to stop what the program controls (such as a container).
        interval: seconds between two checks.
    """
    program: _Program | None = None
    lines: list[str] = []

    def keep(text: str) -> None:
        clean = strip_escapes(text)
        lines.append(clean)
        if on_line is not None:
            on_line(clean.rstrip("\n"))

    try:
        with process.signals_deferred():
            program = _Program(command, output, cwd=cwd, environment=environment)
        end_reason, status = _follow(program, program.started + seconds, interval, keep, check)
        if end_reason != BY_ITSELF:
            status = _stop(program, stop)
    except BaseException:
        if program is not None:
            _stop(program, stop)
        raise
    return BoundedResult(
        137 if status is None else status, "".join(lines), time.monotonic() - program.started, end_reason
    )


def _follow(
    program: _Program,
    deadline: float,
    interval: float,
    keep: Callable[[str], None],
    check: Callable[[], str | None] | None,
) -> tuple[str, int | None]:
    """Read the output of a program until it has ended, or has to be stopped.

    Args:
        program: the program.
        deadline: the monotonic time until which it may run, in seconds.
        interval: seconds between two checks.
        keep: called with each line of output.
        check: called regularly; a reason that it returns stops the program.

    Returns:
        Why it ended or has to be stopped, and its exit status; None where it has not ended.
    """
    while True:
        try:
            for text in program.lines(min(deadline, time.monotonic() + interval)):
                keep(text)
                if program.overflowed:
                    break
            else:
                status = program.wait(max(1.0, deadline - time.monotonic()))
                return (BY_ITSELF if status is not None else TIME), status
        except TimedOut:
            pass
        reason = OUTPUT if program.overflowed else TIME if time.monotonic() >= deadline else check and check()
        if reason:
            return reason, None


def _stop(program: process.Program, stop: Callable[[], None] | None) -> int:
    with process.ignore_signals():
        if stop is not None:
            stop()
        return program.stop(grace=5.0)
