"""The advice of the container for errors; the library itself does not mention settings."""

from __future__ import annotations

import ast
import errno
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pybrain_runtime
from pybrain_runtime.container.advice import ENVIRONMENT, advice_for, with_advice
from pybrain_runtime.errors import (
    AlreadyScaled,
    CannotWrite,
    KnowledgeError,
    MissingPackage,
    OutputExists,
    PipelineError,
    UnclearNetwork,
)
from pybrain_runtime.tables.column_errors import AmbiguousHeader, ColumnCountError, OtherColumnNames

LIBRARY = Path(pybrain_runtime.__file__).parent
PLACES = re.compile(
    r"(?<![\w-])--[a-z]|\b[A-Z]+_(?:COLUMNS|CARD_NAMES|INPUTS|OUTPUTS|PATH|NAME)\b|\w\.py\b|docker"
)

ADVICE: dict[str, tuple[PipelineError, str]] = {
    "read-only": (
        CannotWrite("m", path="p.csv", errno=errno.EROFS),
        "Or choose another path with OUTPUT_PATH.",
    ),
    "disk full": (CannotWrite("m", path="p.csv", errno=errno.ENOSPC), ""),
    "something else there": (OutputExists("m", path="p.csv"), ""),
    "scaled twice": (AlreadyScaled("m"), "Unset SCALE_INPUTS and SCALE_OUTPUTS."),
    "no pyarrow": (
        MissingPackage("m", packages=("pyarrow",), extra="fast"),
        "With pyarrow: docker build --target fast -t codebase_app07_fast container3_codebase && "
        "CODE_IMAGE=codebase_app07_fast docker-compose up",
    ),
    "other rows": (
        ColumnCountError("m", line=1, counts=(2, 3), width=4),
        "Use matching rows (with Compose: DATA_PATH=./ROWS.csv docker-compose up), "
        "or choose columns by name with INPUT_COLUMNS.",
    ),
    "too few columns": (
        ColumnCountError("m", line=1, counts=(4, 7), width=2),
        "Use matching rows (with Compose: DATA_PATH=./ROWS.csv docker-compose up), "
        "or another network (MODEL_NAME=NAME.pkl).",
    ),
    "one of several networks": (
        UnclearNetwork("m", hint="h", places=("net", "b")),
        "Or take it out of the file: python App07.py convert FILE --to pkl --pick net --output NEW.pkl",
    ),
    "a header or a row": (
        AmbiguousHeader("m", expected=("1", "2")),
        "Set INPUT_COLUMNS=1,2 if it is the header, or IGNORE_CARD_NAMES=1 if it is a row.",
    ),
    "many other names": (
        OtherColumnNames("m", found=tuple("abcdefghi")),
        "Or choose them with INPUT_COLUMNS. To ignore the names of the card, set IGNORE_CARD_NAMES=1.",
    ),
    "no settings matter": (KnowledgeError("m", hint="Save the network again."), ""),
}


@pytest.mark.parametrize("case", ADVICE)
def test_advice_follows_from_the_type_and_the_attributes_of_an_error(case: str) -> None:
    error, advice = ADVICE[case]
    assert advice_for(error) == advice


def test_advice_follows_the_hint_on_one_line() -> None:
    error = CannotWrite("p.csv cannot be written.", hint="Create the folder.", errno=errno.ENOENT)
    assert with_advice(error, advice_for(error)) == (
        "p.csv cannot be written.\n  Create the folder. Or choose another path with OUTPUT_PATH."
    )
    assert with_advice(PipelineError("It failed."), "") == "It failed."


def test_an_option_is_joined_to_a_value_that_begins_with_a_dash() -> None:
    options = ENVIRONMENT.replace(inputs="--input-columns", sign=" ")
    assert options.assign(options.inputs, ["a", "b c"]) == "--input-columns 'a,b c'"
    assert options.assign(options.inputs, ["-1", "2"]) == "--input-columns=-1,2"


@pytest.mark.parametrize(
    "module",
    [path for path in sorted(LIBRARY.rglob("*.py")) if "container" not in path.parts[-2:]],
    ids=lambda path: str(path.relative_to(LIBRARY)),
)
def test_the_library_mentions_no_options_variables_or_scripts(module: Path) -> None:
    assert [text for text in texts_in(module) if PLACES.search(text)] == []


def texts_in(module: Path) -> Iterator[str]:
    """Yield the string literals of a module, without docstrings."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    skipped = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value
