"""Plots for all combinations of options."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from pybrain.tools.plotting.network import pyplot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


def plotVariations(
    datalist: Iterable[Any],
    titles: Iterable[str],
    genFun: Callable[..., Any],
    varyperplot: Any = None,
    prePlotFun: Callable[..., Any] | None = None,
    postPlotFun: Callable[..., Any] | None = None,
    _differentiator: float = 0.0,
    **optionlists: Any,
) -> Any:
    """Draw lines for every combination of options.

    Args:
        datalist: data sets, each drawn in its own figures.
        titles: titles, one per data set.
        genFun: takes a data set and options, and returns an array of shape (n,).
        varyperplot: names of options whose values share a figure; the others get their own figures.
        prePlotFun: called with the data set before each figure.
        postPlotFun: called with the data set after each figure.
        _differentiator: offset between lines, so that equal lines can be distinguished.
        **optionlists: option -> list of values.

    Returns:
        The list of matplotlib axes.
    """
    plt = pyplot()
    inside = {name: values for name, values in optionlists.items() if name in (varyperplot or ())}
    outside = {name: values for name, values in optionlists.items() if name not in inside}
    drawn = []
    for data, title in zip(datalist, titles, strict=True):
        for fixed in _combinations(outside):
            axes = plt.figure().gca()
            if prePlotFun is not None:
                prePlotFun(data)
            for number, varied in enumerate(_combinations(inside)):
                values = genFun(data, **fixed, **varied)
                axes.plot(values + number * _differentiator, label=_words(varied))
            if postPlotFun is not None:
                postPlotFun(data)
            axes.set_title(f"{title} {_words(fixed)}".strip())
            if inside:
                axes.legend()
            drawn.append(axes)
    return drawn


def _combinations(optionlists: Mapping[str, Any]) -> Any:
    return [dict(zip(optionlists, values, strict=True)) for values in product(*optionlists.values())]


def _words(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())
