"""Parameters, some of which are switched off."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.evolvables.topology import TopologyEvolvable

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import AnyArray, Array, ArrayLike
    from pybrain.structure.parametercontainer import ParameterContainer


class MaskedParameters(TopologyEvolvable):
    """Shows only the parameters that a mask lets through; the others are 0 in the container.

    Args:
        pcontainer: the container with all parameters.
        **args: options, listed under Attributes.

    Attributes:
        mask: which parameters are on, booleans of shape (pcontainer.paramdim,).
        maskableParams: the values of all parameters, including those that are off.
        maxComplexity: the maximum number of parameters that may be on.
        maskOnProbability: the probability that a parameter is on initially and after :meth:`randomize`.
        maskFlipProbability: the probability that :meth:`topologyMutate` switches a parameter.
        mutationStdev: standard deviation of :meth:`mutate`.
        returnZeros: whether ``params`` and ``paramdim`` cover all parameters, those that are off as 0.
    """

    mask: Any = None
    maskableParams: Any = None
    maxComplexity: Any = None
    maskOnProbability = 0.5
    maskFlipProbability = 0.05
    mutationStdev = 0.1
    returnZeros = False

    def __init__(self, pcontainer: ParameterContainer, **args: Any) -> None:
        TopologyEvolvable.__init__(self, pcontainer, **args)
        size = pcontainer.paramdim
        if self.maxComplexity is None:
            self.maxComplexity = size
        self.mask = self._drawnMask(size)
        self.maskableParams = np.array(pcontainer.params)
        self._limitComplexity()
        self._applyMask()

    @property
    def paramdim(self) -> int:
        """The number of parameters that are on."""
        return len(self.mask) if self.returnZeros else int(self.mask.sum())

    @property
    def params(self) -> Array:
        """The parameters that are on, a new array."""
        return self.maskableParams * self.mask if self.returnZeros else self.maskableParams[self.mask]

    def _setParameters(self, p: ArrayLike, owner: object = None) -> None:
        """Set the parameters that are on, or all if ``returnZeros`` is true."""
        values = np.asarray(p, dtype=float)
        if values.shape != (self.paramdim,):
            raise ValueError(f"{self.paramdim} parameters are on; shape {values.shape} was given")
        self.maskableParams[slice(None) if self.returnZeros else self.mask] = values
        self._applyMask()

    def randomize(self, **args: Any) -> None:
        """Draw new parameters from NumPy's global generator, and a new mask with ``random``."""
        size = len(self.mask)
        self.maskableParams = np.random.randn(size) * self.stdParams
        self.mask = self._drawnMask(size)
        self._limitComplexity()
        self._applyMask()

    def topologyMutate(self) -> None:
        """Switch each parameter on or off with probability ``maskFlipProbability``."""
        switched = [random() < self.maskFlipProbability for _ in self.mask]
        self.mask = self.mask ^ np.array(switched, dtype=bool)
        self._limitComplexity()
        self._applyMask()

    def mutate(self, **args: Any) -> None:
        """Add normal random numbers times ``mutationStdev`` to all parameters."""
        self.maskableParams = self.maskableParams + np.random.normal(0, self.mutationStdev, len(self.mask))
        self._applyMask()

    def _drawnMask(self, size: int) -> AnyArray:
        # As in PyBrain for its probability of 0.5; for others PyBrain draws the opposite.
        return np.array([random() > 1 - self.maskOnProbability for _ in range(size)], dtype=bool)

    def _limitComplexity(self) -> None:
        """Keep between 1 and ``maxComplexity`` parameters on, chosen at random."""
        on = np.flatnonzero(self.mask)
        if len(on) > self.maxComplexity:
            self.mask[np.random.permutation(on)[self.maxComplexity :]] = False
        elif len(on) == 0 and len(self.mask):
            self.mask[np.random.randint(len(self.mask))] = True

    def _applyMask(self) -> None:
        self.pcontainer._setParameters(self.mask * self.maskableParams)
