"""Trainings for the tests: small tables, and a run in this process that records what it reports."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common.project import PROJECT
from training.fitting.fit import EpochErrors, Fit
from training.fitting.refit import Refit
from training.options import TrainingOptions
from training.outcome import Outcome
from training.plan import Plan
from training.scenarios import create, refine

IRIS = PROJECT.learning_base
_START = "import sys; from pipeline.cli import main; sys.exit(main())"


class Recorder:
    """Records what a training reports; requests its end after an epoch.

    Args:
        stop_after: the epoch; None for no end.
        stop_refit_after: the same of a refit.
    """

    def __init__(self, stop_after: int | None = None, stop_refit_after: int | None = None) -> None:
        self.epochs: list[EpochErrors] = []
        self.refit_epochs: list[EpochErrors] = []
        self.refits: list[tuple[int, int]] = []
        self.notes: list[str] = []
        self.plan: Plan | None = None
        self._stop_after = stop_after
        self._stop_refit_after = stop_refit_after

    def planned(self, plan: Plan) -> None:
        self.plan = plan

    def epoch(self, errors: EpochErrors, fit: Fit) -> None:
        (self.refit_epochs if isinstance(fit, Refit) else self.epochs).append(errors)

    def refitting(self, rows: int, epochs: int) -> None:
        self.refits.append((rows, epochs))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def stop_requested(self) -> bool:
        if self._stop_refit_after is not None and len(self.refit_epochs) >= self._stop_refit_after:
            return True
        return self._stop_after is not None and len(self.epochs) >= self._stop_after


def created(data: Path, out: Path, recorder: Recorder | None = None, **options: Any) -> Outcome:
    """Train new knowledge; no plots unless they are asked for."""
    options = {"plots": False, **options}
    return create(TrainingOptions(data=str(data), out=str(out), **options), recorder or Recorder())


def refined(model: Path, data: Path, out: Path, **options: Any) -> Outcome:
    """Train existing knowledge further."""
    options = {"plots": False, **options}
    return refine(TrainingOptions(model=str(model), data=str(data), out=str(out), **options), Recorder())


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m training``."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TRAIN_")}
    return subprocess.run(
        [sys.executable, "-m", "training", *arguments], env={**inherited, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def command(*arguments: str, start: str = _START, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line; `start` is the code that starts it. Trainings are local, unless an engine is named."""
    if arguments[0] in ("train", "refine", "score", "tune") and "--engine" not in arguments:
        arguments = (arguments[0], "--engine", "local", *arguments[1:])
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TRAIN_")}
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        env={**inherited, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def plane(path: Path, rows: int = 80, targets: int = 2, seed: int = 3) -> Path:
    """Write a regression table: two features, and targets that are sums of them."""
    generator = np.random.default_rng(seed)
    features = generator.normal(5.0, 2.0, (rows, 2))
    values = [features @ [1.0 + target, -2.0] + 100.0 * target for target in range(targets)]
    table = np.column_stack([features, *values])
    names = ["a", "b", *(f"y{target}" for target in range(targets))]
    return write_table(path, names, [[repr(float(cell)) for cell in row] for row in table])


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of all files of a folder but its lock; the record of the run is in a folder of its own."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != ".lock"
    }


def number(values: object, *keys: str) -> float:
    """Return a number in nested dictionaries, such as ``number(outcome.metrics, "test", "accuracy")``."""
    for key in keys:
        assert isinstance(values, dict)
        values = values[key]
    assert isinstance(values, int | float)
    return values
