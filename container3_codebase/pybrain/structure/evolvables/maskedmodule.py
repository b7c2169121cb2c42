"""A module of which some parameters are switched off."""

from __future__ import annotations

from pybrain.structure.evolvables.maskedparameters import MaskedParameters
from pybrain.structure.modules.module import Module


class MaskedModule(MaskedParameters, Module):
    """Masked parameters of a module, which can be used like the module itself."""

    @property
    def indim(self):
        """Width of the input."""
        return self.pcontainer.indim

    @property
    def outdim(self):
        """Width of the output."""
        return self.pcontainer.outdim

    @property
    def sequential(self):
        """Whether the output depends on earlier inputs."""
        return self.pcontainer.sequential

    @property
    def offset(self):
        """The current time step of the module."""
        return self.pcontainer.offset

    @property
    def derivs(self):
        """The derivatives of all parameters of the module."""
        return self.pcontainer.derivs

    def resetDerivatives(self):
        """Set all derivatives to zero."""
        self.pcontainer.resetDerivatives()

    def reset(self):
        """Forget the past."""
        self.pcontainer.reset()

    def activate(self, *args, **kwargs):
        """The answer of the module."""
        return self.pcontainer.activate(*args, **kwargs)

    def backActivate(self, *args, **kwargs):
        """The input error of the module."""
        return self.pcontainer.backActivate(*args, **kwargs)

    def forward(self, *args, **kwargs):
        """One forward step of the module."""
        self.pcontainer.forward(*args, **kwargs)

    def backward(self, *args, **kwargs):
        """One backward step of the module."""
        self.pcontainer.backward(*args, **kwargs)

    def activateOnDataset(self, *args, **kwargs):
        """The answers of the module to a data set."""
        return self.pcontainer.activateOnDataset(*args, **kwargs)
