"""Fuzzes the reading of activation files: CSV in all its dialects.

Whatever a file holds: it ends in rows of finite numbers of the right shape or in an ActivationError; and where
it ends in rows, reading it line by line gives the same ones as reading it at once. See fuzz/README.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pybrain_runtime"]):
    from pybrain_runtime.activation import ActivationStream, read_activation
    from pybrain_runtime.description import ConnectionDescription, ModuleDescription, NetworkDescription
    from pybrain_runtime.errors import ActivationError
    from pybrain_runtime.knowledge import Knowledge

import numpy as np
from guard import Guard

CORPUS = Path(__file__).parent / "corpus" / "activation"
MEMORY = Path("/dev/shm")
MODULES = (ModuleDescription("in", "LinearLayer", 2, 2), ModuleDescription("out", "LinearLayer", 1, 1))
SUM = ConnectionDescription("sum", "FullConnection", 0, 1, (0, 2), (0, 1), parameters=np.ones(2))
KNOWLEDGE = Knowledge(
    "net.pkl", "", 0, NetworkDescription("net", "FeedForwardNetwork", MODULES, (0,), (1,), (SUM,))
)

guard = Guard()
table, PATH = tempfile.mkstemp(dir=MEMORY if MEMORY.is_dir() else None)


def read() -> None:
    """Reads the table for a network of two inputs and one output."""
    try:
        whole = read_activation(PATH, KNOWLEDGE)
    except ActivationError as error:
        assert str(error)
        return
    assert whole.inputs.shape == (whole.rows, 2) and np.isfinite(whole.inputs).all()
    targets = whole.targets
    assert targets is None or (targets.shape == (whole.rows, 1) and np.isfinite(targets).all())
    assert np.array_equal(whole.inputs, line_by_line())


def line_by_line() -> np.ndarray:
    """The same rows without the reader's fast path."""
    with ActivationStream(PATH, KNOWLEDGE) as stream:
        stream._table.fast = lambda lines, width: None  # type: ignore[method-assign]
        return np.concatenate([inputs for inputs, _ in stream])


def put(data: bytes) -> None:
    """Makes the table."""
    os.ftruncate(table, 0)
    os.pwrite(table, data, 0)


def one_file(data: bytes) -> None:
    """Reads a table, watched."""
    put(data)
    guard.watch(read)


def unwatched(data: bytes) -> None:
    """Reads a table."""
    put(data)
    read()


if __name__ == "__main__":
    guard.warm_up(unwatched, CORPUS)
    atheris.Setup(sys.argv, one_file)
    atheris.Fuzz()
