"""Networks in pickles of PyBrain before 0.3, which had one class of network for all of them.

Such a file names the class ``Network``. Its ``modules`` are a list, once sorted in the order of computation, where
later versions keep a set and a list ``modulesSorted``. Whether the network has a memory is said by ``sequential`` and
by the list of recurrent connections, which is there in any case.
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
    """Return whether a pickled state is that of a network of PyBrain before 0.3."""
    return isinstance(state.get("modules"), list) and "modulesSorted" not in state


def isRecurrent(state: dict[str, Any]) -> bool:
    """Return whether the network of a state before 0.3 has a memory."""
    return bool(state.get("sequential") or state.get("recurrentConns"))


def currentState(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a network of PyBrain before 0.3 as later versions write it."""
    current = {name: value for name, value in state.items() if name not in _DROPPED}
    if isRecurrent(state):
        current["maxoffset"] = 0
    else:
        current.pop("recurrentConns", None)
    current["modulesSorted"] = list(state["modules"]) if state.get("sorted") else []
    current["modules"] = set(state["modules"])
    return current


def currentClass(state: dict[str, Any]) -> type:
    """Return the class that computes the network of such a state now."""
    # By name, as pickle does: these modules import the one that calls this.
    module, name = _RECURRENT if isRecurrent(state) else _FEED_FORWARD
    found: type = getattr(import_module(module), name)
    return found
