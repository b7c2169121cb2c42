"""Infer the number of dimensions of the argument of each `activate` call from the syntax tree of a program.

A row has one dimension, a table has two. Names are followed through assignments, loops and calls of the program's
own functions. If the number of dimensions cannot be inferred, nothing is reported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.traps.shapes import FRAME, TABLE, Shape, Shapes, source_of


@dataclass(frozen=True)
class ActivateCall:
    """A call of `activate` whose argument is a table.

    Attributes:
        line: the line of the call.
        source: the source code of the call.
        argument: the source code of its argument.
        assigned: the line where the argument is assigned, if it is a name; else 0.
        value: the source code of the assigned value.
    """

    line: int
    source: str
    argument: str
    assigned: int = 0
    value: str = ""


def nested_calls(tree: ast.Module) -> list[ActivateCall]:
    """Return the calls of `activate` that pass a table where one row is expected, in the order of lines.

    Args:
        tree: the syntax tree of a program.
    """
    scopes = _Scopes(tree)
    found = {}
    owners: list[ast.Module | ast.FunctionDef] = [tree, *_functions(tree)]
    for function in owners:
        for call in _Scope(scopes, function).read():
            found[call.line, call.source] = call
    return sorted(found.values(), key=lambda call: call.line)


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


class _Scopes:
    """The arguments and return values of a program's functions.

    Args:
        tree: the syntax tree of the program.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.functions = {function.name: function for function in _functions(tree)}
        self.arguments: dict[str, dict[str, Shape]] = {}
        self.results: dict[str, Shape] = dict.fromkeys(self.functions)
        self.globals: dict[str, Shape] = {}
        self.values: dict[str, ast.expr] = {}
        module = _Scope(self, tree)
        for _ in range(2):  # a second time, with the return values of the functions
            list(module.read())
            self.globals, self.values = dict(module.shapes), dict(module.values)
            for function in self.functions.values():
                scope = _Scope(self, function)
                list(scope.read())
                self.results[function.name] = scope.result


class _Scope(Shapes):
    """The names of a function, or of the program outside functions, and the dimensions of their values.

    Args:
        scopes: the scopes of the program.
        owner: the function, or the module.
    """

    def __init__(self, scopes: _Scopes, owner: ast.Module | ast.FunctionDef) -> None:
        super().__init__(scopes.globals, scopes.values, scopes.results)
        self.scopes = scopes
        self.owner = owner
        self.result: Shape = None
        if isinstance(owner, ast.FunctionDef):
            for argument in owner.args.args:
                self.shapes[argument.arg] = scopes.arguments.get(owner.name, {}).get(argument.arg)
                self.values.pop(argument.arg, None)

    def read(self) -> Iterator[ActivateCall]:
        """Follow the statements in order and yield the calls with a table."""
        yield from self._block(self.owner.body)

    def _block(self, statements: list[ast.stmt]) -> Iterator[ActivateCall]:
        for statement in statements:
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                continue
            if isinstance(statement, ast.For):
                yield from self._calls(statement.iter)
                self.assign(statement.target, self.element(self.shape(statement.iter)), statement.iter)
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
                self.assign(target, self.shape(statement.value), statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self.assign(statement.target, self.shape(statement.value), statement.value)
        elif isinstance(statement, ast.Return) and statement.value is not None:
            self.result = self.shape(statement.value)

    def _calls(self, expression: ast.expr) -> Iterator[ActivateCall]:
        # The names of a comprehension have their dimensions while its calls are inspected.
        for node in ast.walk(expression):
            if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
                self.bind(node)
        for node in ast.walk(expression):
            if not isinstance(node, ast.Call):
                continue
            self._keep_arguments(node)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "activate" and node.args:
                argument = node.args[0]
                if self.shape(argument) in (TABLE, FRAME):
                    yield self._found(node, argument)

    def _found(self, call: ast.Call, argument: ast.expr) -> ActivateCall:
        value = self.values.get(argument.id) if isinstance(argument, ast.Name) else None
        return ActivateCall(
            call.lineno, source_of(call), source_of(argument),
            value.lineno if value is not None else 0, source_of(value) if value is not None else "",
        )  # fmt: skip

    def _keep_arguments(self, call: ast.Call) -> None:
        """Record the arguments with which a function of the program is called."""
        if isinstance(call.func, ast.Name) and call.func.id in self.scopes.functions:
            names = [argument.arg for argument in self.scopes.functions[call.func.id].args.args]
            given = dict(zip(names, map(self.shape, call.args), strict=False))
            given |= {word.arg: self.shape(word.value) for word in call.keywords if word.arg}
            self.scopes.arguments.setdefault(call.func.id, {}).update(given)
