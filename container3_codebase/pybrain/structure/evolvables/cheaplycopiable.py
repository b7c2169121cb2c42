"""Copies of a module that differ in their parameters only."""

from __future__ import annotations

import numpy as np

from pybrain.structure.modules.module import Module
from pybrain.structure.parametercontainer import ParameterContainer


class CheaplyCopiable(ParameterContainer, Module):
    """Holds parameters for a module that many of its kind share.

    Before each use the parameters are copied into the module, so a copy costs one array. Copies that share a
    module must not be used from several threads at once, and a sequence must be finished with one of them
    before the next begins.

    Args:
        module: the module; its present parameters are copied.
    """

    def __init__(self, module):
        self.__stored = module
        self.paramdim = module.paramdim
        self._params = np.array(module.params)
        self._name = f"{module.name}-COPY"
        self.indim = module.indim
        self.outdim = module.outdim

    def copy(self):
        """A copy with parameters of its own and the same module."""
        result = type(self)(self.__stored)
        result._params = self._params.copy()
        result._name = f"{self.name}-COPY"
        return result

    def getBase(self):
        """The module, holding our parameters."""
        return self.__loaded()

    def __loaded(self):
        self.__stored._setParameters(self._params)
        return self.__stored

    def convertToFastNetwork(self):
        """An independent network with our parameters."""
        return self.__loaded().copy()

    @property
    def derivs(self):
        """The module's derivatives."""
        return self.__stored.derivs

    @property
    def outputbuffer(self):
        """The module's output rows."""
        return self.__stored.outputbuffer

    @property
    def inputerror(self):
        """The module's input error rows."""
        return self.__stored.inputerror

    @property
    def offset(self):
        """The module's time step."""
        return self.__stored.offset

    @property
    def sequential(self):
        """Whether the output depends on earlier inputs."""
        return self.__stored.sequential

    def resetDerivatives(self):
        """Set the module's derivatives to zero."""
        self.__stored.resetDerivatives()

    def reset(self):
        """Let the module forget the past."""
        self.__stored.reset()

    def forward(self, *args, **kwargs):
        """One forward step of the module, with our parameters."""
        self.__loaded().forward(*args, **kwargs)

    def backward(self, *args, **kwargs):
        """One backward step of the module, with our parameters."""
        self.__loaded().backward(*args, **kwargs)

    def activate(self, *args, **kwargs):
        """The module's answer, with our parameters."""
        return self.__loaded().activate(*args, **kwargs)

    def activateOnDataset(self, *args, **kwargs):
        """The module's answers to a data set, with our parameters."""
        return self.__loaded().activateOnDataset(*args, **kwargs)

    def backActivate(self, *args, **kwargs):
        """The module's input error, with our parameters."""
        return self.__loaded().backActivate(*args, **kwargs)

    def randomize(self, **args):
        """Draw our parameters anew, as the module would."""
        self.__stored.randomize()
        self._params = np.array(self.__stored.params)

    def mutate(self, **args):
        """Change our parameters a little, as the module would."""
        self.__loaded().mutate(**args)
        self._params = np.array(self.__stored.params)
