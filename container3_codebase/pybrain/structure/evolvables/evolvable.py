"""The least that an optimizer needs."""

from __future__ import annotations

from pybrain.utilities import Named, abstractMethod


class Evolvable(Named):
    """Something that can be copied, randomized and changed a little."""

    def mutate(self, **args):
        """Change this object a little, at random."""
        abstractMethod()

    def copy(self):
        """A copy that shares nothing with this object."""
        import copy

        return copy.deepcopy(self)

    def randomize(self):
        """Replace everything variable by random values."""
        abstractMethod()

    def newSimilarInstance(self):
        """A copy with random values in it."""
        result = self.copy()
        result.randomize()
        return result
