"""Observers of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from training.observer import Observer

if TYPE_CHECKING:
    from training.search.plan import SearchPlan
    from training.search.trials import Trial


@dataclass(frozen=True)
class SearchProgress:
    """The progress of a search.

    Attributes:
        trials: the number of completed trials.
        folds: the number of completed folds, including those of incomplete trials.
        best: the best trial so far.
    """

    trials: int
    folds: int
    best: Trial | None


class SearchObserver(Observer, Protocol):
    """Receives the progress of a search and of the final training run."""

    def searching(self, plan: SearchPlan) -> None:
        """Show the facts known before the first trial."""

    def fold(self, progress: SearchProgress) -> None:
        """Show that a fold is complete."""

    def trial(self, trial: Trial, progress: SearchProgress) -> None:
        """Show that a trial is complete.

        Args:
            trial: the trial.
            progress: the progress of the search.
        """
