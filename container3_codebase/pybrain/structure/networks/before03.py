"""Networks in pickles of PyBrain before 0.3, which had a single network class.

Such a file names the class ``Network``. Its ``modules`` are a list, in the order of computation once sorted, where
later versions keep a set and a list ``modulesSorted``. The attribute ``sequential`` and the list of recurrent
connections, which is always present, tell whether the network is recurrent.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_FEED_FORWARD = "pybrain.structure.networks.feedforward", "FeedForwardNetwork"
_RECURRENT = "pybrain.structure.networks.recurrent", "RecurrentNetwork"
_DROPPED = ("sequential", "seqlen", "time")


def isBefore03(state: dict[str, Any]) -> bool:
    """Return whether a pickled state is that of a network from PyBrain before 0.3."""
    return isinstance(state.get("modules"), list) and "modulesSorted" not in state


def isRecurrent(state: dict[str, Any]) -> bool:
    """Return whether the network of a state from before 0.3 is recurrent."""
    return bool(state.get("sequential") or state.get("recurrentConns"))


def currentState(state: dict[str, Any]) -> dict[str, Any]:
    """Convert the state of a network from PyBrain before 0.3 to that of later versions."""
    current = {name: value for name, value in state.items() if name not in _DROPPED}
    if isRecurrent(state):
        current["maxoffset"] = 0
    else:
        current.pop("recurrentConns", None)
    current["modulesSorted"] = list(state["modules"]) if state.get("sorted") else []
    current["modules"] = set(state["modules"])
    return current


def currentClass(state: dict[str, Any]) -> type:
    """Return the current class for the network of such a state."""
    # By name, as pickle does: these modules import the caller of this function.
    module, name = _RECURRENT if isRecurrent(state) else _FEED_FORWARD
    found: type = getattr(import_module(module), name)
    return found
