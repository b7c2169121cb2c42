"""The rows of a file in memory, and the description of the file for reports."""

from __future__ import annotations

import numpy as np

from pybrain_runtime.io.paths import base
from pybrain_runtime.io.record import Record
from pybrain_runtime.tables.column_selection import ColumnSelection


class Source(Record, eq=True):
    """The activation file of a prediction.

    Attributes:
        file: its name.
        sha256: hash of its content.
        size: its size in bytes.
        columns: number of columns.
        rejected: number of rejected rows.
        rejected_file: name of the file with the rejected rows and the reasons; empty if there are none.
        layout: the selected columns; None if they are unknown.
    """

    file: str
    sha256: str
    size: int
    columns: int
    rejected: int = 0
    rejected_file: str = ""
    layout: ColumnSelection | None = None


class Activation(Record):
    """The rows of a file.

    Attributes:
        path: the path, as it was given.
        sha256: hash of the file, in hexadecimal.
        size: bytes of the file.
        inputs: float64, shape (rows, indim), as given in the file (not scaled).
        targets: the expected outputs, float64, shape (rows, outdim); None if the file has none.
        input_names: the header's names of the inputs; empty if there is no header.
        columns: number of columns in the file.
        layout: the selected columns; None if they are unknown.
    """

    path: str
    sha256: str
    size: int
    inputs: np.ndarray
    targets: np.ndarray | None
    input_names: tuple[str, ...]
    columns: int
    layout: ColumnSelection | None = None

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return base(self.path)

    @property
    def rows(self) -> int:
        """Number of rows, without the header."""
        return len(self.inputs)

    @property
    def source(self) -> Source:
        """The file, as the report of a prediction describes it."""
        return Source(self.name, self.sha256, self.size, self.columns, layout=self.layout)
