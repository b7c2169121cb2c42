"""The files that the measurements of whole runs read: rows of 4 inputs, for a 4-8-3 network."""

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
    """Writes a CSV file with a header; numbers as NumPy draws them, about 18 digits each.

    The same 100,000 rows follow one another: what is measured does not depend on them.
    """
    numbers = np.random.default_rng(7).standard_normal((_BLOCK, len(NAMES))).tolist()
    block = "".join(f"{','.join(map(repr, row))}\n" for row in numbers)
    with path.open("w", encoding="ascii") as file:
        file.write(f"{','.join(NAMES)}\n")
        for _ in range(rows // _BLOCK):
            file.write(block)
    return path


def write_network(path: Path) -> Path:
    """Writes a pickle of a network with 4 inputs and 3 outputs, always the same."""
    np.random.seed(7)
    path.write_bytes(pickle.dumps(buildNetwork(len(NAMES), 8, OUTPUTS, hiddenclass=SigmoidLayer), 2))
    return path
