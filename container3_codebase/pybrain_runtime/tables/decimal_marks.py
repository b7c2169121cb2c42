"""Decimal commas and thousands separators found in a file.

``1.234`` in one row is ambiguous if other rows have decimal commas such as ``0,5``.
"""

from __future__ import annotations

from pybrain_runtime.errors import ActivationError


class DecimalMarks:
    """The positions of the first decimal comma, and of the first number that may have thousands separators.

    Attributes:
        comma: line of the first decimal comma in a used column; 0 if there is none.
        thousands: line of the first cell such as ``1.234`` in a used column; 0 if there is none.
        cell: that cell and its column, for messages.
    """

    __slots__ = ("cell", "comma", "thousands")

    def __init__(self, comma: int = 0, thousands: int = 0, cell: str = "") -> None:
        self.comma = comma
        self.thousands = thousands
        self.cell = cell

    @property
    def state(self) -> tuple[int, int, str]:
        """The arguments that create an equal object, for checkpoints."""
        return self.comma, self.thousands, self.cell

    def add(self, later: DecimalMarks, file: str) -> None:
        """Merge the marks of a later chunk.

        Args:
            later: the marks of the chunk.
            file: name of the file, for messages.

        Raises:
            ActivationError: the file has both, so that the number is ambiguous.
        """
        self.comma = self.comma or later.comma
        if not self.thousands:
            self.thousands, self.cell = later.thousands, later.cell
        if self.comma and self.thousands:
            raise ActivationError(
                f"{file} line {self.thousands}, {self.cell} may have a thousands separator or a decimal point, "
                f"as line {self.comma} has decimal commas.",
                hint="Write all numbers with a decimal comma, without thousands separators.",
                line=self.thousands,
            )
