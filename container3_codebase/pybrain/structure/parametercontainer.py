"""Parameters and their derivatives, owned by one object or held as views of a network's vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.evolvables.evolvable import Evolvable

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike


class ParameterContainer(Evolvable):
    """Holds a flat vector of parameters and, in modules and connections, one of derivatives.

    Inside a network the two vectors are views of the network's own (``owner`` is the network), so that
    ``net.params[:] = values`` and ``connection.params`` always agree.

    Args:
        paramdim: number of parameters; they start as normal random numbers times ``stdParams``, drawn from
            NumPy's global generator (``numpy.random.seed`` makes them reproducible).
        **args: options, set as attributes (``stdParams``).

    Attributes:
        paramdim: number of parameters.
        owner: the network whose vectors these are views of, or None.
        stdParams: standard deviation of new random parameters.
        mutationStd: standard deviation of :meth:`mutate`.
    """

    owner: Any = None
    hasDerivatives = False
    mutationStd = 0.1
    stdParams: float = 1.0
    paramdim = 0

    _params: Any = None
    _derivs: Any = None

    def __init__(self, paramdim: int = 0, **args: Any) -> None:
        self.setArgs(**args)
        self.paramdim = paramdim
        if paramdim > 0:
            self._params = np.zeros(paramdim)
            if self._wantsDerivatives():
                self.hasDerivatives = True
                self._derivs = np.zeros(paramdim)
            self.randomize()

    def _wantsDerivatives(self) -> bool:
        """Return whether derivatives are kept from the start, as in modules and connections."""
        from pybrain.structure.connections.connection import Connection
        from pybrain.structure.modules.module import Module

        return isinstance(self, (Module, Connection))

    # --- reading ---

    @property
    def params(self) -> Array:
        """The parameters, shape (paramdim,): the array itself, to be changed in place."""
        return _EMPTY.copy() if self._params is None else self._params

    @property
    def derivs(self) -> Array:
        """Summed derivatives, shape (paramdim,). They point downhill: minus the gradient of the error."""
        return _EMPTY.copy() if self._derivs is None else self._derivs

    def __len__(self) -> int:
        return self.paramdim

    # --- writing ---

    def _setParameters(self, p: ArrayLike, owner: object = None) -> None:
        """Set all parameters.

        Args:
            p: paramdim numbers; they are copied.
            owner: the caller: a network passes itself, together with a view that is then used unchanged.

        Raises:
            ValueError: the number of values is wrong; the message gives both sizes.
            Exception: the parameters belong to a network, and a program tries to replace them.
        """
        self._checkOwner(owner)
        if owner is None or owner is self:
            if self._params is None or not self._params.flags.writeable:
                self._bindParameters(self._checked(p, "parameters").copy())
            else:
                self._params[:] = self._checked(p, "parameters")
        else:
            self._belongTo(owner)
            self._bindParameters(self._checked(p, "parameters"))

    def _setDerivatives(self, d: ArrayLike, owner: object = None) -> None:
        """Set all derivatives, with the rules of :meth:`_setParameters`."""
        self._checkOwner(owner)
        if owner is None or owner is self:
            if self._derivs is None or not self._derivs.flags.writeable:
                self._bindDerivatives(self._checked(d, "derivatives").copy())
            else:
                self._derivs[:] = self._checked(d, "derivatives")
        else:
            self._belongTo(owner)
            self._bindDerivatives(self._checked(d, "derivatives"))

    def resetDerivatives(self) -> None:
        """Set all derivatives to zero, even those that have become NaN."""
        if self._derivs is not None:
            self._derivs[:] = 0.0

    def randomize(self) -> None:
        """Draw new parameters: normal random numbers times ``stdParams``."""
        self._params[:] = np.random.randn(self.paramdim) * self.stdParams

    def mutate(self, **args: Any) -> None:
        """Add normal random numbers times ``mutationStd`` to all parameters."""
        self._params[:] = self._params + np.random.normal(0, self.mutationStd, self.paramdim)

    # --- for networks ---

    def _bindParameters(self, view: Array) -> None:
        """Make ``view`` our parameter vector, without copying."""
        self._params = view

    def _bindDerivatives(self, view: Array) -> None:
        """Make ``view`` our derivative vector, without copying."""
        self._derivs = view

    def _trueParameters(self) -> Array:
        """Return the authoritative parameter values, shape (paramdim,), if copies of them disagree."""
        return self._checked(self._params, "parameters")

    def _belongTo(self, owner: object) -> None:
        """Set the network whose vectors these are views of; another network that shares this part links again."""
        if self.owner is not owner:
            if self.owner is not None and self.owner is not self:
                self.owner._linked = False
            self.owner = owner

    def _checkOwner(self, owner: object) -> None:
        if owner is None and self.owner not in (None, self):
            raise Exception(
                f"Parameter ownership mismatch: the parameters of {self._label()} belong to its network. "
                "Change them in place: obj.params[:] = values"
            )

    def _checked(self, values: ArrayLike, what: str) -> Array:
        """Return ``values`` as a flat float64 array of paramdim numbers."""
        array = np.asarray(values, dtype=np.float64)
        if array.shape != (self.paramdim,):
            found = f"{array.shape[0]}" if array.ndim == 1 else f"shape {array.shape}"
            raise ValueError(f"{self._label()} has {self.paramdim} {what}; {found} were given")
        return array

    def _label(self) -> str:
        return f"{type(self).__name__} {self.name!r}"


_EMPTY = np.zeros(0)
