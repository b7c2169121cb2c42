"""Networks for particular tasks."""

from pybrain.structure.networks.custom.capturegame import CaptureGameNetwork
from pybrain.structure.networks.custom.convboard import ConvolutionalBoardNetwork
