"""Copies of a module that differ only in their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from typing import Any, Self

    from pybrain._typing import Array


class CheaplyCopiable(ParameterContainer, Module):
    """Holds parameters for a module that several copies share.

    Before each use the parameters are copied into the module, so a copy costs one array. Copies that share a
    module must not be used from several threads at once, and one must finish a sequence before another begins
    one.

    Args:
        module: the module; its current parameters are copied.
    """

    def __init__(self, module: Any) -> None:
        self.__stored = module
        self.paramdim = module.paramdim
        self._params = np.array(module.params)
        self._name = f"{module.name}-COPY"
        self.indim = module.indim
        self.outdim = module.outdim

    def copy(self) -> Self:
        """Return a copy with its own parameters and the same module."""
        result = type(self)(self.__stored)
        result._params = self._params.copy()
        result._name = f"{self.name}-COPY"
        return result

    def getBase(self) -> Any:
        """Return the module, after copying these parameters into it."""
        return self.__loaded()

    def __loaded(self) -> Any:
        self.__stored._setParameters(self._params)
        return self.__stored

    def convertToFastNetwork(self) -> Any:
        """Return an independent network with these parameters."""
        return self.__loaded().copy()

    @property
    def derivs(self) -> Array:
        """The module's derivatives."""
        return self.__stored.derivs

    @property
    def outputbuffer(self) -> Array:
        """The output buffer of the module."""
        return self.__stored.outputbuffer

    @property
    def inputerror(self) -> Array:
        """The input error buffer of the module."""
        return self.__stored.inputerror

    @property
    def offset(self) -> int:
        """The module's time step."""
        return self.__stored.offset

    @property
    def sequential(self) -> bool:
        """Whether the output depends on earlier inputs."""
        return self.__stored.sequential

    def resetDerivatives(self) -> None:
        """Set the module's derivatives to zero."""
        self.__stored.resetDerivatives()

    def reset(self) -> None:
        """Reset the module."""
        self.__stored.reset()

    def forward(self, *args: Any, **kwargs: Any) -> None:
        """Run one forward step of the module with these parameters."""
        self.__loaded().forward(*args, **kwargs)

    def backward(self, *args: Any, **kwargs: Any) -> None:
        """Run one backward step of the module with these parameters."""
        self.__loaded().backward(*args, **kwargs)

    def activate(self, *args: Any, **kwargs: Any) -> Array:
        """Activate the module with these parameters; return its output."""
        return self.__loaded().activate(*args, **kwargs)

    def activateOnDataset(self, *args: Any, **kwargs: Any) -> Array:
        """Activate the module on a data set with these parameters; return its outputs."""
        return self.__loaded().activateOnDataset(*args, **kwargs)

    def backActivate(self, *args: Any, **kwargs: Any) -> Array:
        """Propagate an output error back through the module with these parameters; return its input error."""
        return self.__loaded().backActivate(*args, **kwargs)

    def randomize(self, **args: Any) -> None:
        """Draw new parameters, as the module would."""
        self.__stored.randomize()
        self._params = np.array(self.__stored.params)

    def mutate(self, **args: Any) -> None:
        """Mutate these parameters as the module would."""
        self.__loaded().mutate(**args)
        self._params = np.array(self.__stored.params)
