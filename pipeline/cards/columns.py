"""Which columns of a table are the inputs, the outputs and the class of a network, where no card says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import DataError
from pybrain_runtime._io.printable import enumeration, plural
from training.rows.table import Table


@dataclass(frozen=True)
class CardColumns:
    """Names of columns.

    Attributes:
        inputs: one for each input of the network.
        outputs: one for each output; empty where the table has none.
        class_column: the column with the class of each row; empty where there is none.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    class_column: str = ""


def choose_columns(
    table: Table, indim: int, outdim: int, inputs: Sequence[str] | None, targets: Sequence[str] | None
) -> CardColumns:
    """Return the columns of a network.

    Without names, all columns of numbers are the inputs if there are as many, then a single column of text is the
    class; otherwise the first columns are the inputs, and those after them the outputs or the class.

    Args:
        table: the rows.
        indim: number of inputs of the network.
        outdim: number of its outputs.
        inputs: names of the inputs; None to find them.
        targets: names of the outputs, or the one of the class; None to find them.

    Raises:
        MissingColumn: the table does not have a column that is named.
        DataError: the columns do not fit the network.
    """
    for name, role in (*((n, "feature") for n in inputs or ()), *((n, "target") for n in targets or ())):
        table.place(name, role)
    others = [name for name in table.columns if name not in (targets or ())]
    if inputs is None:
        numbers = [name for name in others if not table.holds_text(name)]
        exact = len(numbers) == indim
        inputs = (
            numbers if exact else others[:indim] if len(others) in (indim, indim + 1, indim + outdim) else ()
        )
    if len(inputs) != indim or any(table.holds_text(name) for name in inputs):
        raise DataError(
            f"{table.name} has {plural(len(table.columns), 'column')} ({enumeration(table.columns)}); which of them "
            f"are the {plural(indim, 'input')} of the network is not clear.",
            hint="Name them with --input-columns, and those of the outputs or of the class with --target-columns.",
        )
    rest = [name for name in others if name not in inputs]
    if targets is None:
        targets = _targets(table, rest, outdim)
    if len(targets) == 1 and (outdim > 1 or table.holds_text(targets[0])):
        return CardColumns(tuple(inputs), (), targets[0])
    if targets and len(targets) != outdim:
        raise DataError(
            f"{plural(len(targets), 'target')} are named; the network has {plural(outdim, 'output')}.",
            hint="Name one for each output with --target-columns, or the column that holds the class.",
        )
    return CardColumns(tuple(inputs), tuple(targets))


def _targets(table: Table, rest: Sequence[str], outdim: int) -> Sequence[str]:
    text = [name for name in rest if table.holds_text(name)]
    if len(text) == 1:
        return text
    return rest if len(rest) in (1, outdim) else ()
