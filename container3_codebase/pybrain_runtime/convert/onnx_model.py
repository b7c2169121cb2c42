"""Writes a network as an ONNX model.

A feed-forward network takes rows, shape (rows, indim). A recurrent network takes whole sequences, shape (sequences,
steps, indim), and iterates over the time steps with a Scan operator. The LSTM operator is not used, because it
supports neither all recurrent connections nor, in onnxruntime, double precision.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from onnx import GraphProto, ModelProto, checker, helper

from pybrain_runtime.convert.matrices import is_whole_identity, matrix_of
from pybrain_runtime.convert.onnx_graph import IR_VERSION, OPSET, Graph, Shape
from pybrain_runtime.errors import KnowledgeError, UnsupportedPart
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.layers.registry import LAYERS

INPUT, OUTPUT = "activation", "prediction"


def onnx_model(
    network: NetworkDescription, *, precision: str = "float64", metadata: dict[str, str]
) -> ModelProto:
    """Return an ONNX model of a network. A recurrent network starts reset.

    Args:
        network: the network.
        precision: dtype of the model, ``float64`` or ``float32``.
        metadata: metadata properties of the model.

    Raises:
        KnowledgeError: ONNX does not support a layer; the message has its name and the reason.
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
    helper.set_model_props(model, metadata)
    checker.check_model(model, full_check=True)
    return model


@dataclass
class _ScanState:
    """The state variables of a Scan: values that are passed from one time step to the next, shape (rows, size).

    A feed-forward network has none.
    """

    graph: Graph
    in_scan: bool
    sizes: list[int] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    def add(self, size: int) -> int:
        """Add a variable of shape (rows, size), and return its index."""
        self.sizes.append(size)
        self.inputs.append(self.graph.name("before"))
        self.outputs.append("")
        return len(self.sizes) - 1

    def update(self, index: int, value: str) -> None:
        """Set the value of a variable for the next time step.

        Args:
            index: index of the variable.
            value: name of its new value.
        """
        self.outputs[index] = self.graph.node("Identity", value)


def _rows(network: NetworkDescription, graph: Graph) -> GraphProto:
    output = _network(network, graph, INPUT, _ScanState(graph, in_scan=False))
    graph.nodes.append(helper.make_node("Identity", [output], [OUTPUT], name=OUTPUT))
    return graph.build("network", [(INPUT, ["rows", network.indim])], [(OUTPUT, ["rows", network.outdim])])


def _sequences(network: NetworkDescription, graph: Graph) -> GraphProto:
    body = Graph(graph.dtype, outer=graph, prefix="step_")
    state = _ScanState(body, in_scan=True)
    output = body.node("Identity", _network(network, body, "step_activation", state))
    shapes: list[Shape] = [["sequences", size] for size in state.sizes]
    step = body.build(
        "step",
        [*zip(state.inputs, shapes, strict=True), ("step_activation", ["sequences", network.indim])],
        [*zip(state.outputs, shapes, strict=True), (output, ["sequences", network.outdim])],
    )
    initial = [graph.repeat_row(np.zeros((1, size)), INPUT) for size in state.sizes]
    final = [graph.name("end") for _ in initial]
    graph.nodes.append(
        helper.make_node(
            "Scan",
            [*initial, INPUT],
            [*final, OUTPUT],
            name=OUTPUT,
            body=step,
            num_scan_inputs=1,
            scan_input_axes=[1],
            scan_output_axes=[1],
        )
    )
    return graph.build(
        "network",
        [(INPUT, ["sequences", "steps", network.indim])],
        [(OUTPUT, ["sequences", "steps", network.outdim])],
    )


def _network(network: NetworkDescription, graph: Graph, inputs: str, state: _ScanState) -> str:
    """Add one time step of a network, and return the name of its outputs."""
    delayed = {}
    if state.in_scan:
        sources = sorted({connection.source for connection in network.recurrent_connections})
        delayed = {place: state.add(network.modules[place].outdim) for place in sources}
    blocks = _input_blocks(network, graph, inputs)
    values: list[str] = []
    for place, module in enumerate(network.modules):
        if module.kind == "BiasUnit":
            # Within a time step a bias unit becomes part of constants; its value is rarely needed.
            needed = place in delayed or place in network.outputs
            values.append(graph.repeat_row(np.ones((1, 1)), inputs) if needed else "")
            continue
        net_input = _NetInput(graph, module)
        if place in blocks:
            net_input.add_value(blocks[place])
        for source, connections in _by_source(network.connections, place).items():
            if network.modules[source].kind == "BiasUnit":
                net_input.add_constant(connections, network.modules[source])
            else:
                net_input.add(connections, network.modules[source], values[source])
        for source, connections in _by_source(network.recurrent_connections, place).items():
            if source in delayed:
                net_input.add(connections, network.modules[source], state.inputs[delayed[source]])
        values.append(_module(module, graph, net_input.total(inputs), state))
    for place, index in delayed.items():
        state.update(index, values[place])
    return graph.concat(*(values[place] for place in network.outputs))


def _module(module: ModuleDescription, graph: Graph, x: str, state: _ScanState) -> str:
    if module.network is not None:
        return _network(module.network, graph, x, state)
    kind = LAYERS[module.kind]
    if kind.onnx_step is not None:
        if not state.in_scan:
            return kind.onnx_step(graph, module, x, None)[0]
        index = state.add(module.outdim)
        output, cell_state = kind.onnx_step(graph, module, x, state.inputs[index])
        state.update(index, cell_state)
        return output
    if kind.draws(module):
        raise _unsupported(module, "it draws its outputs at random, which differ between programs")
    if kind.onnx is None:
        raise _unsupported(module, kind.unsupported or "ONNX has no operator for it")
    return kind.onnx(graph, module, x)


def _unsupported(module: ModuleDescription, why: str) -> KnowledgeError:
    return UnsupportedPart(
        f"The {module.kind} '{escaped(module.name, 60)}' cannot be written as ONNX: {why}.", part=module.name
    )


class _NetInput:
    """The net input of a module: a sum of values, matrix products and a constant row."""

    def __init__(self, graph: Graph, module: ModuleDescription) -> None:
        self._graph = graph
        self._module = module
        self._constant = np.zeros((1, module.indim))
        self._values: list[str] = []
        self._products: list[tuple[str, str]] = []

    def add_value(self, value: str) -> None:
        """Add a value of shape (rows, indim)."""
        self._values.append(value)

    def add_constant(self, connections: list[ConnectionDescription], source: ModuleDescription) -> None:
        """Add the connections from a bias unit within a time step.

        Args:
            connections: the connections.
            source: the bias unit.
        """
        self._constant += matrix_of(connections, source, self._module)

    def add(self, connections: list[ConnectionDescription], source: ModuleDescription, value: str) -> None:
        """Add all connections from another module.

        Args:
            connections: the connections.
            source: the other module.
            value: name of its outputs, shape (rows, source.outdim).
        """
        if len(connections) == 1 and is_whole_identity(connections[0], source, self._module):
            self._values.append(value)
        else:
            matrix = self._graph.numbers(matrix_of(connections, source, self._module))
            self._products.append((value, matrix))

    def total(self, rows: str) -> str:
        """Return the name of the sum, shape (rows, indim).

        Args:
            rows: name of a value with the same number of rows.
        """
        terms = list(self._values)
        constant = self._graph.numbers(self._constant) if self._constant.any() else ""
        if self._products and constant:
            # The bias becomes part of the first product: one operation instead of two.
            value, matrix = self._products.pop(0)
            terms.append(self._graph.node("Gemm", value, matrix, constant))
            constant = ""
        terms += [self._graph.node("MatMul", value, matrix) for value, matrix in self._products]
        if not terms:
            return self._graph.repeat_row(self._constant, rows)
        return self._graph.add(*terms, *([constant] if constant else []))


def _by_source(
    connections: tuple[ConnectionDescription, ...], target: int
) -> dict[int, list[ConnectionDescription]]:
    found: dict[int, list[ConnectionDescription]] = {}
    for connection in connections:
        if connection.target == target:
            found.setdefault(connection.source, []).append(connection)
    return found


def _input_blocks(network: NetworkDescription, graph: Graph, inputs: str) -> dict[int, str]:
    """Return the block of inputs that each input module reads, by the module's index."""
    sizes = [network.modules[place].indim for place in network.inputs]
    parts = [inputs] if len(sizes) == 1 else graph.split(inputs, *sizes)
    return dict(zip(network.inputs, parts, strict=True))
