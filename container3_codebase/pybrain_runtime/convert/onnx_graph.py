"""A graph of ONNX under construction: nodes, constants and names, without any knowledge of networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
"""Old enough for runtimes of 2022, new enough for every operation that is used."""

Shape = Sequence[int | str]
"""Sizes, or names of sizes that differ from call to call."""


class Graph:
    """Collects nodes; each method returns the name of a value.

    Args:
        dtype: ``float64`` or ``float32``: what all numbers are.
        outer: the graph that this one is the body of; its constants can be used here.
        prefix: what names begin with, so that those of a body differ from those around it.
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
        """Return a name that is not taken."""
        self._count += 1
        return f"{self._prefix}{hint}_{self._count}"

    def node(self, operation: str, *inputs: str, **attributes: int) -> str:
        """Add a node with one output."""
        return self.nodes_with(operation, 1, *inputs, **attributes)[0]

    def nodes_with(self, operation: str, outputs: int, *inputs: str, **attributes: int) -> list[str]:
        """Add a node with several outputs."""
        names = [self.name(operation) for _ in range(outputs)]
        self.nodes.append(
            helper.make_node(operation, list(inputs), names, names[0], None, None, None, **attributes)
        )
        return names

    def numbers(self, values: np.ndarray | float) -> str:
        """Add a constant of the graph's own precision."""
        return self._constant(np.asarray(values, dtype=self.dtype))

    def wholes(self, *values: int) -> str:
        """Add a constant of integers, shape (count,), as sizes and axes are given."""
        return self._constant(np.array(values, dtype=np.int64))

    def whole(self, value: int) -> str:
        """Add a constant integer, shape ()."""
        return self._constant(np.array(value, dtype=np.int64))

    def part(self, value: str, start: int, stop: int) -> str:
        """Return columns of a value of shape (rows, n)."""
        return self.node("Slice", value, self.wholes(start), self.wholes(stop), self.wholes(1))

    def parts(self, value: str, *sizes: int) -> list[str]:
        """Cuts a value of shape (rows, n) into blocks of columns."""
        return self.nodes_with("Split", len(sizes), value, self.wholes(*sizes), axis=1)

    def joined(self, *values: str) -> str:
        """Put values of shape (rows, n) side by side."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=1)

    def total(self, *values: str) -> str:
        """Add values, each of shape (rows, n) or (1, n)."""
        result = values[0]
        for value in values[1:]:
            result = self.node("Add", result, value)
        return result

    def rows_of(self, value: str) -> str:
        """Return the number of rows of a value, shape (1,)."""
        return self.node("Slice", self.node("Shape", value), self.wholes(0), self.wholes(1))

    def repeated(self, row: np.ndarray, like: str) -> str:
        """Return a row, shape (1, n), as often as another value has rows."""
        size = self.node("Concat", self.rows_of(like), self.wholes(row.shape[1]), axis=0)
        return self.node("Expand", self.numbers(row), size)

    def finished(
        self, name: str, inputs: list[tuple[str, Shape]], outputs: list[tuple[str, Shape]]
    ) -> GraphProto:
        """Return the graph; constants only where it is not the body of another one."""
        own = [] if self._prefix else self._initializers
        return helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(key, self.element, shape) for key, shape in inputs],
            [helper.make_tensor_value_info(key, self.element, shape) for key, shape in outputs],
            own,
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
