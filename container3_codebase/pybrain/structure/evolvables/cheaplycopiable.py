"""Copies of a module that differ in their parameters only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from typing import Any, Self

    from pybrain._typing import Array


class CheaplyCopiable(ParameterContainer, Module):
    """Holds parameters for a module that many of its kind share.

    Before each use the parameters are copied into the module, so a copy costs one array. Copies that share a
    module must not be used from several threads at once, and a sequence must be finished with one of them
    before the next begins.

    Args:
        module: the module; its present parameters are copied.
    """

    def __init__(self, module: Any) -> None:
        self.__stored = module
        self.paramdim = module.paramdim
        self._params = np.array(module.params)
        self._name = f"{module.name}-COPY"
        self.indim = module.indim
        self.outdim = module.outdim

    def copy(self) -> Self:
        """A copy with parameters of its own and the same module."""
        result = type(self)(self.__stored)
        result._params = self._params.copy()
        result._name = f"{self.name}-COPY"
        return result

    def getBase(self) -> Any:
        """The module, holding our parameters."""
        return self.__loaded()

    def __loaded(self) -> Any:
        self.__stored._setParameters(self._params)
        return self.__stored

    def convertToFastNetwork(self) -> Any:
        """An independent network with our parameters."""
        return self.__loaded().copy()

    @property
    def derivs(self) -> Array:
        """The module's derivatives."""
        return self.__stored.derivs

    @property
    def outputbuffer(self) -> Array:
        """The module's output rows."""
        return self.__stored.outputbuffer

    @property
    def inputerror(self) -> Array:
        """The module's input error rows."""
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
        """Let the module forget the past."""
        self.__stored.reset()

    def forward(self, *args: Any, **kwargs: Any) -> None:
        """One forward step of the module, with our parameters."""
        self.__loaded().forward(*args, **kwargs)

    def backward(self, *args: Any, **kwargs: Any) -> None:
        """One backward step of the module, with our parameters."""
        self.__loaded().backward(*args, **kwargs)

    def activate(self, *args: Any, **kwargs: Any) -> Array:
        """The module's answer, with our parameters."""
        return self.__loaded().activate(*args, **kwargs)

    def activateOnDataset(self, *args: Any, **kwargs: Any) -> Array:
        """The module's answers to a data set, with our parameters."""
        return self.__loaded().activateOnDataset(*args, **kwargs)

    def backActivate(self, *args: Any, **kwargs: Any) -> Array:
        """The module's input error, with our parameters."""
        return self.__loaded().backActivate(*args, **kwargs)

    def randomize(self, **args: Any) -> None:
        """Draw our parameters anew, as the module would."""
        self.__stored.randomize()
        self._params = np.array(self.__stored.params)

    def mutate(self, **args: Any) -> None:
        """Change our parameters a little, as the module would."""
        self.__loaded().mutate(**args)
        self._params = np.array(self.__stored.params)
