"""Multidimensional networks that only the ``arac`` extension of PyBrain ever computed."""

from __future__ import annotations

from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork


class _Mdrnn(FeedForwardNetwork):
    """Cannot be made: raises NotImplementedError and names what can.

    PyBrain builds it on arac, which no longer exists.
    """

    def __init__(
        self,
        timedim,
        shape,
        hiddendim,
        outsize,
        blockshape=None,
        name=None,
        inlayerclass=LinearLayer,
        outlayerclass=LinearLayer,
    ):
        raise NotImplementedError(
            f"{type(self).__name__} needs arac, which no longer exists; "
            "use pybrain.structure.networks.multidimensional.MultiDimensionalRNN"
        )

    def filterResult(self, inpt):
        """Never reached: no object can be made."""
        raise NotImplementedError


class _MultiDirectionalMdrnn(_Mdrnn):
    """Cannot be made, see :class:`_Mdrnn`."""


class _AccumulatingMdrnn(_Mdrnn):
    """Cannot be made, see :class:`_Mdrnn`."""
