"""Connections that pass values on one to one, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.connection import Connection

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array


class IdentityConnection(Connection):
    """Adds ``y`` unchanged.

    Raises:
        ValueError: the two slices differ in width; both widths are named.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Connection.__init__(self, *args, **kwargs)
        if self.indim != self.outdim:
            raise ValueError(
                f"{self!r}: {self.indim} outputs cannot be connected one to one with {self.outdim} inputs"
            )

    def _contribution(self, y: Array) -> Array:
        return y

    def _contributionError(self, e: Array, y: Array) -> Array:
        return e
