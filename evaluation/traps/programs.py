"""Traps in the programs, which are parsed to syntax trees and never executed."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from evaluation.evidence.evidence import Evidence
from evaluation.result import BREAKS, RISK
from evaluation.traps.base import Places, Trap, detects
from evaluation.traps.row_shapes import nested_calls
from evaluation.traps.shapes import source_of

_OWN_PATH = re.compile(r"^(?:[A-Za-z]:[\\/]|/home/[^/]+|/Users/[^/]+|/mnt/[a-z]/|\\\\)")
_IN_TEXT = re.compile(
    r"(?:[A-Za-z]:\\\\?[\w .-]+\\|/home/[\w.-]+/|/Users/[\w.-]+/|/mnt/[a-z]/Users/)[\w./\\ -]*"
)
_DRIVERS = (
    "App07.py",
    "prepare_files.py",
    "test_containers.py",
    "run_compose_with_output.py",
    "create_submission.py",
)
_DEEPEST = 200


def own_programs(evidence: Evidence) -> Iterator[tuple[str, ast.Module]]:
    """Yield the path and syntax tree of each program that the student wrote, without those of the library."""
    folder = evidence.places.codebase.folder
    for name in evidence.submission.files:
        is_own = name in _DRIVERS or name.rpartition("/")[0] == folder
        if is_own and name.endswith(".py"):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # warnings about invalid escapes in the submission
                    yield name, ast.parse(evidence.submission.text(name))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


NESTED_ACTIVATE = Trap(
    "nested-activate", "activate() is given a table instead of a row", BREAKS,
    "activate() takes one flat row with one number per input of the network: net.activate([x]), or for a table "
    "[net.activate(row) for row in rows].",
)  # fmt: skip


@detects(NESTED_ACTIVATE)
def nested_activate(evidence: Evidence) -> Places:
    """Find calls of ``activate`` with a nested list or another table."""
    run = evidence.known(Evidence.run)
    if run is not None and evidence.observed_prediction(run).equal:
        return  # this library accepted the table
    for name, tree in own_programs(evidence):
        for call in nested_calls(tree):
            value = f" (line {call.assigned}: `{call.argument} = {call.value}`)" if call.assigned else ""
            yield f"{name}:{call.line}", f"`{call.source}` passes a table where one row is expected{value}"


IGNORED_STATUS = Trap(
    "ignored-status", "An error is ignored: the exit status reports success", RISK,
    "Let an error end the program with a non-zero status (raise, or sys.exit(1)), and check the status of "
    "programs that you start (subprocess.run(..., check=True)). Otherwise a failed run looks like a successful one.",
)  # fmt: skip


@detects(IGNORED_STATUS)
def unhandled_exceptions(evidence: Evidence) -> Places:
    """Find except clauses for all errors whose body neither raises an error nor ends the program."""
    for name, tree in own_programs(evidence):
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and _takes_all(node.type) and not _goes_on(node):
                yield (
                    f"{name}:{node.lineno}",
                    "this except clause catches every error, and neither raises it again nor ends the program with a "
                    "non-zero status",
                )
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Call)
                and _starts_a_program(node.value)
            ):
                yield f"{name}:{node.lineno}", f"the exit status of `{source_of(node.value)}` is ignored"


def _takes_all(kind: ast.expr | None) -> bool:
    return kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException"))


def _goes_on(handler: ast.ExceptHandler) -> bool:
    """Return whether a caught error is still reported: raised again, an exit with a status, a value returned."""
    for node in ast.walk(handler):
        if isinstance(node, (ast.Raise, ast.Return)):
            return True
        if isinstance(node, ast.Call):
            text = source_of(node.func)
            if text in ("exit", "quit", "sys.exit", "os._exit"):
                return True
    return False


def _starts_a_program(call: ast.Call) -> bool:
    text = source_of(call.func)
    if text == "os.system" or text == "subprocess.call":
        return True
    checked = any(keyword.arg == "check" for keyword in call.keywords)
    return text == "subprocess.run" and not checked


OWN_MACHINE_PATH = Trap(
    "own-machine-path", "A path that exists on one machine only", RISK,
    "This folder does not exist on other machines. Use paths inside the container (/opt/pybrain, /shared_data), or "
    "paths relative to the file.",
)  # fmt: skip


@detects(OWN_MACHINE_PATH)
def own_machine_path(evidence: Evidence) -> Places:
    """Find paths that exist on one machine only."""
    for name, tree in own_programs(evidence):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OWN_PATH.match(node.value):
                yield f"{name}:{node.lineno}", f"{node.value[:80]!r} exists on one machine only"
    places = evidence.places
    recipes = [*(role.dockerfile_path for role in places.containers), places.compose_file]
    for name in filter(None, recipes):
        for number, line in enumerate(evidence.submission.text(name).splitlines(), 1):
            match = _IN_TEXT.search(line.split("#")[0])
            if match:
                yield f"{name}:{number}", f"{match.group()[:80]} exists on one machine only"
