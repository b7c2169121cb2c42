"""Choose the columns of a table that are the inputs, the outputs and the class of a network without a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import DataError
from pybrain_runtime.io.printable import enumeration, plural
from training.rows.table import Table


@dataclass(frozen=True)
class CardColumns:
    """The names of the columns of a network.

    Attributes:
        inputs: the input columns, one for each input of the network.
        outputs: the output columns, one for each output; empty if the table has none.
        class_column: the column with the class of each row; empty if there is none.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    class_column: str = ""


def choose_columns(
    table: Table, indim: int, outdim: int, inputs: Sequence[str] | None, targets: Sequence[str] | None
) -> CardColumns:
    """Return the columns of a network.

    Without names, the numeric columns are the inputs if there are exactly `indim` of them, and a single text column is
    the class. Otherwise the first columns are the inputs, and the columns after them the outputs or the class.

    Args:
        table: the rows.
        indim: number of inputs of the network.
        outdim: number of outputs of the network.
        inputs: names of the input columns; None to choose them.
        targets: names of the output columns, or of the column with the class; None to choose them.

    Raises:
        MissingColumn: the table does not have a named column.
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
            f"{table.name} has {plural(len(table.columns), 'column')} ({enumeration(table.columns)}); it is unclear "
            f"which of them are the {plural(indim, 'input')} of the network.",
            hint="Specify the inputs with --input-columns, and the outputs or the class with --target-columns.",
        )
    rest = [name for name in others if name not in inputs]
    if targets is None:
        targets = _targets(table, rest, outdim)
    if len(targets) == 1 and (outdim > 1 or table.holds_text(targets[0])):
        return CardColumns(tuple(inputs), (), targets[0])
    if targets and len(targets) != outdim:
        raise DataError(
            f"--target-columns names {plural(len(targets), 'column')}; the network has {plural(outdim, 'output')}.",
            hint="Specify one column for each output with --target-columns, or the column that holds the class.",
        )
    return CardColumns(tuple(inputs), tuple(targets))


def _targets(table: Table, rest: Sequence[str], outdim: int) -> Sequence[str]:
    text = [name for name in rest if table.holds_text(name)]
    if len(text) == 1:
        return text
    return rest if len(rest) in (1, outdim) else ()
