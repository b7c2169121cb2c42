"""Errors about the columns of a table: each type is one way in which columns may not fit the network."""

from __future__ import annotations

from pybrain_runtime.errors import ActivationError

Names = tuple[str, ...]


class ColumnsError(ActivationError):
    """The columns do not fit the network, its model card, or the names that were chosen.

    Attributes:
        line: the line, counted from 1; None if the error is about the whole file.
        expected: names of columns that were expected; empty if the error is not about names.
        found: names of columns that were found.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        line: int | None = None,
        column: int | None = None,
        expected: Names = (),
        found: Names = (),
    ) -> None:
        super().__init__(message, hint=hint, line=line, column=column)
        self.expected = expected
        self.found = found


class ColumnCountError(ColumnsError):
    """A row has a number of columns that the network does not take.

    Attributes:
        line: the line, counted from 1.
        counts: the numbers of columns that fit: the inputs alone, or with the expected outputs.
        width: the number of columns that were found.
    """

    def __init__(self, message: str, *, line: int, counts: tuple[int, ...], width: int) -> None:
        super().__init__(message, line=line)
        self.counts = counts
        self.width = width


class AmbiguousHeader(ColumnsError):
    """The first row may be a header or a row.

    ``expected`` has the input names of the card if the row contains them all; it is empty if the row has names among
    numbers.
    """


class MissingHeader(ColumnsError):
    """Columns were chosen by name, and the table has no header.

    Attributes:
        chosen: what the columns were chosen as: ``inputs``, ``targets``, ``keep``.
    """

    def __init__(self, message: str, *, hint: str = "", chosen: Names = ("inputs", "targets")) -> None:
        super().__init__(message, hint=hint)
        self.chosen = chosen


class UnnamedIndex(ColumnsError):
    """The table seems to have a column of row numbers, as pandas and R write it."""


class OutputAsInput(ColumnsError):
    """A column in the position of an input has a name that the card gives to an output."""


class MissingColumns(ColumnsError):
    """The header lacks some of the input names of the card."""


class OtherColumnNames(ColumnsError):
    """The header has other names for the inputs than the card."""


class IncompleteOutputs(ColumnsError):
    """The header has some of the output names of the card, not all.

    Attributes:
        inputs: the input names of the card.
        found: the output names that were found.
    """

    def __init__(self, message: str, *, inputs: Names, found: Names) -> None:
        super().__init__(message, found=found)
        self.inputs = inputs


class ColumnOrderError(ColumnsError):
    """The header has the names of the card in a different order.

    Attributes:
        expected: the names in the order of the card.
        found: the names in the order of the file.
        inputs: the input names of the card.
        outputs: the output names of the card; empty if the header lacks some of them.
    """

    def __init__(self, message: str, *, expected: Names, found: Names, inputs: Names, outputs: Names) -> None:
        super().__init__(message, expected=expected, found=found)
        self.inputs = inputs
        self.outputs = outputs


class ChosenOrderError(ColumnsError):
    """The names that were chosen are names of the card, in a different order."""


class ColumnTypeError(ColumnsError):
    """A column that is used does not hold numbers.

    Attributes:
        column: the column, counted from 1.
    """

    def __init__(self, message: str, *, column: int) -> None:
        super().__init__(message, column=column)
