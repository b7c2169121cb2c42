"""Names of the columns of a prediction: inputs, outputs, and where targets came, expected values and errors."""

from __future__ import annotations

from collections.abc import Sequence

from pybrain_runtime.knowledge import Knowledge, fill_names


def prediction_columns(knowledge: Knowledge, input_names: Sequence[str], *, expected: bool) -> list[str]:
    """Return the names of all columns, each of them unique.

    Args:
        knowledge: the network.
        input_names: names of the input columns in the activation; empty takes those of the network.
        expected: whether there are columns for the expected values and the errors.
    """
    known = knowledge.input_names
    names = list(fill_names(input_names or known, known))
    others = [*knowledge.output_names]
    if expected:
        others += _expected_and_error(others)
    return [*_unique_inputs(names, others), *others]


def _unique_inputs(names: list[str], others: list[str]) -> list[str]:
    """Return names of inputs that no other column has: ``prediction`` becomes ``input_prediction``."""
    taken = {*names, *others}
    unique = []
    for name in names:
        if name in others:
            while name in taken:
                name = f"input_{name}"
            taken.add(name)
        unique.append(name)
    return unique


def _expected_and_error(outputs: Sequence[str]) -> list[str]:
    """Return names for the expected value and the error of each output.

    They are ``expected`` and ``error`` with the output's name, its number, or nothing. Where an output has such a name
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
