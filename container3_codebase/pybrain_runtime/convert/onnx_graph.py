"""Builds an ONNX graph: nodes, constants and names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
"""Old enough for runtimes from 2022, and new enough for all operators that are used."""

Shape = Sequence[int | str]
"""The shape of a value; a name stands for a size that may differ between calls."""


class Graph:
    """An ONNX graph under construction. Most methods add a node and return the name of its output.

    Args:
        dtype: dtype of all floating-point values, ``float64`` or ``float32``.
        outer: for the body of a Scan, the graph that contains it, which holds the constants of both.
        prefix: prefix of all names, so that the names in a body differ from those in the outer graph.
    """

    def __init__(self, dtype: np.dtype, outer: Graph | None = None, prefix: str = "") -> None:
        self.dtype = dtype
        self.element = helper.np_dtype_to_tensor_dtype(dtype)
        self.nodes: list[NodeProto] = []
        self._prefix = prefix
        self._count = 0
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = outer._constants if outer else {}
        self._initializers: list[TensorProto] = outer._initializers if outer else []

    def name(self, hint: str) -> str:
        """Return a new unique name that begins with ``hint``."""
        self._count += 1
        return f"{self._prefix}{hint}_{self._count}"

    def node(self, operation: str, *inputs: str, **attributes: int) -> str:
        """Add a node with one output, and return the name of the output.

        Args:
            operation: name of the ONNX operator.
            *inputs: names of its inputs.
            **attributes: its attributes.
        """
        return self.nodes_with(operation, 1, *inputs, **attributes)[0]

    def nodes_with(self, operation: str, outputs: int, *inputs: str, **attributes: int) -> list[str]:
        """Add a node with several outputs, and return their names.

        Args:
            operation: name of the ONNX operator.
            outputs: number of outputs.
            *inputs: names of its inputs.
            **attributes: its attributes.
        """
        names = [self.name(operation) for _ in range(outputs)]
        self.nodes.append(
            helper.make_node(operation, list(inputs), names, names[0], None, None, None, **attributes)
        )
        return names

    def numbers(self, values: np.ndarray | float) -> str:
        """Add a floating-point constant."""
        return self._constant(np.asarray(values, dtype=self.dtype))

    def integers(self, *values: int) -> str:
        """Add a constant of integers, shape (count,), for sizes and axes."""
        return self._constant(np.array(values, dtype=np.int64))

    def split(self, value: str, *sizes: int) -> list[str]:
        """Split a value of shape (rows, n) into blocks of columns.

        Args:
            value: name of the value.
            *sizes: number of columns of each block; they sum to n.
        """
        return self.nodes_with("Split", len(sizes), value, self.integers(*sizes), axis=1)

    def concat(self, *values: str) -> str:
        """Concatenate values of shape (rows, n) by columns."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=1)

    def add(self, *values: str) -> str:
        """Add values, each of shape (rows, n) or (1, n)."""
        result = values[0]
        for value in values[1:]:
            result = self.node("Add", result, value)
        return result

    def row_count(self, value: str) -> str:
        """Return the number of rows of a value, shape (1,)."""
        return self.node("Slice", self.node("Shape", value), self.integers(0), self.integers(1))

    def repeat_row(self, row: np.ndarray, like: str) -> str:
        """Repeat a constant row for each row of another value.

        Args:
            row: shape (1, n).
            like: name of the other value, shape (rows, m).
        """
        size = self.node("Concat", self.row_count(like), self.integers(row.shape[1]), axis=0)
        return self.node("Expand", self.numbers(row), size)

    def build(
        self, name: str, inputs: list[tuple[str, Shape]], outputs: list[tuple[str, Shape]]
    ) -> GraphProto:
        """Return the finished graph. The body of a Scan has no constants of its own.

        Args:
            name: name of the graph.
            inputs: names and shapes of its inputs.
            outputs: names and shapes of its outputs.
        """
        initializers = [] if self._prefix else self._initializers
        return helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(key, self.element, shape) for key, shape in inputs],
            [helper.make_tensor_value_info(key, self.element, shape) for key, shape in outputs],
            initializers,
        )

    def _constant(self, array: np.ndarray) -> str:
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"constant_{len(self._constants) + 1}"
            self._constants[key] = name
            self._initializers.append(
                numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
            )
        return self._constants[key]
