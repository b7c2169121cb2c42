"""Replacement rows and a replacement network of the same form, with unpredictable outputs.

They are random, new in each evaluation, from a seed that the report shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.project import ACTIVATIONBASE, KNOWLEDGEBASE

Outputs = tuple[NDArray[np.float64], ...]
"""Predictions of shape (rows, outdim), one for each possible choice of input columns."""


@dataclass(frozen=True, eq=False)
class Replacement:
    """Rows and network for a further run, and the predictions of each combination of old and new files.

    Attributes:
        seed: the seed of the random choice.
        rows: the file of rows; empty if the rows are not replaced.
        model: the file of the network; empty if it is not replaced.
        after: the expected prediction with the replaced files.
        before: the prediction with the submission's own files.
        old_rows: the prediction of the new network for the old rows; empty if only one file is replaced.
        old_model: the prediction of the old network for the new rows; empty if only one file is replaced.
        why_no_rows: why the rows are not replaced.
        why_no_model: why the network is not replaced.
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


@dataclass(frozen=True)
class ReplacementFiles:
    """A replacement that is saved in files, so that another process can load it.

    Attributes:
        folder: the folder with the rows, the network, and the predictions.
        seed: the seed of the random choice.
        has_rows: whether the rows are replaced.
        has_model: whether the network is replaced.
        why_no_rows: why the rows are not replaced.
        why_no_model: why the network is not replaced.
    """

    folder: Path
    seed: int
    has_rows: bool
    has_model: bool
    why_no_rows: str = ""
    why_no_model: str = ""

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
        """The new file of each data container; no entry where the file is not replaced."""
        files = ((ACTIVATIONBASE, self.rows, self.has_rows), (KNOWLEDGEBASE, self.model, self.has_model))
        return {role: path for role, path, is_new in files if is_new}

    @property
    def predictions(self) -> Path:
        """The arrays of the predictions."""
        return self.folder / "predictions.npz"


_PREDICTIONS = ("after", "before", "old_rows", "old_model")


def save_replacement(made: Replacement, folder: Path) -> ReplacementFiles:
    """Save a replacement.

    Args:
        made: the replacement.
        folder: the folder for its files.
    """
    kept = ReplacementFiles(
        folder, made.seed, bool(made.rows), bool(made.model), made.why_no_rows, made.why_no_model
    )
    kept.rows.write_bytes(made.rows)
    kept.model.write_bytes(made.model)
    arrays = {
        f"{name}.{place}": array for name in _PREDICTIONS for place, array in enumerate(getattr(made, name))
    }
    np.savez(kept.predictions, **arrays)
    return kept


def load_replacement(kept: ReplacementFiles) -> Replacement:
    """Load a replacement that `save_replacement` wrote."""
    with np.load(kept.predictions, allow_pickle=False) as arrays:
        found = {
            name: tuple(arrays[one] for one in arrays.files if one.partition(".")[0] == name)
            for name in _PREDICTIONS
        }
    return Replacement(
        kept.seed, kept.rows.read_bytes(), kept.model.read_bytes(),
        **found, why_no_rows=kept.why_no_rows, why_no_model=kept.why_no_model,
    )  # fmt: skip
