"""A module with some parameters switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.evolvables.maskedparameters import MaskedParameters
from pybrain.structure.modules.module import Module

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class MaskedModule(MaskedParameters, Module):
    """The masked parameters of a module, usable like the module itself."""

    @property
    def indim(self) -> int:
        """Width of the input."""
        return self.pcontainer.indim

    @property
    def outdim(self) -> int:
        """Width of the output."""
        return self.pcontainer.outdim

    @property
    def sequential(self) -> bool:
        """Whether the output depends on earlier inputs."""
        return self.pcontainer.sequential

    @property
    def offset(self) -> int:
        """The current time step of the module."""
        return self.pcontainer.offset

    @property
    def derivs(self) -> Array:
        """The derivatives of the parameters in ``params``."""
        derivs: Array = self.pcontainer.derivs
        return derivs * self.mask if self.returnZeros else derivs[self.mask]

    def resetDerivatives(self) -> None:
        """Set all derivatives to zero."""
        self.pcontainer.resetDerivatives()

    def reset(self) -> None:
        """Reset the module."""
        self.pcontainer.reset()

    def activate(self, *args: Any, **kwargs: Any) -> Array:
        """Return the output of the module."""
        return self.pcontainer.activate(*args, **kwargs)

    def backActivate(self, *args: Any, **kwargs: Any) -> Array:
        """Return the input error of the module."""
        return self.pcontainer.backActivate(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> None:
        """Run one forward step of the module."""
        self.pcontainer.forward(*args, **kwargs)

    def backward(self, *args: Any, **kwargs: Any) -> None:
        """Run one backward step of the module."""
        self.pcontainer.backward(*args, **kwargs)

    def activateOnDataset(self, *args: Any, **kwargs: Any) -> Array:
        """Return the outputs of the module for a data set."""
        return self.pcontainer.activateOnDataset(*args, **kwargs)
