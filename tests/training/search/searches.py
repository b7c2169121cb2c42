"""Searches for the tests: tiny tables, few epochs, in this process unless processes are asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.training.runs import IRIS, Recorder
from training.option_sources import resolve_all
from training.search.observer import SearchProgress
from training.search.plan import SearchPlan
from training.search.trials import Trial
from training.search.tune import SearchOutcome, tune

FEW = {"epochs": 8, "patience": 0, "folds": 3, "trials": 6, "plots": False, "jobs": 1}


class SearchRecorder(Recorder):
    """Records what a search reports; requests its end after some folds, or epochs of the final training.

    Args:
        stop_after: the number of folds; None for no end.
        stop_after_epochs: the number of epochs; None for no end.
    """

    def __init__(self, stop_after: int | None = None, stop_after_epochs: int | None = None) -> None:
        super().__init__(stop_after_epochs)
        self.done = 0
        self.trials: list[Trial] = []
        self._stop_after_folds = stop_after

    def searching(self, plan: SearchPlan) -> None:
        self.searched = plan

    def fold(self, progress: SearchProgress) -> None:
        self.done += 1

    def trial(self, trial: Trial, progress: SearchProgress) -> None:
        self.trials.append(trial)

    def stop_requested(self) -> bool:
        return super().stop_requested() or (
            self._stop_after_folds is not None and self.done >= self._stop_after_folds
        )


def tuned(
    out: Path, *ranges: str, data: Path = IRIS, recorder: SearchRecorder | None = None, **options: Any
) -> SearchOutcome:
    """Search for options."""
    given = {**FEW, "data": str(data), "out": str(out), **options}
    if ranges:
        given["range"] = list(ranges)
    return tune(resolve_all(given, {}), recorder or SearchRecorder())


def started(out: Path, *options: str) -> subprocess.Popen[str]:
    """Start ``python -m training tune``."""
    few = [
        word
        for name, value in FEW.items()
        if name not in ("plots", "jobs")
        for word in (f"--{name}", str(value))
    ]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TRAIN_")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "training", "tune", "--data", str(IRIS), "--out", str(out), "--no-plots", *few,
         *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=inherited,
    )  # fmt: skip
