"""The modules that have a short name; the others are imported from their files."""

from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.modules.gate import DoubleGateLayer, GateLayer, MultiplicationLayer, SwitchLayer
from pybrain.structure.modules.gaussianlayer import GaussianLayer
from pybrain.structure.modules.kohonen import KohonenMap
from pybrain.structure.modules.linearlayer import LinearLayer
from pybrain.structure.modules.lstm import LSTMLayer
from pybrain.structure.modules.mdlstm import MDLSTMLayer
from pybrain.structure.modules.mdrnnlayer import MdrnnLayer
from pybrain.structure.modules.module import Module
from pybrain.structure.modules.relulayer import ReluLayer
from pybrain.structure.modules.sigmoidlayer import SigmoidLayer
from pybrain.structure.modules.softmax import PartialSoftmaxLayer, SoftmaxLayer
from pybrain.structure.modules.statedependentlayer import StateDependentLayer
from pybrain.structure.modules.table import Table
from pybrain.structure.modules.tanhlayer import TanhLayer
