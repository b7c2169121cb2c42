"""The connections that have a short name; the others are imported from their files."""

from pybrain.structure.connections.full import FullConnection
from pybrain.structure.connections.fullnotself import FullNotSelfConnection
from pybrain.structure.connections.identity import IdentityConnection
from pybrain.structure.connections.linear import LinearConnection
from pybrain.structure.connections.shared import MotherConnection, SharedConnection, SharedFullConnection
