"""Plots of the progress of optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.plotting.network import pyplot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def plotFitnessProgession(
    fitdict: Mapping[str, Any],
    batchsize: int = 1,
    semilog: bool = True,
    targetcutoff: float = 1e-10,
    minimize: bool = True,
    title: Any = None,
    verbose: bool = True,
    varyplotsymbols: bool = False,
) -> Any:
    """Draw mean and standard deviation of the best fitness so far over the number of evaluations.

    Args:
        fitdict: name -> list of runs, each a list of fitnesses per batch (a run may be a single list).
        batchsize: number of evaluations per fitness value.
        semilog: whether the fitness axis is logarithmic.
        targetcutoff: fitness values better than this are drawn as this value.
        minimize: whether smaller fitness values are better.
        title: title of the plot.
        verbose: whether to print one line per name.
        varyplotsymbols: whether to use a different symbol for each name.

    Returns:
        The axes.
    """
    axes = pyplot().figure().gca()
    symbols = "os^dvx+*" if varyplotsymbols else ","
    for number, (name, runs) in enumerate(fitdict.items()):
        best = _bestSoFar(runs, minimize, targetcutoff)
        steps = (np.arange(best.shape[1]) + 1) * batchsize
        axes.errorbar(
            steps, best.mean(axis=0), best.std(axis=0), label=name, marker=symbols[number % len(symbols)]
        )
        if verbose:
            print(f"{name}: {len(best)} runs, {steps[-1]} evaluations, final mean {best[:, -1].mean():g}")
    if semilog:
        axes.set_yscale("log")
    axes.set(xlabel="evaluations", ylabel="fitness", title=title or "")
    axes.legend()
    return axes


def _bestSoFar(runs: Any, minimize: bool, cutoff: float) -> Any:
    """Return the best fitness up to each batch, shape (runs, batches of the shortest run)."""
    runs = [runs] if np.ndim(runs[0]) == 0 else runs
    length = min(len(run) for run in runs)
    table = np.array([list(run)[:length] for run in runs], dtype=float)
    accumulate = np.minimum if minimize else np.maximum
    best = accumulate.accumulate(table, axis=1)
    return np.maximum(best, cutoff) if minimize else best
