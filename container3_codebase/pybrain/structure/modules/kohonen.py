"""The self-organizing map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.module import Module

if TYPE_CHECKING:
    from typing import Any, Self

    from pybrain._typing import Array, ArrayLike


class KohonenMap(Module):
    """A square of neurons, each a point in the input space; the output is the position of the nearest one.

    Shape (dim,) to (2,): row and column of the winner. The backward pass learns: the winner and its neighbours move
    towards the last input, by 1 / nNeurons less for each row and column away from the winner, and the neighbourhood
    shrinks.

    Source: T. Kohonen, "Self-organized formation of topologically correct feature maps", 1982.

    Args:
        dim: width of the input.
        nNeurons: number of neurons along each side of the square.
        name: name; generated if None.
        outputFullMap: whether the output is instead the distance of every neuron from the input, shape
            (nNeurons * nNeurons,), row by row.

    Attributes:
        neurons: the points, shape (nNeurons, nNeurons, dim).
        winner: row and column of the last winner.
        neighbours: distance from the winner, in rows and columns, within which neurons learn.
        learningrate: fraction of the distance to the input that the winner moves.
        neighbourdecay: factor applied to ``neighbours`` at every learning step.
    """

    nInput = 0
    nNeurons = 0
    outputFullMap = False
    learningrate = 0.01
    neighbourdecay = 0.9999

    def __init__(self, dim: int, nNeurons: int, name: str | None = None, outputFullMap: bool = False) -> None:
        Module.__init__(self, dim, nNeurons**2 if outputFullMap else 2, name)
        self.outputFullMap = outputFullMap
        self.nInput = dim
        self.nNeurons = nNeurons
        self.neighbours: float = nNeurons
        self.neurons = np.random.random((nNeurons, nNeurons, dim))
        self.difference = np.zeros(self.neurons.shape)
        self.winner = np.zeros(2)
        self.learningrate = 0.01
        self.neighbourdecay = 0.9999
        rows, columns = np.mgrid[0:nNeurons, 0:nNeurons]
        self.distmatrix = np.stack([rows, columns], -1).astype(float)

    def _xmlArguments(self) -> dict[str, Any]:
        return {
            "name": self._name,
            "dim": self.nInput,
            "nNeurons": self.nNeurons,
            "outputFullMap": self.outputFullMap,
            "neurons": self.neurons,
            "neighbours": self.neighbours,
        }

    @classmethod
    def _fromXml(
        cls, *, neurons: ArrayLike | None = None, neighbours: float | None = None, **arguments: Any
    ) -> Self:
        kohonen = cls(**arguments)
        if neurons is not None:
            kohonen.neurons[:] = neurons
        if neighbours is not None:
            kohonen.neighbours = neighbours
        return kohonen

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        self.difference = inbuf - self.neurons
        distances = (self.difference**2).sum(-1)
        self.winner = np.array(np.unravel_index(distances.argmin(), distances.shape))
        outbuf[:] = np.sqrt(distances).ravel() if self.outputFullMap else self.winner

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        apart = np.abs(self.distmatrix - self.winner)
        strength = np.maximum(1 - apart.sum(-1) / self.nNeurons, 0)
        strength[apart.max(-1) > np.floor(self.neighbours)] = 0
        self.neurons += self.learningrate * strength[:, :, None] * self.difference
        self.neighbours *= self.neighbourdecay
