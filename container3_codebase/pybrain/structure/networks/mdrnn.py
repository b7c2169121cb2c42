"""Multidimensional networks that only the ``arac`` extension of PyBrain ever computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from pybrain._typing import ArrayLike
    from pybrain.structure.modules.module import Module


class _Mdrnn(FeedForwardNetwork):
    """Cannot be created: raises NotImplementedError and names an alternative.

    PyBrain builds it on arac, which no longer exists.
    """

    def __init__(
        self,
        timedim: int,
        shape: Sequence[int],
        hiddendim: int,
        outsize: int,
        blockshape: Sequence[int] | None = None,
        name: str | None = None,
        inlayerclass: type[Module] = LinearLayer,
        outlayerclass: type[Module] = LinearLayer,
    ) -> None:
        raise NotImplementedError(
            f"{type(self).__name__} needs arac, which no longer exists; "
            "use pybrain.structure.networks.multidimensional.MultiDimensionalRNN"
        )

    def filterResult(self, inpt: ArrayLike) -> NoReturn:
        """Raise NotImplementedError; no object can be created."""
        raise NotImplementedError


class _MultiDirectionalMdrnn(_Mdrnn):
    """Cannot be created, see :class:`_Mdrnn`."""


class _AccumulatingMdrnn(_Mdrnn):
    """Cannot be created, see :class:`_Mdrnn`."""
