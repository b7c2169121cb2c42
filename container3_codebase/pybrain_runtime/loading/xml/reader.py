"""Reads the XML files of PyBrain's NetworkWriter into the same inert values as pickles.

NetworkReader evaluates attributes as Python; here they are only numbers, names and Booleans, in the notation of
the writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from pybrain_runtime.errors import KnowledgeError, UnsafeKnowledge
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.limits import DEFAULT_LIMITS, Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.instance_state import State
from pybrain_runtime.loading.user_classes import saving_hint
from pybrain_runtime.loading.values import ArrayValue, Instance
from pybrain_runtime.loading.xml.elements import Element, parse
from pybrain_runtime.network.allow_list import ALLOWED, Global
from pybrain_runtime.network.layers.kind import Parameter
from pybrain_runtime.network.layers.registry import LAYERS

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_CONSTANTS = {"True": True, "False": False, "None": None}
_LIST = re.compile(r"[\[(] *((?:[0-9]{1,18} *, *)*(?:[0-9]{1,18} *)?)[\])]")
_OPTIONS = ("dim", "size", *sorted({o.given_as for kind in LAYERS.values() for o in kind.options}))
_CONNECTION_OPTIONS = ("inSliceFrom", "inSliceTo", "outSliceFrom", "outSliceTo", "permutation", "blocksize")


def read_xml(
    data: bytes, name: str, limits: Limits = DEFAULT_LIMITS, budget: Budget | None = None
) -> Instance:
    """Return the network in a file of NetworkWriter.

    Args:
        data: the content of the file.
        name: the name of the file, for messages.
        limits: the limits on the file's size and content.
        budget: what is left of the limits; None if nothing has been used yet.

    Raises:
        UnsafeKnowledge: a class is not on the allow-list, an attribute is an expression, or entities are declared.
        KnowledgeError: the file is not such a file, holds several networks, or lacks parts of a network.
    """
    budget = budget or Budget(name, limits)
    root = parse(data, name, limits, budget)
    if root.tag != "PyBrain":
        raise KnowledgeError(
            f"{name} is XML, but not PyBrain's: its root element is {escaped(root.tag, 40)}, not PyBrain.",
            hint="Use a file that PyBrain's NetworkWriter wrote.",
        )
    networks = [child for child in root.children if child.tag == "Network"]
    if len(networks) != 1:
        raise KnowledgeError(
            f"{name} must hold exactly one network, but holds {len(networks)}.",
            hint="Save the network in a file of its own.",
        )
    return _Reader(name, limits, budget).network(networks[0], 0)


class _Reader:
    def __init__(self, name: str, limits: Limits, budget: Budget) -> None:
        self.name = name
        self._limits = limits
        self._budget = budget
        self._ambiguous: set[str] = set()

    def network(self, element: Element, depth: int) -> Instance:
        """Return a network of the file.

        Args:
            element: the ``Network`` element.
            depth: the number of networks that it is nested in.
        """
        if depth >= self._limits.networks:
            raise self._error(element, f"exceeds the limit of {self._limits.networks} nested networks")
        instance = self._instance(element, "network")
        modules = self._modules(element, depth)
        by_name = {name: module for name, (module, _) in modules.items()}
        mothers = self._mothers(element)
        within: dict[Instance, list[Instance]] = {module: [] for module in by_name.values()}
        later: list[Instance] = []
        for part in self._parts(element, "Connections"):
            connection = self._connection(part, by_name, mothers)
            source = self._referred(part, "inmod", by_name)
            (later if _is_true(part, "recurrent") else within[source]).append(connection)
        instance.state |= {
            "modules": list(by_name.values()),
            "inmodules": [module for module, part in modules.values() if _is_true(part, "inmodule")],
            "outmodules": self._outputs(modules.values()),
            "motherconnections": list(mothers.values()),
            "connections": within,
        }
        if later or instance.kind.startswith("Recurrent"):
            instance.state["recurrentConns"] = later
        return instance

    def _outputs(self, modules: Iterable[tuple[Instance, Element]]) -> list[Instance]:
        found = [(module, part) for module, part in modules if _is_true(part, "outmodule")]
        # This project's own writer records the order of the outputs if it differs from that of the elements.
        found.sort(key=lambda item: _number(item[1].attributes.get("outorder", "")))
        return [module for module, _ in found]

    def _modules(self, element: Element, depth: int) -> dict[str, tuple[Instance, Element]]:
        modules: dict[str, tuple[Instance, Element]] = {}
        for part in self._parts(element, "Modules"):
            key = _key(part)
            if key in modules:
                raise self._error(
                    part,
                    "has the same name as another module, so that its connections are ambiguous",
                )
            is_network = part.tag == "Network"
            modules[key] = (self.network(part, depth + 1) if is_network else self._module(part)), part
        return modules

    def _module(self, element: Element) -> Instance:
        instance = self._instance(element, "module")
        kind = LAYERS.get(instance.kind)
        if kind is None:
            raise self._error(element, "is of a kind that is not supported")
        state = instance.state
        for key in _OPTIONS:
            if (child := element.find(key)) is not None:
                state[key] = self._value(child, element)
        dim = state.get("size", state.get("dim", 1))
        if type(dim) is not int:
            raise self._error(element, "has no valid dim")
        state |= {"dim": dim, "indim": kind.inputs * dim, "outdim": kind.outputs * dim}
        if kind.complete_xml:
            kind.complete_xml(state)
        attributes = State(instance, self.name)
        if kind.sizes is not None:
            state["indim"], state["outdim"] = kind.sizes(attributes)
        for parameter, part in _split(
            self._numbers(element), kind.parameters_in(attributes), attributes, dim
        ):
            state[parameter.attribute] = ArrayValue(part)
        return instance

    def _mothers(self, element: Element) -> dict[str, Instance]:
        mothers: dict[str, Instance] = {}
        for part in self._parts(element, "MotherConnections"):
            mother = self._instance(part, "mother")
            numbers = self._numbers(part)
            mother.state |= {"_params": ArrayValue(numbers), "nbparams": int(numbers.size)}
            name = _key(part)
            # Some networks have two mothers with the same name; the file then does not say which one is meant.
            self._ambiguous |= {name} if name in mothers else set()
            mothers[name] = mother
        return mothers

    def _connection(
        self, element: Element, modules: dict[str, Instance], mothers: dict[str, Instance]
    ) -> Instance:
        instance = self._instance(element, "connection")
        state = instance.state
        for key in ("inmod", "outmod"):
            state[key] = self._referred(element, key, modules)
        for key in _CONNECTION_OPTIONS:
            if (child := element.find(key)) is not None:
                state[key] = self._value(child, element)
        if element.find("mother") is not None:
            state["mother"] = self._referred(element, "mother", mothers)
        elif element.find("Parameters") is not None:
            state["_params"] = ArrayValue(self._numbers(element))
        return instance

    def _referred(self, element: Element, key: str, known: dict[str, Instance]) -> Instance:
        child = element.find(key)
        target = child.attributes.get("val", "") if child is not None else ""
        name = f"'{escaped(target, 40)}'"
        if target not in known:
            raise self._error(element, f"has {name} as its {key}; the network has no such part")
        if key == "mother" and target in self._ambiguous:
            raise self._error(element, f"has {name} as its mother, but several mothers have that name")
        return known[target]

    def _parts(self, element: Element, tag: str) -> list[Element]:
        holder = element.find(tag)
        return holder.children if holder is not None else []

    def _instance(self, element: Element, family: str) -> Instance:
        self._budget.check_time()
        cls = self._class(element, family)
        instance = Instance(cls)
        instance.state["_name"] = element.attributes.get("name")
        instance.built = True
        return instance

    def _class(self, element: Element, family: str) -> Global:
        path = element.attributes.get("class", "")
        module, _, name = path.rpartition(".")
        cls = ALLOWED.get((module, name))
        if cls is None or cls.family != family:
            raise UnsafeKnowledge(
                f"{self.name} refers to {escaped(path)}, which is not on the allow-list "
                f"as a {family}; nothing was executed.",
                hint=saving_hint(module, name),
                refused=escaped(path),
            )
        return cls

    def _value(self, child: Element, element: Element) -> object:
        text = child.attributes.get("val", "").strip()
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if listed := _LIST.fullmatch(text):
            return [int(part) for part in listed[1].split(",") if part.strip()]
        name = escaped(element.attributes.get("name", ""), 40)
        raise UnsafeKnowledge(
            f"{self.name} has {escaped(repr(text), 60)} as the {child.tag} of the {escaped(element.tag, 40)} "
            f"'{name}', where a number is expected; it was not evaluated."
        )

    def _numbers(self, element: Element) -> np.ndarray:
        child = element.find("Parameters")
        if child is None:
            return np.zeros(0)
        numbers = child.numbers
        if numbers is not None and numbers.too_many:
            limit = self._limits.array_elements
            raise self._error(element, f"exceeds the limit of {limit:,} parameters in a file")
        if numbers is None or numbers.values is None:
            raise self._error(element, "has Parameters that are not a list of numbers")
        return numbers.values

    def _error(self, element: Element, what: str) -> KnowledgeError:
        name = escaped(element.attributes.get("name", ""), 60)
        return KnowledgeError(
            f"{self.name} does not hold a complete network: the {escaped(element.tag, 40)} '{name}' {what}."
        )


def _key(element: Element) -> str:
    """Return how connections refer to an element: by its key if several share a name, else by its name."""
    return element.attributes.get("key", element.attributes.get("name", ""))


def _number(text: str) -> int:
    return int(text) if _INTEGER.fullmatch(text) else 0


def _is_true(element: Element, attribute: str) -> bool:
    return element.attributes.get(attribute) == "True"


def _split(
    numbers: np.ndarray, parameters: list[Parameter], attributes: State, dim: int
) -> Iterator[tuple[Parameter, np.ndarray]]:
    """Split a layer's vector into its parameters. The last one takes the rest, so that a wrong length is detected."""
    for parameter in parameters[:-1]:
        size = parameter.size(attributes, dim)
        yield parameter, numbers[:size]
        numbers = numbers[size:]
    for parameter in parameters[-1:]:
        yield parameter, numbers
