"""Networks and what they are made of."""

from pybrain.structure.connections import *
from pybrain.structure.modulemesh import ModuleMesh
from pybrain.structure.modules import *
from pybrain.structure.networks import *
