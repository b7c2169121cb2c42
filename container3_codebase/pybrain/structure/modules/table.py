"""A table of numbers, looked up by row and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.modules.module import Module
from pybrain.structure.parametercontainer import ParameterContainer

if TYPE_CHECKING:
    from pybrain._typing import Array


class Table(Module, ParameterContainer):
    """Returns the value at a row and a column; shape (2,) to (1,). The values are the parameters, row by row.

    Args:
        numRows: number of rows.
        numColumns: number of columns.
        name: name; generated if None.
    """

    numRows = 0
    numColumns = 0

    def __init__(self, numRows: int, numColumns: int, name: str | None = None) -> None:
        Module.__init__(self, 2, 1, name)
        ParameterContainer.__init__(self, numRows * numColumns)
        self.setArgs(numRows=numRows, numColumns=numColumns)

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        outbuf[0] = self.getValue(inbuf[0], inbuf[1])

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        derivs = self.derivs
        derivs[self._index(inbuf[0], inbuf[1])] += outerr[0]
        inerr[:] = 0.0

    def updateValue(self, row: float, column: float, value: float) -> None:
        """Set the value at a row and a column.

        Args:
            row: index of the row.
            column: index of the column.
            value: the new value.
        """
        self.params[self._index(row, column)] = value

    def getValue(self, row: float, column: float) -> float:
        """Return the value at a row and a column.

        Args:
            row: index of the row.
            column: index of the column.
        """
        return self.params[self._index(row, column)]

    def _index(self, row: float, column: float) -> int:
        i, j = int(row), int(column)
        if i != row or j != column or not (0 <= i < self.numRows and 0 <= j < self.numColumns):
            raise ValueError(
                f"{self.name}: row {row}, column {column} is not in a table of "
                f"{self.numRows} rows and {self.numColumns} columns"
            )
        return i * self.numColumns + j
