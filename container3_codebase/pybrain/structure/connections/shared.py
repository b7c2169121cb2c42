"""Connections that share their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.connections.connection import Connection
from pybrain.structure.connections.full import FullConnection
from pybrain.structure.connections.subsampling import SubsamplingConnection
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from typing import Any, NoReturn

    from pybrain._typing import Array, ArrayLike
    from pybrain.structure.modules.module import Module
    from pybrain.structure.moduleslice import ModuleSlice


class OwnershipViolation(Exception):
    """Raised when the parameters of a shared connection are set; they belong to its mother."""


class MotherConnection(ParameterContainer):
    """Holds the parameters of shared connections; it connects nothing itself.

    Args:
        nbparams: number of parameters.
        **args: options, such as ``name``.
    """

    nbparams = 0

    def __init__(self, nbparams: int, **args: Any) -> None:
        self.setArgs(nbparams=nbparams, **args)
        ParameterContainer.__init__(self, nbparams)

        self._derivs = np.zeros(nbparams)


class SharedConnection(Connection):
    """A connection whose parameters are those of its mother.

    Args:
        mother: the :class:`MotherConnection`.
        *args: positional arguments of :class:`Connection`.
        **kwargs: keyword arguments of :class:`Connection`.
    """

    mother: Any = None

    def __init__(self, mother: MotherConnection, *args: Any, **kwargs: Any) -> None:
        Connection.__init__(self, *args, **kwargs)
        self.initParams(mother)

    def initParams(self, mother: MotherConnection) -> None:
        """Use the parameters of ``mother``."""
        self.mother = mother
        self.setArgs(mother=mother)

    @property
    def params(self) -> Array:
        """The mother's parameters."""
        return self.mother.params

    @property
    def derivs(self) -> Array:
        """The mother's derivatives, to which all connections that share them add."""
        return self.mother.derivs

    def _generateName(self) -> str:
        return self.mother.name

    def _setParameters(self, p: ArrayLike, owner: object = None) -> NoReturn:
        raise OwnershipViolation(f"{self!r} has no parameters of its own; set those of {self.mother!r}")

    def _setDerivatives(self, d: ArrayLike, owner: object = None) -> NoReturn:
        raise OwnershipViolation(f"{self!r} has no derivatives of its own; set those of {self.mother!r}")

    def _checkMother(self, needed: int) -> None:
        if self.mother.paramdim != needed:
            raise ValueError(
                f"{self!r} takes {needed} parameters; "
                f"its mother {self.mother.name!r} holds {self.mother.paramdim}"
            )
        self.paramdim = needed


class SharedFullConnection(SharedConnection, FullConnection):
    """Like :class:`FullConnection`, with the parameters of the mother.

    Raises:
        ValueError: the mother has the wrong number of parameters; the message gives both numbers.
    """

    def initParams(self, mother: MotherConnection) -> None:
        """Use the parameters of ``mother``, after checking their number."""
        SharedConnection.initParams(self, mother)
        self._checkMother(self.indim * self.outdim)


class SharedSubsamplingConnection(SharedConnection, SubsamplingConnection):
    """Like :class:`SubsamplingConnection`, with the parameters of the mother.

    Raises:
        ValueError: the mother has the wrong number of parameters; the message gives both numbers.
    """

    def __init__(
        self,
        mother: MotherConnection,
        inmod: Module | ModuleSlice,
        outmod: Module | ModuleSlice,
        **kwargs: Any,
    ) -> None:
        SharedConnection.__init__(self, mother, inmod, outmod, **kwargs)

    def initParams(self, mother: MotherConnection) -> None:
        """Use the parameters of ``mother``, after checking their number."""
        SharedConnection.initParams(self, mother)
        self._checkMother(self.outdim)
