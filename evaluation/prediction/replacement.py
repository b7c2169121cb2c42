"""Other rows and another network of the same form, whose answer nobody can know beforehand.

They are chosen at random, fresh for each evaluation, from a seed that stands in the report. Of several candidates one
is taken whose answer differs clearly from the submission's own, and from what only one of the two exchanges gives.
Everything here is values in, values out: nothing is executed, and no engine is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Outputs = tuple[NDArray[np.float64], ...]
"""What is predicted, shape (rows, outdim), one for each way the rows can be meant."""


@dataclass(frozen=True, eq=False)
class Replacement:
    """Rows and network for a further run, and what each combination of old and new answers.

    Attributes:
        seed: they were made from it.
        rows: the file of rows; empty where the rows stay as they are.
        model: the file of the network; empty where it stays as it is.
        after: what must be predicted.
        before: what the submission's own files give.
        old_rows: what the new network gives for the old rows; empty where one of them stays.
        old_model: what the old network gives for the new rows; empty where one of them stays.
        why_no_rows: why the rows stay, in words.
        why_no_model: why the network stays, in words.
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
    """An exchange in files of ours, so that another process can read it.

    Attributes:
        folder: where they lie: the rows, the network, and what each combination answers.
        seed: they were made from it.
        has_rows: whether the rows are other ones.
        has_model: whether the network is another one.
        why_no_rows: why the rows stay, in words.
        why_no_model: why the network stays, in words.
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
        return self.folder / "made-rows"

    @property
    def model(self) -> Path:
        """The file of the network."""
        return self.folder / "made-model"

    @property
    def answers(self) -> Path:
        """The arrays of what is predicted."""
        return self.folder / "made-answers.npz"


_ANSWERS = ("after", "before", "old_rows", "old_model")


def save_replacement(made: Replacement, folder: Path) -> ReplacementFiles:
    """Writes an exchange into a folder of ours."""
    kept = ReplacementFiles(
        folder, made.seed, bool(made.rows), bool(made.model), made.why_no_rows, made.why_no_model
    )
    kept.rows.write_bytes(made.rows)
    kept.model.write_bytes(made.model)
    arrays = {
        f"{name}.{place}": array for name in _ANSWERS for place, array in enumerate(getattr(made, name))
    }
    np.savez(kept.answers, **arrays)
    return kept


def load_replacement(kept: ReplacementFiles) -> Replacement:
    """Reads what `keep` wrote."""
    with np.load(kept.answers, allow_pickle=False) as arrays:
        found = {
            name: tuple(arrays[one] for one in arrays.files if one.partition(".")[0] == name)
            for name in _ANSWERS
        }
    return Replacement(
        kept.seed, kept.rows.read_bytes(), kept.model.read_bytes(),
        **found, why_no_rows=kept.why_no_rows, why_no_model=kept.why_no_model,
    )  # fmt: skip


# --- rows
