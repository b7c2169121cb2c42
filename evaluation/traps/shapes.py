"""Infer the number of dimensions of an expression in a program: a number has 0, a row has 1, a table has 2.

None means that the number of dimensions cannot be inferred.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

NUMBER, ROW, TABLE = 0, 1, 2
# The rules of a DataFrame differ from those of an array: a column is a row of numbers, and `[[...]]` selects a table.
FRAME = "frame"
_FRAMES = ("read_csv", "read_table", "read_excel", "DataFrame")
_TABLES = (
    "atleast_2d",
    "column_stack",
    "vstack",
    "row_stack",
    "reader",
    "DictReader",
    "fit_transform",
    "transform",
)
_SAME = (
    *(
        "array",
        "asarray",
        "asfarray",
        "list",
        "tuple",
        "sorted",
        "copy",
        "deepcopy",
        "astype",
        "tolist",
        "to_numpy",
    ),
    *("head", "tail", "drop", "dropna", "fillna", "sample"),
)
_NUMBERS = ("float", "int", "float64", "float32", "len", "round", "abs", "item")
_SPELLED = 60
Shape = int | str | None


class Shapes:
    """The dimensions of names and expressions.

    Args:
        shapes: the dimensions of each name.
        values: the expression that was assigned to each name.
        results: the dimensions of the return values of the program's functions, by name.
    """

    def __init__(
        self, shapes: Mapping[str, Shape], values: Mapping[str, ast.expr], results: Mapping[str, Shape]
    ) -> None:
        self.shapes: dict[str, Shape] = dict(shapes)
        self.values: dict[str, ast.expr] = dict(values)
        self.results = results

    def assign(self, target: ast.expr, shape: Shape, value: ast.expr) -> None:
        """Record the dimensions of a value that is assigned to a target.

        Args:
            target: a name, or a tuple or list of names.
            shape: the dimensions of the value.
            value: the expression of the value.
        """
        if isinstance(target, ast.Name):
            self.shapes[target.id] = shape
            self.values[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self.assign(element, None, value)

    def bind(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> None:
        """Record the dimensions of the names of a comprehension."""
        for generator in node.generators:
            self.assign(generator.target, self.element(self.shape(generator.iter)), generator.iter)

    def shape(self, node: ast.expr) -> Shape:
        """Return the dimensions of an expression; None if they cannot be inferred."""
        if isinstance(node, ast.Constant):
            return NUMBER if isinstance(node.value, (int, float)) else None
        if isinstance(node, ast.Name):
            return self.shapes.get(node.id)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._list(node)
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            self.bind(node)
            return _plus_one(self.shape(node.elt), default=ROW)
        if isinstance(node, ast.BinOp):
            return self._largest(node.left, node.right)
        if isinstance(node, ast.UnaryOp):
            return self.shape(node.operand)
        if isinstance(node, ast.IfExp):
            return self._largest(node.body, node.orelse)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        return self._call(node) if isinstance(node, ast.Call) else None

    def _largest(self, *nodes: ast.expr) -> Shape:
        shapes = [shape for node in nodes if isinstance(shape := self.shape(node), int)]
        return max(shapes, default=None)

    def _list(self, node: ast.List | ast.Tuple) -> Shape:
        inner = [
            self.shape(element.value if isinstance(element, ast.Starred) else element)
            for element in node.elts
        ]
        if any(isinstance(element, ast.Starred) for element in node.elts):
            return ROW
        known = [shape for shape in inner if isinstance(shape, int)]
        return max(known) + 1 if known else ROW

    def element(self, shape: Shape) -> Shape:
        """Return the dimensions of the elements of a value with these dimensions."""
        return shape - 1 if isinstance(shape, int) and shape > NUMBER else None

    def _subscript(self, node: ast.Subscript) -> Shape:
        base = self.shape(node.value)
        locator = isinstance(node.value, ast.Attribute) and node.value.attr in ("iloc", "loc")
        if locator and isinstance(node.value, ast.Attribute):
            base = TABLE if self.shape(node.value.value) == FRAME else None
        elif base == FRAME:  # a column; or a table if a list of columns is selected
            return FRAME if isinstance(node.slice, (ast.List, ast.Slice)) else ROW
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for index in indices:
            if isinstance(index, ast.Slice) and base is None:
                base = ROW  # at least
            elif isinstance(index, ast.Slice) or (locator and isinstance(index, ast.List)):
                continue
            elif _is_new_axis(index):
                base = _plus_one(base)
            elif isinstance(base, int) and not isinstance(index, ast.List):
                base = self.element(base)
        return base

    def _attribute(self, node: ast.Attribute) -> Shape:
        if node.attr in ("values", "T"):
            base = self.shape(node.value)
            return TABLE if base == FRAME else base
        return None

    def _call(self, node: ast.Call) -> Shape:
        name = _called(node)
        if isinstance(node.func, ast.Name) and name in self.results:
            return self.results.get(name)
        if name == "reshape":
            return _reshaped(node)
        if name in _NUMBERS:
            return NUMBER
        if name in _FRAMES:
            return FRAME
        if name in _TABLES:
            return TABLE
        if name == "expand_dims" and node.args:
            return _plus_one(self.shape(node.args[0]))
        if name in ("zeros", "ones", "full") and node.args:
            size = node.args[0]
            return len(size.elts) if isinstance(size, (ast.Tuple, ast.List)) else ROW
        if name in ("flatten", "ravel"):
            return ROW
        if name == "map" and len(node.args) > 1:
            return ROW
        if name == "loadtxt":
            return next((_constant(word.value) for word in node.keywords if word.arg == "ndmin"), None)
        if name in _SAME:
            return self._same(node)
        return self.element(self.shape(node.args[0])) if name == "next" and node.args else None

    def _same(self, node: ast.Call) -> Shape:
        method = isinstance(node.func, ast.Attribute) and not (
            isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy", "copy")
        )
        if method and isinstance(node.func, ast.Attribute):
            base = self.shape(node.func.value)
            return TABLE if base == FRAME and node.func.attr in ("to_numpy", "tolist") else base
        base = self.shape(node.args[0]) if node.args else None
        return TABLE if base == FRAME else base


def _plus_one(shape: Shape, default: Shape = None) -> Shape:
    return shape + 1 if isinstance(shape, int) else default


def _is_new_axis(index: ast.expr) -> bool:
    return (isinstance(index, ast.Constant) and index.value is None) or (
        isinstance(index, ast.Attribute) and index.attr == "newaxis"
    )


def _constant(node: ast.expr) -> int | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def _reshaped(node: ast.Call) -> Shape:
    """Return the dimensions after `reshape`: the number of its arguments."""
    of_numpy = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    module = (
        of_numpy
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") in ("np", "numpy")
    )
    sizes = node.args[1:] if module else node.args
    if len(sizes) == 1 and isinstance(sizes[0], (ast.Tuple, ast.List)):
        sizes = sizes[0].elts
    return len(sizes) or None


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def source_of(node: ast.AST) -> str:
    """Return the source code of an expression, shortened.

    Args:
        node: the expression.
    """
    try:
        text = ast.unparse(node)
    except RecursionError:
        return "..."
    return text if len(text) <= _SPELLED else text[: _SPELLED - 3] + "..."
