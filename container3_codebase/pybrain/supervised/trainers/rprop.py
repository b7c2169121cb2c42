"""Resilient propagation: steps that depend only on the sign of the derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets import flat
from pybrain.supervised.trainers.backprop import BackpropTrainer

if TYPE_CHECKING:
    from typing import Any


class RPropMinusTrainer(BackpropTrainer):
    """Trains by Rprop- (Riedmiller and Braun 1993, without weight backtracking), once per epoch.

    See `pybrain.auxiliary.gradientdescent.GradientDescent` for the rule. The data set is visited
    in order; the learning rate has no effect.

    Args:
        module: the module to train.
        etaminus: factor applied to a step when its derivative changes sign, between 0 and 1.
        etaplus: factor applied to a step while the sign stays the same, above 1.
        deltamin, deltamax: minimum and maximum step size.
        delta0: initial step size.
        **kwargs: options of `BackpropTrainer`.
    """

    def __init__(
        self,
        module: Any,
        etaminus: float = 0.5,
        etaplus: float = 1.2,
        deltamin: float = 1.0e-6,
        deltamax: float = 5.0,
        delta0: float = 0.1,
        **kwargs: Any,
    ) -> None:
        BackpropTrainer.__init__(self, module, **kwargs)
        self.descent.rprop = True
        self.descent.etaplus = etaplus
        self.descent.etaminus = etaminus
        self.descent.deltamin = deltamin
        self.descent.deltamax = deltamax
        self.descent.deltanull = delta0
        self.descent.init(module.params)

    def _trainEpoch(self) -> float:
        self._syncDescent()
        error, derivs = self._accumulate(list(range(flat.sequenceCount(self.ds))))
        if self.verbose:
            # Before the step, so that error and weights match.
            weight = float(np.sqrt(np.mean(self.module.params**2)))
            print(f"epoch {self.epoch:6d}  total error {error:12.5g}   avg weight  {weight:12.5g}")
        self._setParameters(self.descent(derivs - self.weightdecay * self.module.params, error))
        return error

    def _report(self, error: float) -> None:
        """Print nothing: the error was reported before the step."""
