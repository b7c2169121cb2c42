"""Plan a search: rows, folds and ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pybrain_runtime.io.paths import split_ending
from pybrain_runtime.io.printable import enumeration, plural
from training.option_sources import Resolved
from training.options import TrainingOptions
from training.plan import Plan, options_of_the_result, plan_new
from training.rows.reading import read_table
from training.rows.split import Split, split_rows
from training.rows.table import Table
from training.rows.targets import CLASSIFICATION, Rows, check_learnable, rows_of
from training.search.fold_fit import FoldData
from training.search.folds import fold_splits, rows_in
from training.search.ranges import Range, Values, ranges_of
from training.search.trials import Trial, best_of
from training.search.values import applied, default_values
from training.search_options import SearchOptions


@dataclass(frozen=True)
class SearchPlan:
    """A search before its first trial.

    Attributes:
        options: the training options; those that are searched have no effect.
        search: the search options.
        ranges: the ranges to search.
        table: the table with the rows.
        rows: all rows.
        split: the split into test rows and training rows.
        data: the folds of the training rows.
    """

    options: TrainingOptions
    search: SearchOptions
    ranges: tuple[Range, ...]
    table: Table
    rows: Rows
    split: Split
    data: FoldData

    @property
    def metric(self) -> str:
        """The name of the metric reported besides the validation error."""
        return "accuracy" if self.rows.task == CLASSIFICATION else "rmse"

    @property
    def name(self) -> str:
        """The name of the resulting knowledge."""
        return self.options.name or split_ending(self.table.name)[0]

    def line(self) -> str:
        """Return the facts known before the first trial in one line."""
        rows, search = self.rows, self.search
        return (
            f"{self.table.name}: {rows.task} of {enumeration(rows.targets)} from "
            f"{plural(len(rows.features), 'feature')}; rows: {len(self.split.train):,} searched, "
            f"{len(self.split.test):,} test; {plural(search.trials, 'trial')} with {search.folds} folds over "
            f"{', '.join(one.option for one in self.ranges)}"
        )

    def best_line(self, trials: Sequence[Trial]) -> str:
        """Return a line about the best trial.

        Args:
            trials: the completed trials.
        """
        best = best_of(trials)
        if best is None:
            return "none: all trials failed"
        return (
            f"trial {best.number:,}: validation error {best.mean:.6g} (standard deviation {best.deviation:.6g}), "
            f"{self.metric} {best.metric:.6g} with {best.text()}"
        )

    def identity(self) -> dict[str, object]:
        """Return the identity of the search: a search of the same identity can resume it, even with more trials."""
        searched = {one.option for one in self.ranges}
        fixed = options_of_the_result(self.options)
        return {
            "rows": self.table.sha256,
            "ranges": {one.option: one.text for one in self.ranges},
            "folds": self.search.folds,
            **{name: value for name, value in fixed.items() if name not in searched},
        }

    def default_values(self) -> Values | None:
        """Return the values of a trial with the default options; None if they are outside the ranges."""
        classification = self.rows.task == CLASSIFICATION
        return default_values(
            self.options, self.ranges, classification=classification, rows=len(self.split.train)
        )

    def options_of(self, values: Values) -> TrainingOptions:
        """Return the options of a trial.

        Args:
            values: the values of the searched options.
        """
        return applied(self.options, values, self.ranges)

    def final(self, best: Trial) -> Plan:
        """Return the plan of the final training run on all rows except the test rows, with the options of a trial.

        There are no validation rows: the number of epochs is the median of the best epochs of the folds.

        Args:
            best: the trial.
        """
        options = replace(self.options_of(best.values), epochs=best.epochs, patience=0)
        return plan_new(options, self.table, self.rows, self.split)


def plan_search(resolved: Resolved) -> SearchPlan:
    """Create the plan of a search.

    Args:
        resolved: all options.

    Raises:
        PipelineError: a range is invalid, or the rows cannot be trained on.
    """
    options = replace(resolved.training, validation=0.0, refit=False)
    ranges = ranges_of(resolved)
    table = read_table(options.data)
    rows = rows_of(table, options.target, options.features, options.task)
    check_learnable(rows, table.name)
    split = split_rows(rows, validation=0.0, test=options.test, seed=options.seed, name=table.name)
    kept = rows_in(rows, split.train)
    folds = fold_splits(kept, resolved.search.folds, seed=options.seed, name=table.name)
    data = FoldData.of(table, kept, folds)
    return SearchPlan(options, resolved.search, ranges, table, rows, split, data)
