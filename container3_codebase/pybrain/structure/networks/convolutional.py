"""Networks that slide a small window over a square."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.connections.shared import MotherConnection, SharedFullConnection
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.tanhlayer import TanhLayer
from pybrain.structure.networks.feedforward import FeedForwardNetwork

if TYPE_CHECKING:
    from typing import Any

    from pybrain.structure.modules.module import Module


class SimpleConvolutionalNetwork(FeedForwardNetwork):
    """One convolution with ``numFeatureMaps`` features, and one output per position of the window.

    The input, shape (insize * insize * inputdim,), lists the cells row by row, the values of a cell side by side.
    The hidden layer 'h' has the features of each window position. The output 'out' has the shape (n * n,), where
    n = insize - convSize + 1. The mother of window row k is 'conv' followed by k; weights to the output share one
    mother.

    Args:
        inputdim: number of values per cell.
        insize: number of cells along a side of the square.
        convSize: number of cells along a side of the window.
        numFeatureMaps: number of features per window position.
        **args: options, such as ``name``.

    Raises:
        ValueError: the window is larger than the square.
    """

    def __init__(self, inputdim: int, insize: int, convSize: int, numFeatureMaps: int, **args: Any) -> None:
        FeedForwardNetwork.__init__(self, **args)
        inlayer = LinearLayer(inputdim * insize * insize)
        self.addInputModule(inlayer)
        self._buildStructure(inputdim, insize, inlayer, convSize, numFeatureMaps)
        self.sortModules()

    def _buildStructure(
        self, inputdim: int, insize: int, inlayer: Module, convSize: int, numFeatureMaps: int
    ) -> None:
        """Add the convolution and the output on top of ``inlayer``, a square with ``insize`` cells per side."""
        if not 1 <= convSize <= insize:
            raise ValueError(f"a window of {convSize} cells does not fit into a square of {insize}")
        positions = insize - convSize + 1
        hidden = TanhLayer(positions * positions * numFeatureMaps, name="h")
        outlayer = SigmoidLayer(positions * positions, name="out")
        self.addModule(hidden)
        self.addOutputModule(outlayer)
        output = MotherConnection(numFeatureMaps)
        width = convSize * inputdim
        rows = [MotherConnection(width * numFeatureMaps, name=f"conv{k}") for k in range(convSize)]
        for p in range(positions * positions):
            row, column = divmod(p, positions)
            features = {"outSliceFrom": p * numFeatureMaps, "outSliceTo": (p + 1) * numFeatureMaps}
            for k, mother in enumerate(rows):
                start = ((row + k) * insize + column) * inputdim
                window = {"inSliceFrom": start, "inSliceTo": start + width}
                self.addConnection(SharedFullConnection(mother, inlayer, hidden, **window, **features))
        for p in range(positions * positions):
            self.addConnection(
                SharedFullConnection(
                    output,
                    hidden,
                    outlayer,
                    inSliceFrom=p * numFeatureMaps,
                    inSliceTo=(p + 1) * numFeatureMaps,
                    outSliceFrom=p,
                    outSliceTo=p + 1,
                )
            )
