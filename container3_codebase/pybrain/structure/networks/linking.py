"""A single parameter vector for a whole network; its parts hold views of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from pybrain._typing import Array, ArrayLike
    from pybrain.structure.connections.connection import Connection


# Linking replaces several arrays one after the other; two threads doing so would leave a mixture.
_LINKING = threading.RLock()


# A type checker sees the class that this one is always mixed into.
if TYPE_CHECKING:
    _Part = ParameterContainer
else:
    _Part = object


class LinkedParameters(_Part):
    """Mixin that keeps the parameters of a network and its parts in one vector.

    The parts are authoritative: an activation reads the arrays of connections and layers. Pickling and copying turn
    views into separate arrays; they are linked again when a network gets its state, or, if a file begins with one
    of the parts, on first use. A part of several networks is a view of the vector of the network whose
    ``params`` or ``derivs`` were used last; the others link again when theirs are used.
    """

    _linked = False
    sorted: bool
    modulesSorted: Any
    connections: dict[Any, list[Any]]
    motherconnections: list[Any]
    _compiled: Any
    _extraConnections: Callable[[], list[Connection]]
    _unsorted: Callable[[], Exception]

    def _containers(self) -> Iterator[Any]:
        """Iterate over the network's parameter containers, in the order of the layout."""
        for m in self.modulesSorted:
            if m.paramdim:
                yield m
            yield from _withParameters(self.connections[m])
        yield from (mother for mother in self.motherconnections if mother.paramdim)
        yield from _withParameters(self._extraConnections())

    @property
    def params(self) -> Array:
        """All parameters, shape (paramdim,): the live array; the modules and connections hold views of it."""
        self._ensureLinked()
        return super().params

    @property
    def derivs(self) -> Array:
        """All derivatives, shape (paramdim,), pointing downhill; the live array."""
        self._ensureLinked()
        return super().derivs

    def _setParameters(self, p: ArrayLike, owner: object = None) -> None:
        self._ensureLinked()
        ParameterContainer._setParameters(self, p, owner)

    def _setDerivatives(self, d: ArrayLike, owner: object = None) -> None:
        self._ensureLinked()
        ParameterContainer._setDerivatives(self, d, owner)

    def resetDerivatives(self) -> None:
        """Set all derivatives to zero."""
        self._ensureLinked()
        ParameterContainer.resetDerivatives(self)

    def randomize(self) -> None:
        """Draw new parameters from NumPy's global generator."""
        self._ensureLinked()
        if self.paramdim:
            ParameterContainer.randomize(self)

    def mutate(self, **args: Any) -> None:
        """Add normal random numbers times ``mutationStd`` to all parameters."""
        self._ensureLinked()
        if self.paramdim:
            ParameterContainer.mutate(self, **args)

    def _bindParameters(self, view: Array) -> None:
        self._params = view
        self._compiled = None
        for container, start, stop in self._portions():
            container._setParameters(view[start:stop], owner=self)

    def _bindDerivatives(self, view: Array) -> None:
        self._derivs = view
        self._compiled = None
        for container, start, stop in self._portions():
            container._setDerivatives(view[start:stop], owner=self)

    def _portions(self) -> Iterator[tuple[Any, int, int]]:
        start = 0
        for container in self._containers():
            yield container, start, start + container.paramdim
            start += container.paramdim

    def _trueParameters(self) -> Array:
        parts = [container._trueParameters() for container in self._containers()]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _ensureLinked(self) -> None:
        if not self._linked:
            if not self.sorted:
                raise self._unsorted()
            self._relink()

    def _relink(self) -> None:
        """Make the parameters of all parts views of one vector again.

        Pickling and copying separate them. An activation uses the arrays of connections and layers, so these
        take precedence over the network's own vector.
        """
        with _LINKING:
            if self._linked:
                return
            if self._borrows():
                self._linked = True
                return
            flat = self._trueParameters()
            derivs = self._trueDerivatives()
            self.paramdim = len(flat)
            self._compiled = None
            if self.paramdim:
                self.hasDerivatives = True
                self._bindParameters(flat)
                self._bindDerivatives(derivs)
            self._linked = True
            if isinstance(self.owner, LinkedParameters):
                self.owner._linked = False  # our vector is no longer a part of the owner's

    def _borrows(self) -> bool:
        """Return whether this is a shallow copy (``copy.copy``), whose parts belong to the original network."""
        owners = [c.owner for c in self._containers() if isinstance(c.owner, LinkedParameters)]
        if self._params is None or any(owner is self for owner in owners):
            return False
        return any(owner._params is self._params for owner in owners)

    def _sharesParts(self) -> bool:
        """Return whether another network shares parts of this one, so that this one computes with its arrays."""
        owners = [c.owner for c in self._containers()]
        return any(isinstance(owner, LinkedParameters) and owner is not self for owner in owners)

    def _shareParameters(self, original: LinkedParameters) -> None:
        """Use the parameter arrays of ``original``, a network of the same structure."""
        self._ensureLinked()
        original._ensureLinked()
        for mine, other in zip(self._containers(), original._containers(), strict=True):
            if isinstance(mine, LinkedParameters):
                mine._shareParameters(other)
            else:
                mine._bindParameters(other._params)
        self._params = original._params
        self._compiled = None

    def _trueDerivatives(self) -> Array:
        parts = []
        for container in self._containers():
            if isinstance(container, LinkedParameters):
                parts.append(container._trueDerivatives())
            elif container._derivs is None or np.shape(container._derivs) != (container.paramdim,):
                parts.append(np.zeros(container.paramdim))
            else:
                parts.append(np.asarray(container._derivs, dtype=np.float64))
        return np.concatenate(parts) if parts else np.zeros(0)

    def _holdsViews(self) -> bool:
        """Return whether the parameters of the parts are still views of the network's vector."""
        return all(np.may_share_memory(c._params, self._params) for c in self._containers())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self.sorted and self._isComplete():
            self._relink()

    def _isComplete(self) -> bool:
        """Return whether all parts have their state; not while reading a file that begins with a part."""
        if self.modulesSorted is None or any(m not in self.connections for m in self.modulesSorted):
            return False
        parts = [*self.modulesSorted, *self.motherconnections, *self._extraConnections()]
        parts += [c for outgoing in self.connections.values() for c in outgoing]
        return (
            all(vars(part) for part in parts)
            and all(m._isComplete() for m in self.modulesSorted if isinstance(m, LinkedParameters))
            and sum(container.paramdim for container in self._containers()) == self.paramdim
        )


def _withParameters(connections: Iterable[Any]) -> Iterator[Any]:
    return (c for c in connections if c.paramdim and getattr(c, "mother", None) is None)
