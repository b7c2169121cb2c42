"""The networks that have a short name; the others are imported from their files."""

from pybrain.structure.networks.bidirectional import BidirectionalNetwork
from pybrain.structure.networks.borderswiping import BorderSwipingNetwork
from pybrain.structure.networks.feedforward import FeedForwardNetwork
from pybrain.structure.networks.network import Network
from pybrain.structure.networks.neurondecomposable import NeuronDecomposableNetwork
from pybrain.structure.networks.recurrent import RecurrentNetwork
from pybrain.structure.networks.swiping import SwipingNetwork
