"""Compares the servers. One that fails is left out, and the reason is recorded."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np

from pybrain_runtime import load_knowledge
from serving_sides.environments import NotInstalled, environment
from serving_sides.formats import CSV, Format
from serving_sides.load import Job, Load, Measured, medians
from serving_sides.running import Failed, Running
from serving_sides.sides import KNOWLEDGE, Place, Side

SINGLE = tuple(Job(1, connections) for connections in (1, 16, 64))
BATCH = Job(1000, 4)
STREAM = Job(20_000, 1)
"""Only CSV: the body is too large for the other routes."""
_Item = TypeVar("_Item")


class Comparison:
    """The servers.

    Args:
        sides: the servers.
        environments: the folder of their virtual environments.
        folder: a folder for the files that they write.
        core: the CPU that they run on; None for any.

    Attributes:
        absent: why a server, or a part of its results, was left out, by the name of the server or part.
        places: where the other servers run.
        running: the running servers.
    """

    def __init__(self, sides: Sequence[Side], environments: Path, folder: Path, core: int | None) -> None:
        self.absent: dict[str, str] = {}
        self.places: dict[str, Place] = {}
        self.running: list[Running] = []
        self._core = core
        for side in sides:
            with self._left_out_if_it_fails(side.name):
                found = environment(side.package, environments) if side.package else Path(sys.prefix)
                (folder / side.name).mkdir()
                self.places[side.name] = Place(found, folder / side.name, _free_port())
        self._sides = [side for side in sides if side.name in self.places]

    def starts(self, rounds: int) -> dict[str, float]:
        """Start and stop the servers in turn, and return the median start time of each."""
        taken: dict[str, list[float]] = {}
        for number in range(rounds):
            for side in _rotated(self._sides, number):
                if side.name not in self.absent:
                    with self._left_out_if_it_fails(side.name):
                        running = Running(side, self.places[side.name], self._core)
                        running.stop()
                        taken.setdefault(side.name, []).append(running.seconds)
        return {name: statistics.median(seconds) for name, seconds in taken.items()}

    def start(self) -> None:
        """Start all servers."""
        for side in self._sides:
            if side.name not in self.absent:
                with self._left_out_if_it_fails(side.name):
                    self.running.append(Running(side, self.places[side.name], self._core))

    def stop(self) -> None:
        """Stop all servers."""
        for each in self.running:
            each.stop()

    def errors(self, rows: np.ndarray) -> dict[tuple[str, str], float]:
        """Return the largest difference from `activate`, by the names of the server and the format.

        Args:
            rows: the rows to send, shape (n, 4).
        """
        found = {}
        outputs = load_knowledge(KNOWLEDGE).activate(rows)
        for each, asked in self._asked(BATCH, 0):
            with self._left_out_if_it_fails(each.side.name):
                answer = each.answer(asked, rows)
                expected = rows if each.side.echoes else outputs
                if answer.shape != expected.shape or not np.allclose(answer, expected, rtol=1e-6, atol=1e-9):
                    raise Failed(f"wrong outputs ({asked.name})")
                found[each.side.name, asked.name] = float(np.abs(answer - expected).max())
        return found

    def measure(self, load: Load, rounds: int) -> dict[tuple[str, str, Job], Measured]:
        """Return the medians of the rounds, by the names of the server and the format, and the job.

        For each job of a round the servers take turns, in changing order.

        Args:
            load: puts load on a server.
            rounds: number of rounds.
        """
        taken: dict[tuple[str, str, Job], list[Measured]] = {}
        for number in range(rounds):
            for job in (*SINGLE, BATCH, STREAM):
                for each, asked in self._asked(job, number):
                    with self._left_out_if_it_fails(_label(each, asked, job)):
                        run = load.run(each, asked, job)
                        taken.setdefault((each.side.name, asked.name, job), []).append(run)
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        return {key: medians(runs) for key, runs in sorted(taken.items(), key=self._place)}

    def _asked(self, job: Job, number: int) -> Iterator[tuple[Running, Format]]:
        """Yield the servers that have not failed with the formats of a job."""
        for each in _rotated(self.running, number):
            for asked in each.side.formats[: 1 if job.rows == 1 else None]:
                left_out = {each.side.name, _label(each, asked, job)} & self.absent.keys()
                if not left_out and (job is not STREAM or asked is CSV):
                    yield each, asked

    def _place(self, item: tuple[tuple[str, str, Job], object]) -> int:
        """Return the position of a result in the tables: servers are in the order of the list."""
        return [side.name for side in self._sides].index(item[0][0])

    @contextmanager
    def _left_out_if_it_fails(self, name: str) -> Iterator[None]:
        try:
            yield
        except (Failed, NotInstalled, OSError, subprocess.SubprocessError) as error:
            self.absent[name] = " ".join(str(error).replace("|", "/").split())[:200]
            print(f"{name}: {self.absent[name]}", file=sys.stderr, flush=True)


def _label(running: Running, asked: Format, job: Job) -> str:
    return f"{running.side.name}, {asked.name}, {job.rows:,} rows, {job.connections} connections"


def _rotated(items: Sequence[_Item], number: int) -> list[_Item]:
    place = number % len(items) if items else 0
    return [*items[place:], *items[:place]]


def _free_port() -> int:
    """Return the first of three ports that are free."""
    while True:
        with ExitStack() as stack:
            try:
                first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                port = int(first.getsockname()[1])
                for number in (port + 1, port + 2):
                    stack.enter_context(socket.create_server(("127.0.0.1", number)))
            except (OSError, OverflowError):
                continue
            return port
