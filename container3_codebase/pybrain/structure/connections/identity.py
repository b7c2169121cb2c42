"""One to one, unchanged."""

from __future__ import annotations

from pybrain.structure.connections.connection import Connection


class IdentityConnection(Connection):
    """Adds ``y``.

    Raises:
        ValueError: the two slices differ in width; both widths are named.
    """

    def __init__(self, *args, **kwargs):
        Connection.__init__(self, *args, **kwargs)
        if self.indim != self.outdim:
            raise ValueError(f"{self!r}: {self.indim} outputs cannot go one to one to {self.outdim} inputs")

    def _contribution(self, y):
        return y

    def _contributionError(self, e, y):
        return e
