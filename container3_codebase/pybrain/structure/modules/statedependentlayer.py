"""Exploration that depends on the state.

Source: T. Rueckstiess, M. Felder, J. Schmidhuber, "State-Dependent Exploration for Policy Gradient Methods",
2008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.tools.functions import expln, explnPrime

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike


class StateDependentLayer(NeuronLayer, ParameterContainer):
    """``y = x + m(state)``, where m is a module with random weights; shape (dim,) to (dim,).

    :meth:`drawRandomWeights` gives m normal random weights with standard deviation ``expln(params)``; before that, m
    has its own weights. Until they are drawn again, the same state gives the same exploration.

    The backward pass gives the gradient of the log-likelihood of the output, as m is linear in its weights: with
    variance ``v_j = sum_i s_i^2 sigma_ji^2`` at output j, ``(y - x)_j / v_j`` for the input and
    ``((y - x)_j^2 - v_j) / v_j^2 * s_i^2 sigma_ji expln'(p)`` for the parameters.

    Args:
        dim: number of neurons.
        module: the exploration module: a network with one FullConnection from the state to ``dim`` outputs.
        name: name; generated if None.
        onesigma: whether one parameter is shared by all weights; otherwise each weight has its own.

    Attributes:
        enabled: whether exploration is added.
        autoalpha: whether the gradients are multiplied by the variance.
    """

    autoalpha = False
    enabled = True
    onesigma = True
    state: Any = None

    def __init__(self, dim: int, module: Any, name: str | None = None, onesigma: bool = True) -> None:
        Module.__init__(self, dim, dim, name)
        if module.outdim != dim:
            raise ValueError(
                f"the exploration module has {module.outdim} outputs; the layer has {dim} neurons"
            )
        self.dim = dim
        self.exploration = np.zeros(dim)
        self.state = None
        self.onesigma = onesigma
        self.enabled = True
        self.autoalpha = False
        ParameterContainer.__init__(self, 1 if onesigma else module.paramdim)
        self.module = module

    @property
    def stochastic(self) -> bool:
        """Whether the output is random."""
        return self.enabled

    def setState(self, state: ArrayLike) -> None:
        """Set the state of the environment on which the exploration depends, shape (module.indim,)."""
        self.state = np.array(state, dtype=float)
        self.exploration[:] = self.module.activate(self.state)

    def drawRandomWeights(self) -> None:
        """Draw new weights for the exploration module, from NumPy's global generator."""
        self.module._setParameters(np.random.normal(0, np.broadcast_to(self._sigma(), self.module.paramdim)))

    def _sigma(self) -> Array:
        return expln(self.params)

    def _transfer(self, x: Array) -> Array:
        return x + self.exploration if self.enabled else x

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        if self.state is None:
            raise ValueError(f"{self.name}: call setState before propagating back")
        sigma = np.broadcast_to(self._sigma(), self.module.paramdim).reshape(self.dim, -1)
        prime = np.broadcast_to(explnPrime(self.params), self.module.paramdim).reshape(self.dim, -1)
        squares = self.state**2
        variance = (squares * sigma**2).sum(1)
        delta = y - x
        scale = 1.0 if self.autoalpha else variance
        factor = ((delta**2 - variance) / variance / scale)[..., None]
        added = (factor * squares * sigma * prime).reshape(-1, sigma.size).sum(0)
        derivs = self.derivs
        derivs += added.sum() if self.onesigma else added
        return delta / scale
