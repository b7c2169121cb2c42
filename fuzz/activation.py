"""Fuzz the activation readers: CSV in all its dialects, JSON lines, gzip, Parquet.

Whatever a file holds, reading it gives rows of finite numbers of the right shape or an ActivationError, and reading it
line by line, or with pyarrow, gives the same rows or the same error. See fuzz/README.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pybrain_runtime"]):
    from pybrain_runtime.activation import ActivationStream, read_activation
    from pybrain_runtime.errors import ActivationError, MissingPackage
    from pybrain_runtime.io.optional_packages import has_arrow
    from pybrain_runtime.knowledge import Knowledge
    from pybrain_runtime.network.description import (
        ConnectionDescription,
        ModuleDescription,
        NetworkDescription,
    )

import numpy as np
from guard import Guard

CORPUS = Path(__file__).parent / "corpus" / "activation"
MEMORY = Path("/dev/shm")
MODULES = (ModuleDescription("in", "LinearLayer", 2, 2), ModuleDescription("out", "LinearLayer", 1, 1))
SUM = ConnectionDescription("sum", "FullConnection", 0, 1, (0, 2), (0, 1), parameters=np.ones(2))
KNOWLEDGE = Knowledge(
    "net.pkl", "", 0, NetworkDescription("net", "FeedForwardNetwork", MODULES, (0,), (1,), (SUM,))
)

ARROW = has_arrow()
guard = Guard()
table, PATH = tempfile.mkstemp(dir=MEMORY if MEMORY.is_dir() else None)


def read() -> None:
    """Read the table for a network with two inputs and one output."""
    try:
        whole = read_activation(PATH, KNOWLEDGE)
    except MissingPackage:
        return
    except ActivationError as error:
        assert str(error) == line_by_line() == with_arrow(str(error))
        left_out()
        return
    assert whole.inputs.shape == (whole.rows, 2) and np.isfinite(whole.inputs).all()
    targets = whole.targets
    assert targets is None or (targets.shape == (whole.rows, 1) and np.isfinite(targets).all())
    for same in (line_by_line(), with_arrow(whole.inputs), left_out()):
        assert np.array_equal(whole.inputs, same)


def line_by_line() -> np.ndarray | str:
    """Read the table without the reader's fast path."""
    try:
        with ActivationStream(PATH, KNOWLEDGE, fast=False) as stream:
            if stream.kind == "csv":
                stream._reader._table.fast = lambda lines, width: None  # type: ignore[attr-defined]
            return np.concatenate([inputs for inputs, _ in stream])
    except ActivationError as error:
        return str(error)


def with_arrow(otherwise: np.ndarray | str) -> np.ndarray | str:
    """Read the table with pyarrow; without pyarrow, return the argument."""
    if not ARROW:
        return otherwise
    try:
        with ActivationStream(PATH, KNOWLEDGE, fast=True) as stream:
            return np.concatenate([inputs for inputs, _ in stream])
    except ActivationError as error:
        return str(error)


def left_out() -> np.ndarray | None:
    """Return the valid rows and skip the others; None if there are none."""
    try:
        with ActivationStream(PATH, KNOWLEDGE, skip=True) as stream:
            rows = np.concatenate([inputs for inputs, _ in stream])
    except ActivationError:
        return None
    assert rows.shape[1] == 2 and np.isfinite(rows).all()
    return rows


def put(data: bytes) -> None:
    """Generate the table."""
    os.ftruncate(table, 0)
    os.pwrite(table, data, 0)


def one_file(data: bytes) -> None:
    """Read a table under the guard."""
    put(data)
    guard.watch(read)


def unwatched(data: bytes) -> None:
    """Read a table."""
    put(data)
    read()


if __name__ == "__main__":
    guard.warm_up(unwatched, CORPUS)
    atheris.Setup(sys.argv, one_file)
    atheris.Fuzz()
