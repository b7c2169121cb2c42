"""Networks and their parts: modules and connections."""

from pybrain.structure.connections import *
from pybrain.structure.modulemesh import ModuleMesh
from pybrain.structure.modules import *
from pybrain.structure.networks import *
