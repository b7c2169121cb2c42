"""Connections that pass values on one to one, in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

    from pybrain._typing import Array, ArrayLike
    from pybrain.structure.modules.module import Module
    from pybrain.structure.moduleslice import ModuleSlice


class PermutationConnection(Connection):
    """Adds the blocks of ``y`` in another order: block ``k`` of what is added is ``y``'s ``permutation[k]``.

    The backward pass uses ``invpermutation``. PyBrain stores the permutation itself there, so a connection
    from a PyBrain pickle propagates errors in PyBrain's order; ``c.invpermutation =
    argsort(c.permutation)`` corrects it.

    Args:
        inmod: the module to read from.
        outmod: the module to write to.
        permutation: for each block the index of the source block, a permutation of 0 .. blocks - 1.
        blocksize: width of a block.
        *args: positional arguments of :class:`Connection`.
        **kwargs: keyword arguments of :class:`Connection`.

    Raises:
        ValueError: the widths differ, the blocks do not fill them, or ``permutation`` is not a permutation.
    """

    permutation: Any = None
    blocksize = 1

    def __init__(
        self,
        inmod: Module | ModuleSlice,
        outmod: Module | ModuleSlice,
        permutation: Iterable[int],
        blocksize: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        Connection.__init__(self, inmod, outmod, *args, **kwargs)
        blocks = [int(k) for k in permutation]
        if self.indim != self.outdim or self.indim != len(blocks) * blocksize:
            raise ValueError(
                f"{self!r}: {len(blocks)} blocks of {blocksize} do not carry "
                f"{self.indim} outputs to {self.outdim} inputs"
            )
        if sorted(blocks) != list(range(len(blocks))):
            raise ValueError(f"{blocks} is not a permutation of 0 .. {len(blocks) - 1}")
        self.permutation = np.array(blocks)
        self.invpermutation = np.argsort(self.permutation)
        self.blocksize = blocksize

    def _xmlArguments(self) -> dict[str, Any]:
        order = [int(k) for k in self.permutation]
        return {**(self.argdict or {}), "permutation": order, "blocksize": self.blocksize}

    @classmethod
    def _fromXml(
        cls, *ends: Any, permutation: ArrayLike | None = None, blocksize: int | None = None, **arguments: Any
    ) -> Self:
        if permutation is None or blocksize is None:
            raise ValueError("PyBrain's writer omits the permutation; load the network from a pickle instead")
        return cls(*ends, permutation, blocksize, **arguments)

    def _contribution(self, y: Array) -> Array:
        return self._ordered(y, self.permutation)

    def _contributionError(self, e: Array, y: Array) -> Array:
        return self._ordered(e, self.invpermutation)

    def _ordered(self, values: Array, order: ArrayLike) -> Array:
        blocks = values.reshape(*values.shape[:-1], -1, self.blocksize)
        return blocks[..., np.asarray(order, dtype=int), :].reshape(values.shape)
