"""Infer how many dimensions the argument of each `activate` call has, from the syntax tree of a program.

A row has one dimension, a table has two. Names are followed through assignments, loops and the calls of the program's
own functions; what cannot be inferred has no dimensions and is never reported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER, ROW, TABLE = 0, 1, 2
# A data frame has other rules than an array: a column is a row of numbers, and `[[...]]` selects a table.
_FRAME = "frame"
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


@dataclass(frozen=True)
class ActivateCall:
    """A call of `activate` whose argument is a table.

    Attributes:
        line: the line of the call.
        source: the call, as it is written.
        argument: its argument, as it is written.
        assigned: the line where a named argument gets its value; 0 where it has no name.
        value: that value, as it is written.
    """

    line: int
    source: str
    argument: str
    assigned: int = 0
    value: str = ""


def nested_calls(tree: ast.Module) -> list[ActivateCall]:
    """Return the calls of `activate` that pass a table where one row is expected, by line.

    Args:
        tree: a program.
    """
    scopes = _Scopes(tree)
    found = {}
    owners: list[ast.Module | ast.FunctionDef] = [tree, *_functions(tree)]
    for function in owners:
        for call in _Scope(scopes, function).read():
            found[call.line, call.source] = call
    return sorted(found.values(), key=lambda call: call.line)


Shape = int | str | None


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


class _Scopes:
    """What functions of a program get and return.

    Args:
        tree: the program.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.functions = {function.name: function for function in _functions(tree)}
        self.arguments: dict[str, dict[str, Shape]] = {}
        self.results: dict[str, Shape] = {}
        self.globals: dict[str, Shape] = {}
        self.values: dict[str, ast.expr] = {}
        module = _Scope(self, tree)
        for _ in range(2):  # once more, with what the functions return
            list(module.read())
            self.globals, self.values = dict(module.shapes), dict(module.values)
            for function in self.functions.values():
                scope = _Scope(self, function)
                list(scope.read())
                self.results[function.name] = scope.result


class _Scope:
    """The names of a function, or of the program outside of functions, and the dimensions of their values.

    Args:
        scopes: of the program.
        owner: the function, or the program.
    """

    def __init__(self, scopes: _Scopes, owner: ast.Module | ast.FunctionDef) -> None:
        self.scopes = scopes
        self.owner = owner
        self.shapes: dict[str, Shape] = dict(scopes.globals)
        self.values: dict[str, ast.expr] = dict(scopes.values)
        self.result: Shape = None
        if isinstance(owner, ast.FunctionDef):
            for argument in owner.args.args:
                self.shapes[argument.arg] = scopes.arguments.get(owner.name, {}).get(argument.arg)
                self.values.pop(argument.arg, None)

    def read(self) -> Iterator[ActivateCall]:
        """Follow the statements in order, and yield the calls with a table."""
        yield from self._block(self.owner.body)

    def _block(self, statements: list[ast.stmt]) -> Iterator[ActivateCall]:
        for statement in statements:
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                continue
            if isinstance(statement, ast.For):
                yield from self._calls(statement.iter)
                self._assign(statement.target, self._element(self.shape(statement.iter)), statement.iter)
            else:
                yield from self._statement(statement)
            for name in ("body", "orelse", "finalbody"):
                yield from self._block(getattr(statement, name, []))
            for handler in getattr(statement, "handlers", []):
                yield from self._block(handler.body)

    def _statement(self, statement: ast.stmt) -> Iterator[ActivateCall]:
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                yield from self._calls(child)
            elif isinstance(child, ast.withitem):
                yield from self._calls(child.context_expr)
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, self.shape(statement.value), statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._assign(statement.target, self.shape(statement.value), statement.value)
        elif isinstance(statement, ast.Return) and statement.value is not None:
            self.result = self.shape(statement.value)

    def _assign(self, target: ast.expr, shape: Shape, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.shapes[target.id] = shape
            self.values[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._assign(element, None, value)

    def _calls(self, expression: ast.expr) -> Iterator[ActivateCall]:
        # The names of a comprehension have their dimensions while its calls are looked at.
        for node in ast.walk(expression):
            if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
                self._bind(node)
        for node in ast.walk(expression):
            if not isinstance(node, ast.Call):
                continue
            self._keep_arguments(node)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "activate" and node.args:
                argument = node.args[0]
                if self.shape(argument) in (TABLE, _FRAME):
                    yield self._found(node, argument)

    def _found(self, call: ast.Call, argument: ast.expr) -> ActivateCall:
        value = self.values.get(argument.id) if isinstance(argument, ast.Name) else None
        return ActivateCall(
            call.lineno, source_of(call), source_of(argument),
            value.lineno if value is not None else 0, source_of(value) if value is not None else "",
        )  # fmt: skip

    def _bind(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> None:
        for generator in node.generators:
            self._assign(generator.target, self._element(self.shape(generator.iter)), generator.iter)

    def _keep_arguments(self, call: ast.Call) -> None:
        """Keep what a function of the program is called with."""
        if isinstance(call.func, ast.Name) and call.func.id in self.scopes.functions:
            names = [argument.arg for argument in self.scopes.functions[call.func.id].args.args]
            given = dict(zip(names, map(self.shape, call.args), strict=False))
            given |= {word.arg: self.shape(word.value) for word in call.keywords if word.arg}
            self.scopes.arguments.setdefault(call.func.id, {}).update(given)

    # --- dimensions

    def shape(self, node: ast.expr) -> Shape:
        """Return the dimensions of an expression; None where they cannot be inferred."""
        if isinstance(node, ast.Constant):
            return NUMBER if isinstance(node.value, (int, float)) else None
        if isinstance(node, ast.Name):
            return self.shapes.get(node.id)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._list(node)
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            self._bind(node)
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

    def _element(self, shape: Shape) -> Shape:
        return shape - 1 if isinstance(shape, int) and shape > NUMBER else None

    def _subscript(self, node: ast.Subscript) -> Shape:
        base = self.shape(node.value)
        locator = isinstance(node.value, ast.Attribute) and node.value.attr in ("iloc", "loc")
        if locator and isinstance(node.value, ast.Attribute):
            base = TABLE if self.shape(node.value.value) == _FRAME else None
        elif base == _FRAME:  # a column; or a table of the columns of a list
            return _FRAME if isinstance(node.slice, (ast.List, ast.Slice)) else ROW
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for index in indices:
            if isinstance(index, ast.Slice) and base is None:
                base = ROW  # at least
            elif isinstance(index, ast.Slice) or (locator and isinstance(index, ast.List)):
                continue
            elif _is_new_axis(index):
                base = _plus_one(base)
            elif isinstance(base, int) and not isinstance(index, ast.List):
                base = self._element(base)
        return base

    def _attribute(self, node: ast.Attribute) -> Shape:
        if node.attr in ("values", "T"):
            base = self.shape(node.value)
            return TABLE if base == _FRAME else base
        return None

    def _call(self, node: ast.Call) -> Shape:
        name = _called(node)
        if isinstance(node.func, ast.Name) and name in self.scopes.functions:
            return self.scopes.results.get(name)
        if name == "reshape":
            return _reshaped(node)
        if name in _NUMBERS:
            return NUMBER
        if name in _FRAMES:
            return _FRAME
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
        return self._element(self.shape(node.args[0])) if name == "next" and node.args else None

    def _same(self, node: ast.Call) -> Shape:
        method = isinstance(node.func, ast.Attribute) and not (
            isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy", "copy")
        )
        if method and isinstance(node.func, ast.Attribute):
            base = self.shape(node.func.value)
            return TABLE if base == _FRAME and node.func.attr in ("to_numpy", "tolist") else base
        base = self.shape(node.args[0]) if node.args else None
        return TABLE if base == _FRAME else base


def _plus_one(shape: Shape, default: Shape = None) -> Shape:
    return shape + 1 if isinstance(shape, int) else default


def _is_new_axis(index: ast.expr) -> bool:
    return (isinstance(index, ast.Constant) and index.value is None) or (
        isinstance(index, ast.Attribute) and index.attr == "newaxis"
    )


def _constant(node: ast.expr) -> int | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def _reshaped(node: ast.Call) -> Shape:
    """Return the dimensions after `reshape`: as many as it names."""
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
    """Return an expression as it is written, shortened.

    Args:
        node: the expression.
    """
    try:
        text = ast.unparse(node)
    except RecursionError:
        return "..."
    return text if len(text) <= _SPELLED else text[: _SPELLED - 3] + "..."
