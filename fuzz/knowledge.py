"""Fuzz the knowledge readers: pickles of every protocol, XML, npz, gz and bz2.

Whatever a file holds, reading it gives a network that can be run or a KnowledgeError; nothing is executed, imported
or written, and memory and time stay within the limits of the fuzzer. See fuzz/README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pybrain_runtime"]):
    # Lazily imported modules must be imported here, or they are not instrumented.
    from pybrain_runtime.engine.compiled_network import CompiledNetwork
    from pybrain_runtime.errors import KnowledgeError
    from pybrain_runtime.knowledge import read_network
    from pybrain_runtime.limits import Limits

import numpy as np
from guard import Guard

CORPUS = Path(__file__).parent / "corpus" / "knowledge"
# Small limits, so that a run of minutes reaches them.
LIMITS = Limits(
    file_size=1 << 20, opcodes=50_000, memo=50_000, array_elements=1 << 16, units=4_096, seconds=2.0
)

guard = Guard()


def read(data: bytes) -> None:
    """Read a file and run its network on two rows."""
    try:
        network = read_network(data, "fuzz.pkl", LIMITS).network
        plan = CompiledNetwork(network)
    except KnowledgeError:
        return
    random = np.random.RandomState(0) if plan.random else None
    answers = plan.run(np.ones((2, plan.indim)), random=random, threads=1)
    assert answers.shape == (2, plan.outdim)


def one_file(data: bytes) -> None:
    """Read a file under the guard."""
    guard.watch(lambda: read(data))


if __name__ == "__main__":
    guard.warm_up(read, CORPUS)
    atheris.Setup(sys.argv, one_file)
    atheris.Fuzz()
