"""When it is worthwhile to start a device, and how many rows it is given at once."""

from __future__ import annotations

from pybrain_runtime.io.record import Record

THREAD_RATE = 20_000_000_000
"""Multiplications per second of one thread in float64: docs/benchmarks.md has 20 to 44 billion."""
START_SECONDS = 2.0
"""Estimated seconds to load CuPy and cuBLAS, to create a context, and to compile the kernels."""
_BATCH_WORK = 2_000_000_000
_BATCH_BYTES = 64 << 20


class WorkRule(Record):
    """The work after which a device is tried, and the batches that it gets.

    The CPU computes for about as long as starting the device takes. So a short run does not pay for a device that
    it cannot use, and a long one loses at most that time.

    Attributes:
        start: number of multiplications after which the device is tried.
        cost: number of multiplications per row.
        batch_rows: number of rows that are collected into one batch.
    """

    start: int
    cost: int
    batch_rows: int

    @property
    def start_rows(self) -> int:
        """Number of rows after which the device is tried."""
        return -(-self.start // self.cost)


def work_rule(cost: int, numbers: int, threads: int) -> WorkRule:
    """Return the rule for a network.

    Args:
        cost: number of multiplications per row.
        numbers: number of inputs and outputs per row.
        threads: number of threads that compute on the CPU.
    """
    cost = max(1, cost)
    fitting = max(1, _BATCH_BYTES // (8 * max(1, numbers)))
    batch_rows = min(fitting, -(-_BATCH_WORK // cost))
    return WorkRule(int(START_SECONDS * THREAD_RATE) * threads, cost, batch_rows)
