"""Parameter containers whose topology can change."""

from __future__ import annotations

from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.utilities import abstractMethod


class TopologyEvolvable(ParameterContainer):
    """Wraps a parameter container; the number of parameters in use may change.

    Args:
        pcontainer: the container.
        **args: options of the class.

    Attributes:
        pcontainer: the container.
    """

    pcontainer = None

    def __init__(self, pcontainer, **args):
        self.pcontainer = pcontainer
        self.setArgs(**args)

    @property
    def params(self):
        """The parameters in use."""
        return self.pcontainer.params

    def _setParameters(self, p, owner=None):
        self.pcontainer._setParameters(p, owner)

    def topologyMutate(self):
        """Change the topology a little, at random."""
        abstractMethod()

    def newSimilarInstance(self):
        """A copy with random values and topology."""
        result = self.copy()
        result.randomize()
        return result

    def copy(self):
        """A copy that shares nothing with this object."""
        import copy

        return copy.deepcopy(self)
