"""Put load on a server with wrk, and read its measurements."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serving_sides.environments import HERE
from serving_sides.formats import Format
from serving_sides.running import Failed, Running, on_core


@dataclass(frozen=True)
class Job:
    """A kind of load.

    Attributes:
        rows: the rows in each request.
        connections: number of requests in flight at the same time.
    """

    rows: int
    connections: int


@dataclass(frozen=True)
class Measured:
    """The measurements of one or several runs.

    Attributes:
        rate: requests per second.
        p50: median latency in seconds.
        p99: 99th percentile of the latency in seconds.
        processor: CPU seconds per request, which other programs hardly affect.
    """

    rate: float
    p50: float
    p99: float
    processor: float


class Load:
    """Measures servers.

    Args:
        rows: the rows to send, at least as many as a job has.
        seconds: the duration of a run.
        core: the CPU of wrk; None for any.
        folder: a folder for the request bodies.

    Raises:
        Failed: wrk is not installed.
    """

    def __init__(self, rows: np.ndarray, seconds: int, core: int | None, folder: Path) -> None:
        if shutil.which("wrk") is None:
            raise Failed("wrk was not found; it is Debian's package `wrk`.")
        self._rows = rows
        self._seconds = seconds
        self._core = core
        self._folder = folder

    def run(self, running: Running, asked: Format, job: Job) -> Measured:
        """Return the measurements of one run.

        Args:
            running: the server.
            asked: the request format.
            job: the kind of load.

        Raises:
            Failed: a request got no response, or an error.
        """
        message = asked.write(self._rows[: job.rows])
        body = self._folder / "body"
        body.write_bytes(message.body)
        command = ["wrk", "--threads", "1", "--connections", str(job.connections), "--timeout", "30s"]
        command += [
            "--duration",
            f"{self._seconds}s",
            "--script",
            str(HERE / "report.lua"),
            running.url(asked),
        ]
        extra = [word for header in message.headers.items() for word in header]
        command += ["--", str(body), message.kind, *extra]
        running.wait_until_idle()
        used = running.processor_seconds()
        done = subprocess.run(on_core(self._core, command), capture_output=True, text=True, check=False)
        used = running.processor_seconds() - used
        if done.returncode:
            raise Failed(f"wrk exited with status {done.returncode}: {done.stderr.strip()}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
        if found["errors"] or not found["requests"]:
            raise Failed(f"{found['errors']} of {found['requests']} requests failed")
        rate = found["requests"] / (found["microseconds"] / 1e6)
        return Measured(rate, found["p50"] / 1e6, found["p99"] / 1e6, used / found["requests"])


def medians(runs: Sequence[Measured]) -> Measured:
    """Return the median of each value."""
    return Measured(
        statistics.median(run.rate for run in runs),
        statistics.median(run.p50 for run in runs),
        statistics.median(run.p99 for run in runs),
        statistics.median(run.processor for run in runs),
    )
