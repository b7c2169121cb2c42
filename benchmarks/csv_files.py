"""Input files for the benchmarks of whole runs: rows of 4 inputs and a 4-8-3 network."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from pybrain.structure import SigmoidLayer
from pybrain.tools.shortcuts import buildNetwork

NAMES = ("a", "b", "c", "d")
OUTPUTS = 3
_BLOCK = 100_000


def write_rows(path: Path, rows: int) -> Path:
    """Write a CSV file with a header and random numbers of about 18 digits.

    The same 100,000 rows are repeated; the results do not depend on their values.

    Args:
        path: the file.
        rows: number of rows, a multiple of 100,000.
    """
    numbers = np.random.default_rng(7).standard_normal((_BLOCK, len(NAMES))).tolist()
    block = "".join(f"{','.join(map(repr, row))}\n" for row in numbers)
    with path.open("w", encoding="ascii") as file:
        file.write(f"{','.join(NAMES)}\n")
        for _ in range(rows // _BLOCK):
            file.write(block)
    return path


def write_network(path: Path) -> Path:
    """Write a pickle of a fixed network with 4 inputs and 3 outputs."""
    np.random.seed(7)
    path.write_bytes(pickle.dumps(buildNetwork(len(NAMES), 8, OUTPUTS, hiddenclass=SigmoidLayer), 2))
    return path
