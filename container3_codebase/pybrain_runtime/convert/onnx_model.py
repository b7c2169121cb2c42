"""A network as an ONNX model.

A feed-forward network takes rows, shape (rows, indim). A recurrent one takes whole sequences, shape (sequences,
steps, indim), and steps over time by a Scan, in which everything is computed by plain operations: so any
network can be written, whatever its recurrent connections, and in double precision, which the LSTM operation of
onnxruntime does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from onnx import GraphProto, ModelProto, checker, helper

from pybrain_runtime._io.printable import escaped
from pybrain_runtime.convert.matrices import carries_all_unchanged, matrix_of
from pybrain_runtime.convert.onnx_graph import IR_VERSION, OPSET, Graph, Shape
from pybrain_runtime.errors import KnowledgeError, UnsupportedPart
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.layers.registry import LAYERS

INPUT, OUTPUT = "activation", "prediction"


def onnx_model(
    network: NetworkDescription, *, precision: str = "float64", about: dict[str, str]
) -> ModelProto:
    """Return a model that answers as the network does, from a reset network on.

    Args:
        network: the network.
        precision: ``float64`` or ``float32``: what the model computes with.
        about: notes that travel in the file.

    Raises:
        KnowledgeError: a layer has no counterpart; the message names it and says why.
    """
    graph = Graph(np.dtype(precision))
    finished = _sequences(network, graph) if network.recurrent else _rows(network, graph)
    model = helper.make_model(
        finished,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="app07",
        doc_string=f"{network.kind} of PyBrain: {network.indim} inputs, {network.outdim} outputs",
    )
    helper.set_model_props(model, about)
    checker.check_model(model, full_check=True)
    return model


@dataclass
class _Memory:
    """What is carried from one time step to the next: pairs of values of a Scan, each shape (rows, size).

    In a network whose rows are independent of one another there is no last time step, and nothing is kept.
    """

    graph: Graph
    stepping: bool
    sizes: list[int] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    def take(self, size: int) -> int:
        """Return a new place for so many numbers."""
        self.sizes.append(size)
        self.before.append(self.graph.name("before"))
        self.after.append("")
        return len(self.sizes) - 1

    def keep(self, place: int, value: str) -> None:
        """Note what the next time step will find in a place."""
        self.after[place] = self.graph.node("Identity", value)


def _rows(network: NetworkDescription, graph: Graph) -> GraphProto:
    output = _network(network, graph, INPUT, _Memory(graph, stepping=False))
    graph.nodes.append(helper.make_node("Identity", [output], [OUTPUT], name=OUTPUT))
    return graph.finished("network", [(INPUT, ["rows", network.indim])], [(OUTPUT, ["rows", network.outdim])])


def _sequences(network: NetworkDescription, graph: Graph) -> GraphProto:
    body = Graph(graph.dtype, outer=graph, prefix="step_")
    memory = _Memory(body, stepping=True)
    output = body.node("Identity", _network(network, body, "step_activation", memory))
    shapes: list[Shape] = [["sequences", size] for size in memory.sizes]
    step = body.finished(
        "step",
        [*zip(memory.before, shapes, strict=True), ("step_activation", ["sequences", network.indim])],
        [*zip(memory.after, shapes, strict=True), (output, ["sequences", network.outdim])],
    )
    starts = [graph.repeated(np.zeros((1, size)), INPUT) for size in memory.sizes]
    ends = [graph.name("end") for _ in starts]
    graph.nodes.append(
        helper.make_node(
            "Scan",
            [*starts, INPUT],
            [*ends, OUTPUT],
            name=OUTPUT,
            body=step,
            num_scan_inputs=1,
            scan_input_axes=[1],
            scan_output_axes=[1],
        )
    )
    return graph.finished(
        "network",
        [(INPUT, ["sequences", "steps", network.indim])],
        [(OUTPUT, ["sequences", "steps", network.outdim])],
    )


def _network(network: NetworkDescription, graph: Graph, inputs: str, memory: _Memory) -> str:
    """Add one time step of a network; returns the name of its outputs."""
    kept = {}
    if memory.stepping:
        sources = sorted({connection.source for connection in network.recurrent_connections})
        kept = {place: memory.take(network.modules[place].outdim) for place in sources}
    shares = _shares(network, graph, inputs)
    values: list[str] = []
    for place, module in enumerate(network.modules):
        if module.kind == "BiasUnit":
            # Within a time step it goes into constants; its value is rarely asked for.
            asked = place in kept or place in network.outputs
            values.append(graph.repeated(np.ones((1, 1)), inputs) if asked else "")
            continue
        fed = _Fed(graph, module)
        if place in shares:
            fed.add_value(shares[place])
        for source, connections in _by_source(network.connections, place).items():
            if network.modules[source].kind == "BiasUnit":
                fed.add_constant(connections, network.modules[source])
            else:
                fed.add(connections, network.modules[source], values[source])
        for source, connections in _by_source(network.recurrent_connections, place).items():
            if source in kept:
                fed.add(connections, network.modules[source], memory.before[kept[source]])
        values.append(_module(module, graph, fed.total(inputs), memory))
    for place, where in kept.items():
        memory.keep(where, values[place])
    return graph.joined(*(values[place] for place in network.outputs))


def _module(module: ModuleDescription, graph: Graph, x: str, memory: _Memory) -> str:
    if module.network is not None:
        return _network(module.network, graph, x, memory)
    kind = LAYERS[module.kind]
    if kind.onnx_step is not None:
        if not memory.stepping:
            return kind.onnx_step(graph, module, x, None)[0]
        place = memory.take(module.outdim)
        output, state = kind.onnx_step(graph, module, x, memory.before[place])
        memory.keep(place, state)
        return output
    if kind.draws(module):
        raise _refused(module, "it draws its outputs at random, and no two programs draw alike")
    if kind.onnx is None:
        raise _refused(module, kind.unsupported or "ONNX has nothing that computes it")
    return kind.onnx(graph, module, x)


def _refused(module: ModuleDescription, why: str) -> KnowledgeError:
    return UnsupportedPart(
        f"The {module.kind} '{escaped(module.name, 60)}' cannot be written as ONNX: {why}.", part=module.name
    )


class _Fed:
    """What comes into a module: values, values times a matrix, and a constant row."""

    def __init__(self, graph: Graph, module: ModuleDescription) -> None:
        self._graph = graph
        self._module = module
        self._constant = np.zeros((1, module.indim))
        self._values: list[str] = []
        self._products: list[tuple[str, str]] = []

    def add_value(self, value: str) -> None:
        """Add a value as it is."""
        self._values.append(value)

    def add_constant(self, connections: list[ConnectionDescription], source: ModuleDescription) -> None:
        """Add what comes from a bias unit within a time step."""
        self._constant += matrix_of(connections, source, self._module)

    def add(self, connections: list[ConnectionDescription], source: ModuleDescription, value: str) -> None:
        """Add what comes from one module through all connections from there."""
        if len(connections) == 1 and carries_all_unchanged(connections[0], source, self._module):
            self._values.append(value)
        else:
            matrix = self._graph.numbers(matrix_of(connections, source, self._module))
            self._products.append((value, matrix))

    def total(self, rows: str) -> str:
        """Return the sum, shape (rows, indim)."""
        terms = list(self._values)
        constant = self._graph.numbers(self._constant) if self._constant.any() else ""
        if self._products and constant:
            # The bias goes into the first product: one operation instead of two.
            value, matrix = self._products.pop(0)
            terms.append(self._graph.node("Gemm", value, matrix, constant))
            constant = ""
        terms += [self._graph.node("MatMul", value, matrix) for value, matrix in self._products]
        if not terms:
            return self._graph.repeated(self._constant, rows)
        return self._graph.total(*terms, *([constant] if constant else []))


def _by_source(
    connections: tuple[ConnectionDescription, ...], target: int
) -> dict[int, list[ConnectionDescription]]:
    found: dict[int, list[ConnectionDescription]] = {}
    for connection in connections:
        if connection.target == target:
            found.setdefault(connection.source, []).append(connection)
    return found


def _shares(network: NetworkDescription, graph: Graph, inputs: str) -> dict[int, str]:
    """Return the part of the inputs that each input module takes."""
    sizes = [network.modules[place].indim for place in network.inputs]
    parts = [inputs] if len(sizes) == 1 else graph.parts(inputs, *sizes)
    return dict(zip(network.inputs, parts, strict=True))
