"""The plots of a search. Requires matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.results.plots import BLUE, GREY, ORANGE, rendered
from training.search.ranges import Choices, Range
from training.search.trials import Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {"optimization_history": "Optimization history", "search_ranges": "Error against each range"}
_COLUMNS = 3
_LABEL = "validation error"


def draw_search(trials: Sequence[Trial], ranges: Sequence[Range]) -> dict[str, bytes]:
    """Draw the plots of a search; return them by file name.

    Args:
        trials: the completed trials, at least one of which has not failed.
        ranges: the searched ranges.

    Raises:
        MissingPackage: matplotlib is not installed.
    """
    return rendered(
        lambda: {"optimization_history": _history(trials), "search_ranges": _ranges(trials, ranges)}
    )


def _history(trials: Sequence[Trial]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    axes = figure.add_subplot()
    scored = [trial for trial in trials if not trial.failure]
    numbers, means = [trial.number for trial in scored], [trial.mean for trial in scored]
    best = [min(means[: place + 1]) for place in range(len(means))]
    deviations = [trial.deviation for trial in scored]
    bars: dict[str, Any] = {"fmt": "o", "markersize": 4, "alpha": 0.7, "color": BLUE, "elinewidth": 0.8}
    axes.errorbar(numbers, means, deviations, label="trial, with standard deviation over the folds", **bars)
    axes.step(numbers, best, where="post", color=ORANGE, label="best so far")
    for place, trial in enumerate(trial for trial in trials if trial.failure):
        axes.axvline(trial.number, color=GREY, linestyle=":", label="failed" if not place else None)
    _scale(axes, means)
    axes.set(title=TITLES["optimization_history"], xlabel="trial", ylabel=f"{_LABEL} (mean over the folds)")
    axes.locator_params(axis="x", integer=True)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _ranges(trials: Sequence[Trial], ranges: Sequence[Range]) -> Figure:
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(ranges))
    lines = -(-len(ranges) // columns)
    figure = Figure(layout="constrained", figsize=(max(6.4, 3.6 * columns), 3.4 * lines))
    for place, one in enumerate(ranges):
        _against(figure.add_subplot(lines, columns, place + 1), one, trials)
    figure.suptitle(TITLES["search_ranges"])
    return figure


def _against(axes: Any, one: Range, trials: Sequence[Trial]) -> None:
    shown = [trial for trial in trials if not trial.failure and one.option in trial.values]
    means = [trial.mean for trial in shown]
    values: list[Any] = [trial.values[one.option] for trial in shown]
    if isinstance(one, Choices):
        values = [one.values.index(value) for value in values]
        axes.set_xticks(range(len(one.values)), [word[:12] for word in one.values], parse_math=False)
        axes.set_xlim(-0.5, len(one.values) - 0.5)
    elif one.log:
        axes.set_xscale("log")
    axes.scatter(values, means, s=18, alpha=0.7, color=BLUE, edgecolors="none")
    _scale(axes, means)
    axes.set(xlabel=one.option, ylabel=_LABEL)


def _scale(axes: Any, errors: Sequence[float]) -> None:
    axes.set_yscale("log" if min(errors, default=0.0) > 0 else "linear")
