"""Starts a server on its own CPU, queries it, measures its memory, and stops it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serving_sides.formats import Format
from serving_sides.sides import Place, Side

_READY_SECONDS = 60.0
_STOP_SECONDS = 10.0
_IDLE_CHECKS = 20
_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


class Failed(Exception):
    """A server does not start, or its response is wrong; the message is the reason."""


@dataclass(frozen=True)
class Memory:
    """The memory of a server with all its processes, in MB.

    Attributes:
        pss: proportional set size: pages that processes share are divided among them.
        rss: resident set size.
        processes: the number of processes.
    """

    pss: float
    rss: float
    processes: int


class Running:
    """A running server. The constructor starts it and waits until it is ready.

    Args:
        side: the server.
        place: where it runs.
        core: the CPU that it runs on; None for any.

    Attributes:
        side: the server.
        seconds: the time from its start to the first response.

    Raises:
        Failed: the server does not respond.
    """

    def __init__(self, side: Side, place: Place, core: int | None) -> None:
        self.side = side
        self._place = place
        log = place.folder / "log.txt"
        path = f"{place.environment / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        command = on_core(core, side.command(place))
        with log.open("wb") as output:
            started = time.perf_counter()
            self._process = subprocess.Popen(
                command,
                cwd=place.folder,
                env={**os.environ, **_THREADS, "PATH": path, **side.variables},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait(started, log)
        except BaseException:
            self.stop()
            raise
        self.seconds = time.perf_counter() - started

    def url(self, asked: Format) -> str:
        """Return the address of a format."""
        return f"http://127.0.0.1:{self._place.port}{asked.path}"

    def answer(self, asked: Format, rows: np.ndarray) -> np.ndarray:
        """Return the outputs for rows.

        Args:
            asked: the request format.
            rows: the rows, shape (n, 4).

        Raises:
            Failed: the status is not 200, or the response cannot be read.
            OSError: there is no response.
        """
        message = asked.write(rows)
        connection = http.client.HTTPConnection("127.0.0.1", self._place.port, timeout=30)
        try:
            connection.request(
                "POST", asked.path, message.body, {"content-type": message.kind, **message.headers}
            )
            response = connection.getresponse()
            body = response.read()
            headers = {name.lower(): value for name, value in response.getheaders()}
        except http.client.HTTPException as error:
            raise Failed(f"no HTTP response: {error!r}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise Failed(f"status {response.status}: {body[:200]!r}")
        try:
            return asked.read(body, headers)
        except (KeyError, ValueError, TypeError) as error:
            raise Failed(f"the response cannot be read: {body[:200]!r}") from error

    def memory(self) -> Memory:
        """Return the current memory usage."""
        totals = [_rollup(number) for number in _tree(self._process.pid)]
        return Memory(
            sum(each["Pss"] for each in totals) / 1e3, sum(each["Rss"] for each in totals) / 1e3, len(totals)
        )

    def processor_seconds(self) -> float:
        """Return the CPU time of all its processes."""
        return sum(_processor_seconds(number) for number in _tree(self._process.pid))

    def wait_until_idle(self) -> None:
        """Wait until it has finished the work that a client has left behind, for at most a second."""
        used = self.processor_seconds()
        for _ in range(_IDLE_CHECKS):
            time.sleep(0.05)
            before, used = used, self.processor_seconds()
            if used == before:
                return

    def stop(self) -> None:
        """Stop the server with all its processes."""
        numbers = _tree(self._process.pid)
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        for number in numbers:  # what it has left behind
            with suppress(OSError):
                os.kill(number, signal.SIGKILL)
        self._process.wait()

    def _wait(self, started: float, log: Path) -> None:
        row = np.array([[5.1, 3.5, 1.4, 0.2]])
        reason = "no response"
        while time.perf_counter() - started < _READY_SECONDS:
            if self._process.poll() is not None:
                lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [
                    "no output"
                ]
                raise Failed(f"exited with status {self._process.returncode}: {lines[-1]}")
            try:
                self.answer(self.side.formats[0], row)
                return
            except (OSError, Failed) as error:
                reason = str(error)
            time.sleep(0.01)
        raise Failed(f"not ready after {_READY_SECONDS:g} s: {reason}")


def on_core(core: int | None, command: list[str]) -> list[str]:
    """Return a command that runs on one CPU.

    Args:
        core: the CPU; None for any.
        command: the command.
    """
    return command if core is None else ["taskset", "--cpu-list", str(core), *command]


def _tree(number: int) -> list[int]:
    """Return the IDs of a process and of all its descendants."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name in parentheses may contain spaces; the state and the parent follow it.
            parents[int(path.parent.name)] = int(
                path.read_text(errors="replace").rpartition(")")[2].split()[1]
            )
    found = [number]
    for parent in found:  # grows while it is read
        found += [child for child, its in parents.items() if its == parent]
    return found


def _processor_seconds(number: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _rollup(number: int) -> Mapping[str, int]:
    """Return the values of /proc/NUMBER/smaps_rollup in kB."""
    values: dict[str, int] = {"Pss": 0, "Rss": 0}
    with suppress(OSError):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
            name, value = line.split()[:2]
            values[name.rstrip(":")] = int(value)
    return values
