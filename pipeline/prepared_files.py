"""The files of a run: the selected files, and the valid copies that stage 1 prepared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.project import ACTIVATION_FILE, KNOWLEDGE_FILE
from pybrain_runtime import Knowledge
from pybrain_runtime.tables.column_selection import ColumnSelection


@dataclass(frozen=True)
class Selection:
    """The selected files of a run.

    Attributes:
        model: the network's file, links resolved.
        data: the file with the rows, links resolved.
        model_from: the option or variable that selected the network, or "the project's own".
        data_from: the option or variable that selected the rows, or "the project's own".
    """

    model: Path
    data: Path
    model_from: str
    data_from: str


@dataclass(frozen=True)
class PreparedRows:
    """A summary of the rows. They are not kept, because there may be any number of them.

    Attributes:
        count: the number of rows.
        sha256: the hash of the file with the rows, in hexadecimal.
        columns: the columns that are inputs and expected outputs.
        first: the inputs of the first row, shape (indim,).
        prediction: the host's prediction for the first row, shape (outdim,); the containers must predict the same.
        needs_arrow: whether the file can only be read with pyarrow: Parquet and Arrow.
    """

    count: int
    sha256: str
    columns: ColumnSelection
    first: NDArray[np.float64]
    prediction: NDArray[np.float64]
    needs_arrow: bool = False


@dataclass(frozen=True)
class Prepared:
    """The validated files in the folder of stage 1.

    Attributes:
        selection: the selected files, and the options or variables that selected them.
        knowledge: the network, read without executing anything.
        rows: a summary of the rows, all of which fit the network.
        folder: the folder of the copies.
        card: the copy of the model card; None if there is none.
        scaled: the network with the scaling of ``SCALE_INPUTS`` and ``SCALE_OUTPUTS``, as stage 3 uses it.
    """

    selection: Selection
    knowledge: Knowledge
    rows: PreparedRows
    folder: Path
    card: Path | None
    scaled: Knowledge

    @property
    def model(self) -> Path:
        """The copy of the network."""
        return self.folder / KNOWLEDGE_FILE

    @property
    def data(self) -> Path:
        """The copy of the rows."""
        return self.folder / ACTIVATION_FILE
