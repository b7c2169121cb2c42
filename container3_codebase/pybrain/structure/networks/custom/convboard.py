"""A convolutional network with one output for every point of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.identity import IdentityConnection
from pybrain.structure.connections.shared import MotherConnection, SharedFullConnection
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.networks.convolutional import SimpleConvolutionalNetwork
from pybrain.structure.networks.feedforward import FeedForwardNetwork

if TYPE_CHECKING:
    from typing import Any


class ConvolutionalBoardNetwork(SimpleConvolutionalNetwork):
    """A convolution over a board with a margin around it, so that there is a window for every point.

    The board, layer 'in', is copied into a larger square, layer 'pad'; the cells of the margin share trainable
    values, one per input of a cell.

    Args:
        boardSize: number of points along a side of the board.
        convSize: number of points along a side of the window.
        numFeatureMaps: number of features per window position.
        **args: options, such as ``name``.
    """

    inputdim = 2

    def __init__(self, boardSize: int, convSize: int, numFeatureMaps: int, **args: Any) -> None:
        FeedForwardNetwork.__init__(self, **args)
        d, before = self.inputdim, convSize // 2
        padded = boardSize + convSize - 1
        board = LinearLayer(d * boardSize * boardSize, name="in")
        pad = LinearLayer(d * padded * padded, name="pad")
        bias = BiasUnit(name="bias")
        self.addInputModule(board)
        self.addModule(pad)
        self.addModule(bias)
        inside = range(before, before + boardSize)
        for row in inside:
            source = (row - before) * boardSize * d
            target = (row * padded + before) * d
            self.addConnection(
                IdentityConnection(
                    board,
                    pad,
                    inSliceFrom=source,
                    inSliceTo=source + boardSize * d,
                    outSliceFrom=target,
                    outSliceTo=target + boardSize * d,
                )
            )
        # The name gives it PyBrain's position in the layout of the parameters: between the outputs and the maps.
        border = MotherConnection(d, name="border")
        for cell in range(padded * padded):
            row, column = divmod(cell, padded)
            if row not in inside or column not in inside:
                self.addConnection(
                    SharedFullConnection(border, bias, pad, outSliceFrom=cell * d, outSliceTo=(cell + 1) * d)
                )
        self._buildStructure(d, padded, pad, convSize, numFeatureMaps)
        self.sortModules()
