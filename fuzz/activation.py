"""Fuzzes the reading of activation files: CSV in all its dialects.

Whatever a file holds: it ends in rows of finite numbers of the right shape or in an ActivationError; and where
it ends in rows, reading it line by line gives the same ones as reading it at once. See fuzz/README.md.
"""

from __future__ import annotations

import csv
import encodings.utf_8_sig
import os
import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["pybrain_runtime"]):
    from pybrain_runtime.activation import ActivationStream, read_activation
    from pybrain_runtime.description import ConnectionDescription, ModuleDescription, NetworkDescription
    from pybrain_runtime.errors import ActivationError
    from pybrain_runtime.knowledge import Knowledge
    from pybrain_runtime.plan import Plan

import numpy as np
from guard import Guard

MODULES = (ModuleDescription("in", "LinearLayer", 2, 2), ModuleDescription("out", "LinearLayer", 1, 1))
SUM = ConnectionDescription("sum", "FullConnection", 0, 1, (0, 2), (0, 1), parameters=np.ones(2))
KNOWLEDGE = Knowledge(
    "net.pkl", "", 0, NetworkDescription("net", "FeedForwardNetwork", MODULES, (0,), (1,), (SUM,))
)
_handle, PATH = tempfile.mkstemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)  # noqa: PTH112

# What is loaded only when a file asks for it.
LOADED = (Plan, csv, encodings.utf_8_sig)

guard = Guard()


def one_file(data: bytes) -> None:
    """Reads a table for a network of two inputs and one output."""
    os.ftruncate(_handle, 0)
    os.pwrite(_handle, data, 0)

    def job() -> None:
        try:
            whole = read_activation(PATH, KNOWLEDGE)
        except ActivationError as error:
            assert str(error)
            return
        assert whole.inputs.shape == (whole.rows, 2) and np.isfinite(whole.inputs).all()
        assert whole.targets is None or (
            whole.targets.shape == (whole.rows, 1) and np.isfinite(whole.targets).all()
        )
        assert np.array_equal(whole.inputs, _line_by_line())

    guard.watch(job)


def _line_by_line() -> np.ndarray:
    """The same rows without the reader's fast path."""
    with ActivationStream(PATH, KNOWLEDGE) as stream:
        stream._table.fast = lambda lines, width: None  # type: ignore[method-assign]
        return np.concatenate([inputs for inputs, _ in stream])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_file)
    atheris.Fuzz()
