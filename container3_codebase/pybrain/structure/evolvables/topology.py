"""Parameter containers whose topology can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.utilities import abstractMethod

if TYPE_CHECKING:
    from typing import Any, Self

    from pybrain._typing import Array, ArrayLike


class TopologyEvolvable(ParameterContainer):
    """Wraps a parameter container; the number of parameters in use may change.

    Args:
        pcontainer: the container.
        **args: options of the class.

    Attributes:
        pcontainer: the container.
    """

    pcontainer: Any = None

    def __init__(self, pcontainer: ParameterContainer, **args: Any) -> None:
        self.pcontainer = pcontainer
        self.setArgs(**args)

    @property
    def params(self) -> Array:
        """The parameters in use."""
        return self.pcontainer.params

    def _setParameters(self, p: ArrayLike, owner: object = None) -> None:
        self.pcontainer._setParameters(p, owner)

    def topologyMutate(self) -> None:
        """Change the topology slightly, at random."""
        abstractMethod()

    def newSimilarInstance(self) -> Self:
        """Return a copy with random values and topology."""
        result = self.copy()
        result.randomize()
        return result

    def copy(self) -> Self:
        """Return a copy that shares nothing with this object."""
        import copy

        return copy.deepcopy(self)
