"""When it is worth starting a device, and how many rows it is given at once."""

from __future__ import annotations

from pybrain_runtime._io.record import Record

THREAD_RATE = 20_000_000_000
"""Multiplications a second of one thread in float64: docs/benchmarks.md has 20 to 44 billion."""
START_SECONDS = 2.0
"""Seconds that it is taken to cost to load CuPy and cuBLAS, to create a context, and to compile the kernels."""
_BATCH_WORK = 2_000_000_000
_BATCH_BYTES = 64 << 20


class WorkRule(Record):
    """The work after which a device is tried, and the batches that it gets.

    The processors compute until they have been busy for about as long as starting the device takes. So a short run
    does not pay for a device that it cannot use, and a long one loses at most that time.

    Attributes:
        start: multiplications after which the device is tried.
        cost: multiplications for one row.
        batch_rows: rows that are collected into one batch.
    """

    start: int
    cost: int
    batch_rows: int

    @property
    def start_rows(self) -> int:
        """Rows after which the device is tried."""
        return -(-self.start // self.cost)


def work_rule(cost: int, numbers: int, threads: int) -> WorkRule:
    """Return the rule for a network.

    Args:
        cost: multiplications for one row.
        numbers: inputs and outputs of one row.
        threads: threads that compute on the processors.
    """
    cost = max(1, cost)
    fitting = max(1, _BATCH_BYTES // (8 * max(1, numbers)))
    batch_rows = min(fitting, -(-_BATCH_WORK // cost))
    return WorkRule(int(START_SECONDS * THREAD_RATE) * threads, cost, batch_rows)
