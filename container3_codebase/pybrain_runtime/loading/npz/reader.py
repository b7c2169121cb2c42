"""Reads the npz files of ``convert`` into the same inert values as pickles.

The file is a zip archive of arrays, one of which holds the description of the network as JSON. It is not read by
``numpy.load``, which has no limits. ``docs/knowledge-files.md`` has the format.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.printable import escaped, short_repr
from pybrain_runtime.io.strict_json import RepeatedKey, parse_json
from pybrain_runtime.limits import DEFAULT_LIMITS, Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.content import check_not_other_format
from pybrain_runtime.loading.npz.arrays import NpzArrays
from pybrain_runtime.loading.values import ArrayValue, Instance
from pybrain_runtime.network.allow_list import class_entry
from pybrain_runtime.network.connections import CONNECTIONS
from pybrain_runtime.network.layers.registry import LAYERS

FORMAT = "app07-network"
VERSION = 1
DESCRIPTION = "network"
"""The array that holds the JSON."""

_LARGEST = 1 << 31
_JSON_SIZES = {"{": 240, "[": 90, ",": 50, '"': 40}
"""Bytes of memory per parsed JSON value, by the character that introduces it in the text."""


def read_npz(
    data: bytes, name: str, limits: Limits = DEFAULT_LIMITS, budget: Budget | None = None
) -> Instance:
    """Return the network in a file of ``convert``.

    Args:
        data: the content of the file.
        name: the name of the file, for messages.
        limits: the limits on decompressed bytes, numbers, layers and nesting.
        budget: what is left of the limits; None if nothing has been used yet.

    Raises:
        KnowledgeError: the file is another kind of zip archive, is damaged or incomplete, or exceeds a limit.
    """
    budget = budget or Budget(name, limits)
    arrays = NpzArrays(data, name, limits, budget)
    if DESCRIPTION not in arrays:
        check_not_other_format(data, name)
    content = _parse_description(arrays, budget)
    top = _Node(content, name, "description")
    if top.get("format") != FORMAT or top.get("version") != VERSION:
        found = " ".join(_unquoted(top.get(key)) for key in ("format", "version"))
        raise arrays.error(f"has the format {found}; expected {FORMAT} {VERSION}")
    return _Reader(name, limits, arrays, budget).root(top.node("network"))


def _parse_description(arrays: NpzArrays, budget: Budget) -> object:
    """Return the parsed description. The memory of its values is charged before they are created."""
    array = arrays.take(DESCRIPTION)
    if array.shape or array.dtype.kind != "U":
        raise arrays.error(f"has an array '{DESCRIPTION}' that is not text")
    budget.charge(2 * array.nbytes)
    text = str(array[()])
    for mark, size in _JSON_SIZES.items():
        budget.charge(size * text.count(mark))
    try:
        return parse_json(text)
    except RepeatedKey as error:
        raise arrays.error(
            f"has an array '{DESCRIPTION}' with the key '{escaped(error.key, 60)}' twice in one object"
        ) from None
    except (ValueError, RecursionError):
        raise arrays.error(f"has an array '{DESCRIPTION}' that is not JSON") from None


def _unquoted(value: object) -> str:
    return escaped(value, 60) if isinstance(value, str) else short_repr(value)


class _Node:
    """A JSON object and its path in the document, for messages."""

    def __init__(self, content: object, file: str, where: str) -> None:
        self._file = file
        self._where = where
        if not isinstance(content, dict):
            raise self.error("is not an object")
        self._content = content

    def error(self, what: str) -> KnowledgeError:
        return KnowledgeError(
            f"{self._file} does not hold a complete network: its {self._where} {what}.",
            hint="Write it again with convert.",
        )

    def get(self, key: str) -> object:
        return self._content.get(key)

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value:
            raise self.error(f"has no valid {key}")
        return value

    def integer(self, key: str) -> int:
        value = self.get(key)
        if type(value) is not int or not 0 <= value < _LARGEST:
            raise self.error(f"has no valid {key}")
        return value

    def integers(self, key: str) -> list[int]:
        value = self.get(key)
        if not isinstance(value, list) or any(
            type(item) is not int or not 0 <= item < _LARGEST for item in value
        ):
            raise self.error(f"has no valid {key}")
        return value

    def slice(self, key: str) -> list[int]:
        value = self.integers(key)
        if len(value) != 2:
            raise self.error(f"has no valid {key}")
        return value

    def node(self, key: str) -> _Node:
        return _Node(self.get(key), self._file, f"{self._where}.{key}")

    def nodes(self, key: str) -> list[_Node]:
        value = self._content.get(key, [])
        if not isinstance(value, list):
            raise self.error(f"has a member '{key}' that is not a list")
        return [_Node(item, self._file, f"{self._where}.{key}[{place}]") for place, item in enumerate(value)]

    def items(self) -> Iterator[tuple[str, object]]:
        yield from self._content.items()


class _Reader:
    def __init__(self, name: str, limits: Limits, arrays: NpzArrays, budget: Budget) -> None:
        self.name = name
        self._budget = budget
        self._limits = limits
        self._arrays = arrays

    def root(self, node: _Node) -> Instance:
        """Return the network, or the layer if the file holds a single layer."""
        kind = node.text("kind")
        modules = node.nodes("modules")
        if kind in LAYERS and len(modules) == 1:
            return self._module(modules[0], 0, 0)
        return self.network(node, 0)

    def network(self, node: _Node, depth: int) -> Instance:
        """Return a network of the file.

        Args:
            node: the JSON description of the network.
            depth: the number of networks that it is nested in.
        """
        if depth >= self._limits.networks:
            raise node.error(f"exceeds the limit of {self._limits.networks} nested networks")
        instance = self._instance(node, "network")
        steps = node.integer("steps_done")
        modules = [self._module(module, steps, depth) for module in node.nodes("modules")]
        mothers: dict[str, Instance] = {}
        for mother in node.nodes("mothers"):
            mothers[mother.text("name")] = self._mother(mother)
        within: dict[Instance, list[Instance]] = {module: [] for module in modules}
        for part in node.nodes("connections"):
            connection = self._connection(part, modules, mothers)
            source = connection.state["inmod"]
            assert isinstance(source, Instance)
            within[source].append(connection)
        instance.state |= {
            "modules": modules,
            "modulesSorted": modules,
            "inmodules": [self._at(modules, place, node) for place in node.integers("inputs")],
            "outmodules": [self._at(modules, place, node) for place in node.integers("outputs")],
            "motherconnections": list(mothers.values()),
            "connections": within,
        }
        if node.get("recurrent") is True:
            instance.state["_Network__offset"] = steps
            instance.state["recurrentConns"] = [
                self._connection(part, modules, mothers) for part in node.nodes("recurrent_connections")
            ]
        return instance

    def _module(self, node: _Node, steps: int, depth: int) -> Instance:
        inner = node.get("network") is not None
        instance = self.network(node.node("network"), depth + 1) if inner else self._layer(node)
        if steps and node.get("memory") is not None:
            memory = node.node("memory")
            # Only the last time step is stored, and only that one is used.
            for key, attribute in (("output", "outputbuffer"), ("state", "state")):
                if memory.get(key) is not None:
                    row = self._arrays.take(memory.text(key)).reshape(1, -1)
                    instance.state[attribute] = ArrayValue(np.broadcast_to(row, (steps, row.size)))
        return instance

    def _layer(self, node: _Node) -> Instance:
        instance = self._instance(node, "module")
        kind = LAYERS[instance.kind]
        options = {option.name: option.stored_as for option in kind.options}
        parameters = {parameter.name: parameter.attribute for parameter in kind.parameters}
        state = instance.state
        state |= {"indim": node.integer("indim"), "outdim": node.integer("outdim")}
        for key, value in node.node("options").items():
            if type(value) not in (int, bool):
                raise node.error(f"has an option {escaped(key, 40)} that is neither a number nor a switch")
            state[options.get(key, key)] = value
        for key, member in node.node("arrays").items():
            if not isinstance(member, str):
                raise node.error(f"has no valid {escaped(key, 40)}")
            state[parameters.get(key, key)] = ArrayValue(self._arrays.take(member))
        return instance

    def _mother(self, node: _Node) -> Instance:
        instance = Instance(class_entry("MotherConnection"))
        numbers = self._arrays.take(node.text("parameters"))
        instance.state |= {
            "_name": node.text("name"),
            "nbparams": int(numbers.size),
            "_params": ArrayValue(numbers),
        }
        instance.built = True
        return instance

    def _connection(self, node: _Node, modules: list[Instance], mothers: dict[str, Instance]) -> Instance:
        instance = self._instance(node, "connection")
        state = instance.state
        for key, end in (("inmod", "source"), ("outmod", "target")):
            state[key] = self._at(modules, node.integer(end), node)
        for key, cut in (("inSlice", "in_slice"), ("outSlice", "out_slice")):
            state[key + "From"], state[key + "To"] = node.slice(cut)
        if node.get("mother") is not None:
            mother = mothers.get(node.text("mother"))
            if mother is None:
                raise node.error("refers to a mother that its network does not have")
            state["mother"] = mother
        elif node.get("parameters") is not None:
            state["_params"] = ArrayValue(self._arrays.take(node.text("parameters")))
        if node.get("permutation") is not None:
            state |= {"permutation": node.integers("permutation"), "blocksize": node.integer("blocksize")}
        return instance

    def _at(self, modules: list[Instance], place: int, node: _Node) -> Instance:
        if place >= len(modules):
            raise node.error(f"refers to module {short_repr(place)}; there are {len(modules)}")
        return modules[place]

    def _instance(self, node: _Node, family: str) -> Instance:
        self._budget.check_time()
        kind = node.text("kind")
        try:
            cls = class_entry(kind)
        except KeyError:
            cls = None
        known = kind in CONNECTIONS if family == "connection" else cls is not None
        if cls is None or not known or cls.family != family:
            raise node.error(f"is of the kind {escaped(kind, 60)}, which is not a supported {family}")
        instance = Instance(cls)
        instance.state["_name"] = node.text("name")
        instance.built = True
        return instance
