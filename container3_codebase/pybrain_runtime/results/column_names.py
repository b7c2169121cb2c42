"""Names of the columns of a prediction: inputs, outputs, classes, expected values and errors, kept columns."""

from __future__ import annotations

from collections.abc import Container, Sequence

from pybrain_runtime.io.record import Record
from pybrain_runtime.knowledge import Knowledge, fill_names
from pybrain_runtime.tables.class_labels import CLASS_COLUMN

EXPECTED_CLASS = "expected_class"
"""The name of the column with the expected class, beside that of the predicted one."""


class PredictionColumns(Record):
    """The columns of a prediction.

    Attributes:
        names: all names, each of them unique.
        texts: positions of the text columns, counted from 0.
    """

    names: list[str]
    texts: tuple[int, ...]


def prediction_columns(
    knowledge: Knowledge,
    input_names: Sequence[str],
    *,
    expected: bool,
    kept: Sequence[str] = (),
    expected_class: bool = False,
) -> PredictionColumns:
    """Return the columns: those passed through, inputs, outputs, the predicted class, and what was expected.

    Args:
        knowledge: the network.
        input_names: names of the input columns in the activation; empty takes those of the network.
        expected: whether there are columns for the expected values and the errors.
        kept: names of the columns that are passed through.
        expected_class: whether there is a column for the expected class.
    """
    known = knowledge.input_names
    names = list(fill_names(input_names or known, known))
    outputs = [*knowledge.output_names]
    others = [*outputs, *(expected_and_error(outputs) if expected else ())]
    names = _unique_inputs(names, others)
    classes: list[str] = []
    for name in (CLASS_COLUMN, *((EXPECTED_CLASS,) if expected_class else ())):
        if knowledge.labels:
            classes.append(_unique(name, "card", {*names, *others, *classes}))
    found: list[str] = []
    for name in kept:
        found.append(_unique(name, "kept", {*names, *others, *classes, *found}))
    first, count = len(found) + len(names) + len(outputs), len(outputs)
    columns = [*found, *names, *others[:count], *classes, *others[count:]]
    return PredictionColumns(columns, (*range(len(found)), *range(first, first + len(classes))))


def _unique(name: str, prefix: str, taken: Container[str]) -> str:
    """Return a name that no other column has, with a prefix if necessary."""
    while name in taken:
        name = f"{prefix}_{name}"
    return name


def _unique_inputs(names: list[str], others: list[str]) -> list[str]:
    """Return input names that no other column has: ``prediction`` becomes ``input_prediction``."""
    taken = {*names, *others}
    unique = []
    for name in names:
        if name in others:
            while name in taken:
                name = f"input_{name}"
            taken.add(name)
        unique.append(name)
    return unique


def expected_and_error(outputs: Sequence[str]) -> list[str]:
    """Return names for the expected value and the error of each output.

    They are ``expected`` and ``error`` with the output's name, its number, or nothing. If an output has such a name
    itself, all of them are prefixed with ``compared_``.
    """
    names = _pairs("", [f"_{name}".removeprefix("_prediction") for name in outputs])
    prefix = ""
    while len({*names, *outputs}) != len(names) + len(outputs):
        prefix += "compared_"
        names = _pairs(prefix, [f"_{name}" for name in outputs])
    return names


def _pairs(prefix: str, suffixes: Sequence[str]) -> list[str]:
    return [f"{prefix}{kind}{suffix}" for suffix in suffixes for kind in ("expected", "error")]
