"""Replacement rows and a replacement network of the same form, with unpredictable outputs.

They are random and differ in each evaluation; the report shows the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.project import ACTIVATIONBASE, KNOWLEDGEBASE

Outputs = tuple[NDArray[np.float64], ...]
"""Predictions of shape (rows, outdim), one for each possible choice of input columns."""


@dataclass(frozen=True, eq=False)
class Replacement:
    """Rows and network for another run, with the predictions of each combination of old and new files.

    Attributes:
        seed: the seed of the random numbers.
        rows: the content of the file of rows; empty if the rows are not replaced.
        model: the content of the network's file; empty if the network is not replaced.
        after: the expected prediction with the replaced files.
        before: the prediction with the submission's own files.
        old_rows: the prediction of the new network for the old rows; empty if only one file is replaced.
        old_model: the prediction of the old network for the new rows; empty if only one file is replaced.
        why_no_rows: why the rows are not replaced.
        why_no_model: why the network is not replaced.
        labels: the class labels, if the stack shows nothing else; empty if it shows outputs.
        classes: the number of classes from which that of the first row was drawn.
    """

    seed: int
    rows: bytes
    model: bytes
    after: Outputs
    before: Outputs
    old_rows: Outputs = ()
    old_model: Outputs = ()
    why_no_rows: str = ""
    why_no_model: str = ""
    labels: tuple[str, ...] = ()
    classes: int = 0


@dataclass(frozen=True)
class ReplacementFiles:
    """A replacement saved in files, so that another process can load it.

    Attributes:
        folder: the folder with the rows, the network, and the predictions.
        seed: the seed of the random numbers.
        has_rows: whether the rows are replaced.
        has_model: whether the network is replaced.
        why_no_rows: why the rows are not replaced.
        why_no_model: why the network is not replaced.
        labels: the class labels, if the stack shows nothing else; empty if it shows outputs.
        classes: the number of classes from which that of the first row was drawn.
    """

    folder: Path
    seed: int
    has_rows: bool
    has_model: bool
    why_no_rows: str = ""
    why_no_model: str = ""
    labels: tuple[str, ...] = ()
    classes: int = 0

    @property
    def rows(self) -> Path:
        """The file of rows."""
        return self.folder / "new-rows"

    @property
    def model(self) -> Path:
        """The file of the network."""
        return self.folder / "new-model"

    @property
    def replaced(self) -> dict[str, Path]:
        """The new file of each data container; no entry if its file is not replaced."""
        files = ((ACTIVATIONBASE, self.rows, self.has_rows), (KNOWLEDGEBASE, self.model, self.has_model))
        return {role: path for role, path, is_new in files if is_new}

    @property
    def predictions(self) -> Path:
        """The file with the arrays of the predictions."""
        return self.folder / "predictions.npz"


_PREDICTIONS = ("after", "before", "old_rows", "old_model")


def save_replacement(replacement: Replacement, folder: Path) -> ReplacementFiles:
    """Save a replacement.

    Args:
        replacement: the replacement.
        folder: the folder for its files.
    """
    files = ReplacementFiles(
        folder,
        replacement.seed,
        bool(replacement.rows),
        bool(replacement.model),
        replacement.why_no_rows,
        replacement.why_no_model,
        replacement.labels,
        replacement.classes,
    )
    files.rows.write_bytes(replacement.rows)
    files.model.write_bytes(replacement.model)
    arrays = {
        f"{name}.{index}": array
        for name in _PREDICTIONS
        for index, array in enumerate(getattr(replacement, name))
    }
    np.savez(files.predictions, **arrays)
    return files


def load_replacement(files: ReplacementFiles) -> Replacement:
    """Load a replacement that `save_replacement` wrote."""
    with np.load(files.predictions, allow_pickle=False) as arrays:
        predictions = {
            name: tuple(arrays[key] for key in arrays.files if key.partition(".")[0] == name)
            for name in _PREDICTIONS
        }
    return Replacement(
        files.seed, files.rows.read_bytes(), files.model.read_bytes(),
        **predictions, why_no_rows=files.why_no_rows, why_no_model=files.why_no_model,
        labels=files.labels, classes=files.classes,
    )  # fmt: skip
