"""The expected class of a row, as text, and its index among the classes of the model card."""

from __future__ import annotations

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import enumeration, quoted, shortened
from pybrain_runtime.tables.schema import TableSchema

CLASS_COLUMN = "predicted_class"
"""The name of the column with the predicted class, in frames and files, if the card has classes."""


class ClassLabels:
    """Finds classes by their text.

    Attributes:
        places: the index of each class, by its label.

    Args:
        file: the file's name, for messages.
        row_word: the word for a row in messages, ``line`` or ``row``.
        schema: the columns that the network expects.
    """

    def __init__(self, file: str, row_word: str, schema: TableSchema) -> None:
        self.places = {name.strip(): place for place, name in enumerate(schema.classes)}
        self._file = file
        self._row_word = row_word
        self._schema = schema

    def place(self, text: str, line: int, column: int, name: str) -> int:
        """Return the index of a class.

        Args:
            text: the class.
            line: its line, for messages.
            column: its column, counted from 0.
            name: the name of the column.

        Raises:
            ActivationError: the card has no such class.
        """
        found = self.places.get(text)
        if found is None:
            what = f"{quoted(text)} is not a class of the card" if text else "the class is missing"
            raise ActivationError(
                f"{self._file} {self._row_word} {line}, column {column + 1} ({shortened(name)}): {what}.",
                hint=f"The classes of {self._schema.network} are: {enumeration(self._schema.classes)}.",
                line=line,
                column=column + 1,
            )
        return found
