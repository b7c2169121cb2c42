"""The kernel of each cell: that of its kind of layer, or one that applies the layer's formula."""

from __future__ import annotations

import numpy as np

from pybrain_runtime.engine.flatten import PASS, Cell
from pybrain_runtime.errors import UnsupportedPart
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.network.layers.kernel import Kernel, Operands, Operation, copy_kernel
from pybrain_runtime.network.layers.kind import Forward
from pybrain_runtime.network.layers.registry import LAYERS


def kernel_for(cell: Cell, dtype: np.dtype) -> Kernel:
    """Return how a cell is computed.

    Args:
        cell: the cell.
        dtype: float64 or float32.

    Raises:
        KnowledgeError: the cell's outputs are not a function of its inputs; the message names the cell and the reason.
    """
    if cell.module is None:
        assert cell.kind == PASS
        return copy_kernel()
    kind = LAYERS[cell.kind]
    if kind.kernel is not None:
        return kind.kernel(cell.module, dtype)
    if kind.forward is None:
        raise UnsupportedPart(
            f"The {cell.kind} '{escaped(cell.name, 60)}' cannot be run: {kind.unsupported}.", part=cell.name
        )
    parameters = sum(array.size for array in cell.module.arrays.values())
    return _formula_kernel(kind.forward(cell.module), 6 * cell.indim + parameters)


def _formula_kernel(forward: Forward, temporaries: int) -> Kernel:
    """Return a kernel that applies a formula, in float64."""

    def bind(on: Operands) -> list[Operation]:
        z, y = on.z, on.y

        def compute() -> None:
            y[...] = forward(z.T.astype(np.float64)).T

        return [compute]

    return Kernel(bind, temporaries=temporaries)
