"""Neurons whose output is normally distributed around their input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.tools.functions import expln, explnPrime

if TYPE_CHECKING:
    from typing import Any, Self

    from pybrain._typing import Array, ArrayLike


class GaussianLayer(NeuronLayer, ParameterContainer):
    """``y = x + sigma z``, z standard normal, ``sigma = expln(params)``; shape (dim,) to (dim,).

    The random numbers come from NumPy's global generator. The backward pass ignores the output error: it gives
    the gradient of the log-likelihood of the drawn output, as policy gradients need it, ``(y - x)
    / sigma^2`` for the input and ``((y - x)^2 - sigma^2) / sigma^3 * expln'(p)`` for the parameters.

    Args:
        dim: number of neurons, and of parameters; they start at 0, which is sigma = 1.
        name: name; generated if None.

    Attributes:
        enabled: whether random numbers are added; otherwise ``y = x``.
        autoalpha: whether the gradients are multiplied by ``sigma^2``, which makes steps independent of it.
    """

    stdParams: float = 0
    autoalpha = False
    enabled = True

    def __init__(self, dim: int, name: str | None = None) -> None:
        Module.__init__(self, dim, dim, name)
        self.setArgs(dim=dim)
        ParameterContainer.__init__(self, dim, stdParams=0)
        self.autoalpha = False
        self.enabled = True

    @property
    def stochastic(self) -> bool:
        """Whether the output is random."""
        return self.enabled

    def setSigma(self, sigma: ArrayLike) -> None:
        """Set the parameters (sigma itself is ``expln`` of them).

        Args:
            sigma: the new parameters, shape (dim,).

        Raises:
            ValueError: the number of values is not ``dim``.
        """
        self.params[:] = self._checked(sigma, "parameters")

    def _xmlArguments(self) -> dict[str, Any]:
        arguments = {"name": self._name, "dim": self.dim}
        changed = {"enabled": False} if not self.enabled else {}
        return arguments | changed | ({"autoalpha": True} if self.autoalpha else {})

    @classmethod
    def _fromXml(
        cls, *, dim: int, enabled: bool = True, autoalpha: bool = False, stdParams: float = 0
    ) -> Self:
        layer = cls(dim)
        layer.enabled, layer.autoalpha, layer.stdParams = enabled, autoalpha, stdParams
        return layer

    def _transfer(self, x: Array) -> Array:
        return np.random.normal(x, expln(self.params)) if self.enabled else x

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        sigma = expln(self.params)
        delta = y - x
        derivs = self.derivs
        scale = 1.0 if self.autoalpha else sigma**2
        added = (delta**2 - sigma**2) / sigma * explnPrime(self.params) / scale
        derivs += added.reshape(-1, self.dim).sum(0)
        return delta / scale
