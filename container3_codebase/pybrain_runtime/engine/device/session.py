"""An inference session that computes large numbers of rows on a device, and everything else on the CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.engine.device.arrays import Device
from pybrain_runtime.engine.device.cupy_device import open_cupy, reason_of
from pybrain_runtime.engine.device.device_network import DeviceNetwork, check_supported
from pybrain_runtime.engine.device.gather import gather
from pybrain_runtime.engine.device.work import WorkRule, work_rule
from pybrain_runtime.engine.inference_session import InferenceSession, Scaling
from pybrain_runtime.engine.threads import checked_threads
from pybrain_runtime.errors import DeviceUnavailable
from pybrain_runtime.network.description import NetworkDescription
from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.tables.batch import RowBatch

TOLERANCE = 1e-12
"""Largest accepted difference from the outputs of the CPU: absolute below 1, relative above."""


class DeviceSession(InferenceSession):
    """Runs a network on one activation. It belongs to one thread.

    Once the rule says so, the device is tried: it computes a batch that the CPU computes as well. It computes all
    later rows if its outputs agree and it is faster. Whatever fails on the device is computed on the CPU.

    Args:
        network: the compiled network, in float64.
        description: the network.
        scaling: the scaling of inputs and outputs; None for no scaling.
        threads: maximum number of threads; None for as many as the process is allowed.
        open_device: returns the device.
        rule: the rule for when the device is tried; None for ``work_rule``.
        clock: returns a time in seconds.
    """

    def __init__(
        self,
        network: CompiledNetwork,
        description: NetworkDescription,
        *,
        scaling: Scaling | None = None,
        threads: int | None = None,
        open_device: Callable[[], Device] = open_cupy,
        rule: WorkRule | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(network, scaling=scaling, threads=threads)
        self._description = description
        self._open_device = open_device
        self._clock = clock
        numbers = network.indim + network.outdim
        self._rule = rule or work_rule(network.cost, numbers, checked_threads(threads))
        self._rows = 0
        self._name = ""
        self._device: DeviceNetwork | None = None
        self._note = ""
        try:
            check_supported(description)
        except DeviceUnavailable as error:
            self._note = f"Computed on the CPU: {error.message}."

    @property
    def note(self) -> str:
        """Where the rows were computed, in one sentence."""
        rows = self._rule.start_rows
        return self._note or f"Computed on the CPU: for this network, a GPU is tried from {rows:,} rows on."

    def batches(self, activation: Iterable[RowBatch]) -> Iterator[RowBatch]:
        """Yield the batches of an activation, collected into batches for the device."""
        waiting = not self._note
        return gather(activation, self._rule.batch_rows) if waiting else iter(activation)

    def _run(self, rows: Array) -> Array:
        rows = self._network.inputs(rows)
        if not self._note and (self._rows + len(rows)) * self._rule.cost >= self._rule.start:
            self._try_device(rows[: self._rule.batch_rows])
        first = self._rows + 1
        self._rows += len(rows)
        if self._device is not None:
            try:
                return self._device.run(rows)
            except Exception as error:  # any failure of a device or its library; the CPU needs neither
                self._device = None
                self._note = (
                    f"Computed on the CPU from row {first:,} on: {self._name} failed ({reason_of(error)})."
                )
        return super()._run(rows)

    def _try_device(self, rows: Array) -> None:
        """Decide where all later rows are computed."""
        try:
            device = self._open_device()
            network = DeviceNetwork(self._description, device)
            network.run(rows[:1])  # compiles the kernels
            found, device_seconds = self._timed(network.run, rows)
        except Exception as error:  # as in _run
            reason = error.message if isinstance(error, DeviceUnavailable) else reason_of(error)
            self._note = f"Computed on the CPU: no GPU can be used ({reason})."
            return
        expected, seconds = self._timed(super()._run, rows)
        self._name = device.name
        difference = largest_difference(found, expected)
        if difference > TOLERANCE:
            self._note = f"Computed on the CPU: the outputs of {device.name} differ by {difference:.1e}."
        elif device_seconds >= seconds:
            ours, theirs = (len(rows) / max(each, 1e-9) for each in (seconds, device_seconds))
            self._note = (
                f"Computed on the CPU, which is faster for this network: {ours:,.0f} rows/s; "
                f"{device.name}: {theirs:,.0f} rows/s."
            )
        else:
            self._device = network
            first = f" from row {self._rows + 1:,} on" if self._rows else ""
            self._note = f"Computed on {device.name}{first}."

    def _timed(self, run: Callable[[Array], Array], rows: Array) -> tuple[Array, float]:
        started = self._clock()
        outputs = run(rows)
        return outputs, self._clock() - started


def largest_difference(found: Array, expected: Array) -> float:
    """Return the largest difference: absolute below 1, relative above; infinity if only one of two values is NaN.

    Args:
        found: the outputs of a device.
        expected: the outputs of the CPU, of the same shape.
    """
    with np.errstate(all="ignore"):
        difference = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    difference = np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))
    return float(difference.max(initial=0.0))
