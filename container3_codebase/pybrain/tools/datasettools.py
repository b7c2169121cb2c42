"""Splits sequences into windows, and scales data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pybrain._typing import StrPath


def convertSequenceToTimeWindows(DSseq: Any, NewClass: Callable[..., Any], winsize: int) -> Any:
    """Split every sequence into windows of a fixed length, one sample each.

    Windows do not overlap; samples at the end of a sequence that do not fill a window are left
    out. The target of a window is that of the last step of its sequence.

    Args:
        DSseq: a SequentialDataSet.
        NewClass: class of the result, called with (indim * winsize, outdim).
        winsize: number of steps per window.
    """
    if winsize < 1:
        raise ValueError(f"a window must have at least 1 step, not {winsize}")
    result = NewClass(DSseq.indim * winsize, DSseq.outdim)
    for index in range(DSseq.getNumSequences()):
        inputs, targets = (np.asarray(field) for field in DSseq.getSequence(index)[:2])
        for end in range(winsize, len(inputs) + 1, winsize):
            result.appendLinked(inputs[end - winsize : end].ravel(), targets[-1])
    return result


def windowSequenceEval(DS: Any, winsz: int, result: Any) -> Any:
    """Compare the predicted classes of windows with those of their sequences.

    Args:
        DS: the SequentialDataSet from which the windows were created.
        winsz: number of steps per window.
        result: predicted class of each window, shape (windows,).

    Returns:
        (classes per step, fraction of sequences whose most frequent class is correct). Steps that no
        window covers have the class -1.
    """
    found = np.ravel(result)
    perStep, right, position = [], 0, 0
    for index in range(DS.getNumSequences()):
        length, target = DS.getSequenceLength(index), np.ravel(DS.getSequence(index)[1][-1])
        wanted = int(target[0]) if target.size == 1 else int(target.argmax())
        windows = found[position : position + length // winsz].astype(int)
        position += len(windows)
        steps = np.full(length, -1)
        steps[: len(windows) * winsz] = np.repeat(windows, winsz)
        perStep.append(steps)
        right += bool(len(windows)) and int(np.bincount(windows).argmax()) == wanted
    return np.concatenate(perStep), right / DS.getNumSequences()


class DataSetNormalizer:
    """Scales every column of a field linearly, by parameters that can be saved in a file.

    Either the smallest and largest value of a column are mapped to `bounds`, or (with `meanstd`)
    columns get mean 0 and standard deviation 1. Files have the format of libsvm's svm-scale.

    Args:
        fname: the file to read the parameters from.
        meanstd: whether to scale to mean 0 and standard deviation 1.
    """

    def __init__(self, fname: StrPath | None = None, meanstd: bool = False) -> None:
        self.dim = 0
        self.meanstd = meanstd
        self.newmin, self.newmax = -1.0, 1.0
        self.scale = np.zeros((0, 2))
        if fname is not None:
            self.load(fname)

    def load(self, fname: StrPath) -> None:
        """Read the parameters from a file that `save` or svm-scale wrote."""
        lines = Path(fname).read_text().split("\n")
        if lines[0].strip() not in ("x", "m"):
            raise ValueError(f"{fname} is not a scaling file: its first line is {lines[0]!r}, not 'x' or 'm'")
        self.meanstd = lines[0].strip() == "m"
        self.newmin, self.newmax = (float(value) for value in lines[1].split())
        rows = {
            int(index): (float(a), float(b))
            for index, a, b in (line.split() for line in lines[2:] if line.strip())
        }
        # svm-scale omits columns with a single value; they stay unchanged.
        self.dim = max(rows, default=0)
        self.scale = np.array([rows.get(index, (np.nan, np.nan)) for index in range(1, self.dim + 1)])

    def save(self, fname: StrPath) -> None:
        """Write the parameters to a file."""
        lines = ["m" if self.meanstd else "x", f"{self.newmin!r} {self.newmax!r}"]
        lines += [
            f"{index} {a!r} {b!r}" for index, (a, b) in enumerate(self.scale.tolist(), start=1) if a == a
        ]
        Path(fname).write_text("\n".join(lines) + "\n")

    def normalizePattern(self, y: Any) -> Any:
        """Return scaled values, shape (..., dim)."""
        y = np.asarray(y, dtype=float)
        if y.shape[-1] != self.dim:
            raise ValueError(f"the scaling is for {self.dim} columns, the data has {y.shape[-1]}")
        first, second = self.scale.T
        flat = np.isnan(first) | (second == (0 if self.meanstd else first))
        width = np.where(flat, 1.0, second if self.meanstd else second - first)
        scaled = (y - first) / width
        if not self.meanstd:
            scaled = self.newmin + scaled * (self.newmax - self.newmin)
        # A column with a single value has no scale.
        return np.where(flat, y, scaled)

    def normalize(self, ds: Any, field: str = "input") -> None:
        """Scale a field of a data set in place.

        Args:
            ds: the data set.
            field: name of the field.
        """
        ds.setField(field, self.normalizePattern(ds[field]))

    def calculate(self, ds: Any, bounds: Sequence[float] = (-1, 1), field: str = "input") -> None:
        """Compute the parameters from a field of a data set.

        Args:
            ds: the data set.
            bounds: (minimum, maximum) of scaled values.
            field: name of the field.
        """
        values = np.asarray(ds[field], dtype=float)
        if not len(values):
            raise ValueError("scaling cannot be computed from an empty data set")
        self.newmin, self.newmax = (float(bound) for bound in bounds)
        self.dim = values.shape[1]
        pair = (
            (values.mean(axis=0), values.std(axis=0))
            if self.meanstd
            else (values.min(axis=0), values.max(axis=0))
        )
        self.scale = np.stack(pair, axis=1)
