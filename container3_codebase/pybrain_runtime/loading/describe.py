"""Creates the description of a network from the inert values of a file, and validates it.

Every connection must start and end at modules of its network, slices must be within these, the parameters must be
finite and as many as the connection needs, and connections must not form a cycle within a time step. The parameters
are those of the connections. PyBrain's network has a copy of all of them, but does not compute with it, and after
unpickling the two can differ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

import numpy as np

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.limits import DEFAULT_LIMITS, Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.describe_layers import layer_kind, layer_parameters, layer_sizes
from pybrain_runtime.loading.instance_state import State
from pybrain_runtime.loading.values import ArrayValue, Instance
from pybrain_runtime.network.connections import CONNECTIONS
from pybrain_runtime.network.description import (
    ConnectionDescription,
    Memory,
    ModuleDescription,
    NetworkDescription,
)

_WRAPPED = {
    "CheaplyCopiable": "_CheaplyCopiable__stored",
    "MaskedModule": "pcontainer",
    "MaskedParameters": "pcontainer",
    "Rbm": "net",
}
"""The attribute of a wrapper that holds the wrapped network."""

_PERMUTED_SIZE = 8
_SORT_AGAIN = (
    "PyBrain would compute other outputs in that order. Load the network with PyBrain, set sorted = False, "
    "call sortModules(), and save it again."
)

Outgoing = dict[Instance, list[Instance]]


def describe(
    root: Instance, file: str, limits: Limits = DEFAULT_LIMITS, budget: Budget | None = None
) -> NetworkDescription:
    """Return the description of a network, of a single layer as a network, or of the network in a wrapper.

    Args:
        root: an instance of a network, module or wrapper class.
        file: the name of the file, for messages.
        limits: the limits on the network's size.
        budget: what is left of the limits; None if nothing has been used yet.

    Raises:
        KnowledgeError: a part is missing, of the wrong type or size, or does not fit the others.
    """
    if root.cls.family == "wrapper":
        return _unwrapped(State(root, file), limits, budget)
    describer = _Describer(file, limits, budget or Budget(file, limits))
    if root.cls.family == "network":
        return describer.network(root, 0)
    module = describer.module(root, 0, 0)
    return NetworkDescription(module.name, module.kind, (module,), (0,), (0,), ())


def _unwrapped(state: State, limits: Limits, budget: Budget | None) -> NetworkDescription:
    inner = state.instance_at(_WRAPPED[state.instance.kind], "network", "module")
    network = describe(inner, state.file, limits, budget)
    if state.instance.kind != "CheaplyCopiable":
        return network
    from pybrain_runtime.network.parameter_order import (
        with_parameters,  # rare, so it is not loaded at every start
    )

    # Several wrappers share one stored network; each sets its own parameters before it computes.
    return with_parameters(network, state.numbers("_params", network.parameter_count))


class _Describer:
    def __init__(self, file: str, limits: Limits, budget: Budget) -> None:
        self.file = file
        self._budget = budget
        self.limits = limits
        self._units = limits.units
        self._elements = limits.array_elements
        self._seen: set[Instance] = set()
        self._mothers: dict[Instance, tuple[str, np.ndarray]] = {}
        self._taken: set[str] = set()

    def network(self, instance: Instance, depth: int) -> NetworkDescription:
        """Return the description of a network.

        Args:
            instance: the network.
            depth: number of networks that enclose it.
        """
        state = self._state(instance)
        if depth >= self.limits.networks:
            raise state.error(f"exceeds the limit of {self.limits.networks} nested networks")
        outgoing = self._outgoing(state)
        for module in outgoing:
            if module in self._seen:
                raise State(module, self.file).error("occurs more than once")
        order = _topological_order(outgoing, state)
        places = {module: place for place, module in enumerate(order)}
        kind, recurrent = _kind(state)
        # PyBrain up to 0.3 calls it offset.
        steps = state.integer("_Network__offset", state.integer("offset", 0)) if recurrent else 0
        modules = tuple(self.module(module, steps, depth) for module in order)
        described = NetworkDescription(
            name=state.name,
            kind=kind,
            modules=modules,
            inputs=self._ends(state, "inmodules", places),
            outputs=self._ends(state, "outmodules", places),
            mothers=dict(self._mother(m) for m in state.instances_at("motherconnections", "mother")),
            connections=tuple(self._connection(c, places, modules) for m in order for c in outgoing[m]),
            recurrent_connections=tuple(
                self._connection(c, places, modules)
                for c in state.instances_at("recurrentConns", "connection")
            ),
            recurrent=recurrent,
            steps_done=steps,
        )
        for key, size in (("indim", described.indim), ("outdim", described.outdim)):
            if state.integer(key, size) != size:
                raise state.error(f"has {key} {state.integer(key)}, but its modules have {size}")
        return described

    def module(self, instance: Instance, steps: int, depth: int) -> ModuleDescription:
        """Return the description of a layer, a bias unit or a nested network.

        Args:
            instance: the module.
            steps: number of time steps that its network had computed when it was saved.
            depth: number of networks that enclose its network.
        """
        if instance.cls.family == "network":
            inner = self.network(instance, depth + 1)
            memory = self._memory(State(instance, self.file), inner.outdim, steps)
            return ModuleDescription(
                inner.name, inner.kind, inner.indim, inner.outdim, network=inner, memory=memory
            )
        state = self._state(instance)
        kind = layer_kind(state)
        indim, outdim = layer_sizes(kind, state)
        self._units -= indim + outdim
        if self._units < 0:
            raise KnowledgeError(
                f"{self.file} exceeds the limit of {self.limits.units:,} units in all layers."
            )
        arrays = layer_parameters(kind, state)
        self._charge(sum(array.size for array in arrays.values()))
        return ModuleDescription(
            name=state.name,
            kind=instance.kind,
            indim=indim,
            outdim=outdim,
            options=kind.options_in(state),
            arrays=arrays,
            memory=self._memory(state, outdim, steps),
        )

    def _connection(
        self, instance: Instance, places: Mapping[Instance, int], modules: tuple[ModuleDescription, ...]
    ) -> ConnectionDescription:
        state = self._state(instance)
        kind = CONNECTIONS.get(instance.kind)
        ends = [state.instance_at(key, "module", "network") for key in ("inmod", "outmod")]
        if kind is None or any(end not in places for end in ends):
            raise state.error(
                "starts or ends at a module that is not part of the network, or is of a kind that is not supported"
            )
        source, target = (places[end] for end in ends)
        taken = self._slice(state, "inSlice", "indim", modules[source].outdim)
        fed = self._slice(state, "outSlice", "outdim", modules[target].indim)
        indim, outdim = taken[1] - taken[0], fed[1] - fed[0]
        if kind.square and indim != outdim:
            raise state.error(
                f"has {indim} inputs and {outdim} outputs; its kind requires as many outputs as inputs"
            )
        # The cost of computing it, even if the parameters are shared or there are none.
        self._charge(kind.count(indim, outdim) or outdim)
        name, parameters = self._parameters(state, kind.count(indim, outdim))
        return ConnectionDescription(
            name=state.name if state.get("_name") else name or state.name,
            kind=instance.kind,
            source=source,
            target=target,
            in_slice=taken,
            out_slice=fed,
            parameters=parameters,
            mother=name,
            options=self._permutation(state, indim),
        )

    def _parameters(self, state: State, count: int) -> tuple[str | None, np.ndarray | None]:
        if "mother" in state:
            name, shared = self._mother(state.instance_at("mother", "mother"))
            if shared.size != count:
                raise state.error(f"has a mother connection with {shared.size} parameters; expected {count}")
            return name, shared
        if not count and "_params" not in state:
            return None, None
        return None, state.numbers("_params", count)

    def _mother(self, instance: Instance) -> tuple[str, np.ndarray]:
        if instance not in self._mothers:
            state = self._state(instance)
            name = state.name if state.name not in self._taken else f"{state.name} ({len(self._mothers)})"
            self._taken.add(name)
            count = state.integer("nbparams", state.integer("paramdim", 0))
            self._charge(count)
            self._mothers[instance] = name, state.numbers("_params", count)
        return self._mothers[instance]

    def _permutation(self, state: State, indim: int) -> dict[str, object]:
        if state.instance.kind != "PermutationConnection":
            return {}
        block = state.integer("blocksize", 1)
        if not block or indim % block:
            raise state.error(f"has the blocksize {block}, which does not divide its {indim} inputs")
        # It is also kept as Python numbers, which are five times as large.
        self._charge(_PERMUTED_SIZE * (indim // block))
        numbers = state.numbers("permutation", indim // block)
        if not np.array_equal(np.sort(numbers), np.arange(numbers.size)):
            raise state.error("has an invalid permutation")
        order = numbers.astype(int)
        places = (order[:, None] * block + np.arange(block)).reshape(-1)
        return {"permutation": tuple(order.tolist()), "blocksize": block, "places": places}

    def _slice(self, state: State, key: str, size_key: str, whole: int) -> tuple[int, int]:
        start = state.integer(key + "From", 0)
        end = state.get(key + "To")
        # PyBrain up to 0.3 writes 0 for "up to the end".
        stop = whole if end is None or end == 0 else state.integer(key + "To")
        if not start < stop <= whole:
            raise state.error(f"has the slice {start}:{stop} of a module with {whole} units")
        if state.integer(size_key, stop - start) != stop - start:
            raise state.error(f"has {size_key} {state.get(size_key)}, but its slice has {stop - start} units")
        return start, stop

    def _outgoing(self, state: State) -> Outgoing:
        modules = state.instances_at("modules", "module", "network")
        if not modules:
            raise state.error("has no modules")
        if len(modules) > self.limits.parts:
            raise self._budget.limit_exceeded("modules and connections", self.limits.parts)
        outgoing: Outgoing = {m: [] for m in sorted(modules, key=lambda m: State(m, self.file).name)}
        connections = state.get("connections", {})
        self._budget.charge_steps(len(connections) if isinstance(connections, dict) else 0)
        if not isinstance(connections, dict) or any(module not in outgoing for module in connections):
            raise state.error("has connections that do not start at one of its modules")
        for module, listed in connections.items():
            outgoing[module] = state.instances(listed, "connections", "connection")
            for connection in outgoing[module]:
                if connection.state.get("inmod") is not module:
                    raise state.error("lists a connection under another module than its source")
        return outgoing

    def _ends(self, state: State, key: str, places: Mapping[Instance, int]) -> tuple[int, ...]:
        ends = state.instances_at(key, "module", "network")
        if not ends or any(module not in places for module in ends):
            raise state.error(f"has no valid {key}")
        return tuple(places[module] for module in ends)

    def _memory(self, state: State, outdim: int, steps: int) -> Memory | None:
        output = _row(state.get("outputbuffer"), steps, outdim)
        if output is None or output.size != outdim:
            return None
        # A cell state has a number for each output, or for every second one.
        return Memory(output, _row(state.get("state"), steps, outdim))

    def _state(self, instance: Instance) -> State:
        self._budget.charge_part()
        state = State(instance, self.file, self._budget)
        if instance in self._seen:
            raise state.error("occurs more than once")
        if not instance.built:
            raise state.error("has no attributes")
        self._seen.add(instance)
        return state

    def _charge(self, elements: int) -> None:
        self._elements -= elements
        if self._elements < 0:
            raise KnowledgeError(
                f"{self.file} exceeds the limit of {self.limits.array_elements:,} parameters and connected units."
            )


def _row(value: object, steps: int, most: int) -> np.ndarray | None:
    """Return the row of the last time step in a buffer of at most ``most`` columns; None if there is none."""
    array = value.array if steps and isinstance(value, ArrayValue) and value.numeric else None
    if array is None or array.ndim != 2 or len(array) < steps or array.shape[1] > most:
        return None
    row = np.array(array[steps - 1], dtype=np.float64)
    row.flags.writeable = False
    return row if np.isfinite(row).all() else None


def _kind(state: State) -> tuple[str, bool]:
    """Return the kind of a network, and whether it is recurrent.

    PyBrain before 0.3 has a single class, ``Network``, which lists recurrent connections even if there are none.
    """
    kind = state.instance.kind
    if kind != "Network":
        return kind, "recurrentConns" in state
    recurrent = bool(state.get("recurrentConns")) or state.get("sequential") is True
    return ("RecurrentNetwork" if recurrent else "FeedForwardNetwork"), recurrent


def _topological_order(outgoing: Outgoing, state: State) -> list[Instance]:
    """Return the modules in topological order.

    This is the order of the file: ``modulesSorted``, before PyBrain 0.3 ``modules``. PyBrain computes in that order, so
    a network that is marked as sorted and is not would have other outputs there; it is refused. A network that was
    never sorted is sorted as PyBrain does: from the modules without inputs, by name.
    """
    targets = {m: [c.state.get("outmod") for c in listed] for m, listed in outgoing.items()}
    for ends in targets.values():
        if any(not isinstance(end, Instance) or end not in targets for end in ends):
            raise state.error("has a connection to a module that is not part of it")
    given = state.get("modulesSorted")
    if given is None and state.get("sorted") and isinstance(state.get("modules"), list):
        given = state.get("modules")  # PyBrain before 0.3 sorts this list
    problem = _order_error(given, targets, state.file)
    if not problem:
        assert isinstance(given, list)
        return list(given)
    order = _sorted(targets)
    if len(order) != len(targets):
        raise state.error("has a cycle of connections within a time step")
    if state.get("sorted"):
        error = state.error(f"is marked as sorted, but its order of computation (modulesSorted) {problem}")
        error.hint = _SORT_AGAIN
        raise error
    return order


def _sorted(targets: Mapping[Instance, list[object]]) -> list[Instance]:
    """Return the modules in topological order; modules that follow a cycle are left out."""
    missing_inputs = dict.fromkeys(targets, 0)
    for end in _flat(targets.values()):
        missing_inputs[end] += 1
    ready = deque(module for module in targets if not missing_inputs[module])
    order: list[Instance] = []
    while ready:
        order.append(ready.popleft())
        for end in _flat([targets[order[-1]]]):
            missing_inputs[end] -= 1
            if not missing_inputs[end]:
                ready.append(end)
    return order


def _order_error(given: object, targets: Mapping[Instance, list[object]], file: str) -> str:
    """Return why a list is not a topological order of all modules; an empty string if it is."""

    def name_of(module: Instance) -> str:
        return f"'{escaped(State(module, file).name, 60)}'"

    if not isinstance(given, list):
        return "is missing"
    places: dict[Instance, int] = {}
    for place, module in enumerate(given):
        if not isinstance(module, Instance) or module not in targets:
            return "lists something that is not one of its modules"
        if module in places:
            return f"lists {name_of(module)} twice"
        places[module] = place
    for module, ends in targets.items():
        if module not in places:
            return f"leaves out {name_of(module)}"
        for end in _flat([ends]):
            if end in places and places[end] <= places[module]:
                return f"puts {name_of(end)} before {name_of(module)}, whose outputs it needs"
    return ""


def _flat(lists: Iterable[list[object]]) -> Iterable[Instance]:
    return (end for listed in lists for end in listed if isinstance(end, Instance))
