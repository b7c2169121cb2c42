"""The loop over the trials: propose a batch, train it on all folds, report the results to the sampler in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from training.options import TrainingOptions
from training.search.fold_fit import FoldTask
from training.search.journal import Journal
from training.search.observer import SearchObserver, SearchProgress
from training.search.plan import SearchPlan
from training.search.proposals import BATCH, Proposals
from training.search.ranges import Values
from training.search.trials import FoldResult, Trial, best_of

if TYPE_CHECKING:
    from training.search.workers import Workers  # imports multiprocessing


class TrialRecorder(Protocol):
    """Records trials for experiment tracking."""

    def trial(self, trial: Trial) -> None:
        """Record a completed trial."""

    def history(self, trials: Sequence[Trial]) -> None:
        """Record the errors of all trials so far.

        Args:
            trials: the completed trials, in the order of their numbers.
        """


class Search:
    """A search in progress.

    Args:
        plan: the search.
        journal: the journal of completed folds.
        workers: the workers that train the folds.
        observer: the observer of the progress.
        recorder: the recorder of the trials.

    Attributes:
        trials: the completed trials, in their order.
    """

    def __init__(
        self,
        plan: SearchPlan,
        journal: Journal,
        workers: Workers,
        observer: SearchObserver,
        recorder: TrialRecorder,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._workers = workers
        self._observer = observer
        self._recorder = recorder
        self._proposals = Proposals(
            plan.ranges, plan.options.trainer, plan.options.seed, plan.default_values()
        )
        self._first: dict[TrainingOptions, int] = {}
        self._best: Trial | None = None
        self.trials: list[Trial] = []

    @property
    def progress(self) -> SearchProgress:
        """The progress of the search."""
        folds = self._journal.count(self._plan.search.trials)
        return SearchProgress(len(self.trials), folds, self._best)

    def run(self, stop: Callable[[], bool]) -> bool:
        """Run all trials.

        Args:
            stop: returns whether to stop.

        Returns:
            Whether all trials are complete.

        Raises:
            PipelineError: a fold cannot be trained, or its result cannot be written.
        """
        total = self._plan.search.trials
        for batch, start in enumerate(range(0, total, BATCH)):
            numbers = range(start + 1, min(start + BATCH, total) + 1)
            values = dict(zip(numbers, self._values(batch, numbers), strict=True))
            known = len(self.trials)
            done = self._batch(values, stop)
            self.trials.sort(key=lambda trial: trial.number)
            if not done:
                return False
            self._proposals.add(self.trials[known:])
            self._recorder.history(self.trials)
        return True

    def _values(self, batch: int, numbers: Sequence[int]) -> list[Values]:
        """Return the values of a batch, from the journal if it has them, otherwise newly proposed."""
        journal = self._journal.values
        if all(number in journal for number in numbers):
            return [journal[number] for number in numbers]
        proposed = self._proposals.propose(batch, len(numbers))
        return [journal.get(number, values) for number, values in zip(numbers, proposed, strict=True)]

    def _batch(self, values: dict[int, Values], stop: Callable[[], bool]) -> bool:
        tasks: list[FoldTask] = []
        copies: dict[int, int] = {}
        for number, found in values.items():
            options = self._plan.options_of(found)
            first = self._first.setdefault(options, number)
            if first != number:
                copies[number] = first
                continue
            results = self._journal.results.get(number, {})
            tasks += [FoldTask(number, fold, options) for fold in self._folds if fold not in results]
            self._complete(number, found)

        def on_result(task: FoldTask, result: FoldResult) -> None:
            self._journal.add(task.trial, values[task.trial], task.fold, result)
            self._complete(task.trial, values[task.trial])
            self._observer.fold(self.progress)

        done = self._workers.run(tasks, on_result, stop)
        for number, first in copies.items():
            self._copy(number, first, values[number])
        return done

    def _copy(self, number: int, first: int, values: Values) -> None:
        """Copy the results of an earlier trial with the same options, which would be identical."""
        results, found = self._journal.results.get(first, {}), self._journal.results.get(number, {})
        if len(results) < len(self._folds):
            return
        for fold, result in sorted(results.items()):
            if fold not in found:
                self._journal.add(number, values, fold, result)
        self._complete(number, values)

    @property
    def _folds(self) -> range:
        return range(self._plan.search.folds)

    def _complete(self, number: int, values: Values) -> None:
        results = self._journal.results.get(number, {})
        if len(results) == len(self._folds):
            trial = Trial(number, values, tuple(results[fold] for fold in self._folds))
            self.trials.append(trial)
            self._best = best_of([trial, self._best] if self._best else [trial])
            self._recorder.trial(trial)
            self._observer.trial(trial, self.progress)
