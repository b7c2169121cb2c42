"""Propose the values of trials with Optuna's TPE sampler. Requires optuna."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.errors import MissingPackage
from training.search.ranges import Choices, Range, Value, Values, uses
from training.search.trials import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial as OptunaTrial

BATCH = 4
"""The number of trials proposed at a time, constant so that the result is independent of the number of processes."""


def sampler_name() -> str:
    """Return the name of the sampler, with the version of Optuna."""
    from importlib.metadata import version

    return f"TPE of Optuna {version('optuna')}"


class Proposals:
    """Proposes batches of trials.

    A batch depends only on the seed, its number, and the trials before it. The study is kept in memory; persistent
    data is in the journal of the search.

    Args:
        ranges: the ranges to search.
        trainer: the trainer, unless it is searched.
        seed: the seed of the sampler.
        first: the values of the first trial; None to let the sampler choose.

    Raises:
        MissingPackage: Optuna is not installed.
    """

    def __init__(self, ranges: Sequence[Range], trainer: str, seed: int, first: Values | None = None) -> None:
        if find_spec("optuna") is None:
            raise MissingPackage(
                "A search requires optuna.", hint="Install it.", packages=("optuna",), extra="tune"
            )  # fmt: skip
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna = optuna
        self._study = optuna.create_study()
        self._trainer = trainer
        self._seed = seed
        self._first = first
        # The trainer first, because it determines which of the other options have an effect.
        self._ranges = sorted(ranges, key=lambda one: one.option != "trainer")

    def propose(self, batch: int, count: int) -> list[Values]:
        """Return the values of the next trials.

        Args:
            batch: the number of the batch, counted from 0.
            count: the number of trials.
        """
        seed = np.random.SeedSequence([self._seed, batch]).generate_state(1)[0]
        self._study.sampler = self._optuna.samplers.TPESampler(seed=int(seed))
        if self._first is not None and not batch:
            self._study.enqueue_trial(dict(self._first))
        asked = [self._study.ask() for _ in range(count)]
        proposed = [self._values(trial) for trial in asked]
        for trial in asked:  # `add` returns them with their results, even those of a resumed search
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        return proposed

    def add(self, trials: Sequence[Trial]) -> None:
        """Add trials with their results.

        Args:
            trials: the trials, in the order of their numbers.
        """
        states = self._optuna.trial.TrialState
        distributions = {one.option: self._distribution(one) for one in self._ranges}
        for trial in trials:
            self._study.add_trial(
                self._optuna.trial.create_trial(
                    state=states.FAIL if trial.failure else states.COMPLETE,
                    params=dict(trial.values),
                    distributions={name: distributions[name] for name in trial.values},
                    value=None if trial.failure else trial.mean,
                )
            )

    def _values(self, trial: OptunaTrial) -> Values:
        values: dict[str, Value] = {}
        for one in self._ranges:
            trainer = str(values.get("trainer", self._trainer))
            if not uses(trainer, one.option):
                continue
            if isinstance(one, Choices):
                values[one.option] = trial.suggest_categorical(one.option, one.values)
            elif one.whole:
                values[one.option] = trial.suggest_int(one.option, int(one.low), int(one.high), log=one.log)
            else:
                values[one.option] = trial.suggest_float(one.option, one.low, one.high, log=one.log)
        return values

    def _distribution(self, one: Range) -> BaseDistribution:
        made = self._optuna.distributions
        found: BaseDistribution
        if isinstance(one, Choices):
            found = made.CategoricalDistribution(one.values)
        elif one.whole:
            found = made.IntDistribution(int(one.low), int(one.high), log=one.log)
        else:
            found = made.FloatDistribution(one.low, one.high, log=one.log)
        return found
