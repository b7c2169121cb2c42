"""What is told about the progress of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from training.observer import Observer

if TYPE_CHECKING:
    from training.search.plan import SearchPlan
    from training.search.trials import Trial


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is.

    Attributes:
        trials: how many trials are complete.
        folds: how many folds are done, those of incomplete trials included.
        best: the best trial so far.
    """

    trials: int
    folds: int
    best: Trial | None


class SearchObserver(Observer, Protocol):
    """Is told about the progress of a search and of the final training."""

    def searching(self, plan: SearchPlan) -> None:
        """Show what is known before the first trial."""

    def fold(self, progress: SearchProgress) -> None:
        """Show that a fold is done."""

    def trial(self, trial: Trial, progress: SearchProgress) -> None:
        """Show that a trial is complete."""
