"""Plots as PNG and SVG, with fixed metadata, so the same data give the same bytes. Requires matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from pybrain_runtime.errors import MissingPackage
from training.results.chart_data import Confusion, Curve, Residuals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE: dict[Any, object] = {  # matplotlib types each key
    "figure.figsize": (6.4, 4.2),
    "figure.dpi": 110,
    "font.size": 10,
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "svg.hashsalt": "app07",
    "svg.fonttype": "path",
    "backend": "agg",
}
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#666666"
_MOST_LABELS, _MOST_TARGETS, _MOST_POINTS = 30, 4, 5000


def draw(curve: Curve, result: Confusion | Residuals) -> dict[str, bytes]:
    """Draw the plots of a training run; return them by file name.

    Args:
        curve: the learning curve.
        result: the confusion matrix, or expected and predicted values.

    Raises:
        MissingPackage: matplotlib is not installed.
    """

    def figures() -> dict[str, Figure]:
        curves = {"learning_curve": _learning_curve(curve)}
        if isinstance(result, Confusion):
            return {**curves, "confusion_matrix": _confusion_matrix(result)}
        return {**curves, "predicted_expected": _predicted_expected(result), "residuals": _residuals(result)}

    return rendered(figures)


def rendered(make: Callable[[], Mapping[str, Figure]]) -> dict[str, bytes]:
    """Render figures as PNG and SVG; return them by file name.

    Args:
        make: creates the figures by name; called with the style set.

    Raises:
        MissingPackage: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingPackage(
            "Drawing plots needs matplotlib.",
            hint="Install it, and train again.",
            packages=("matplotlib",),
            extra="plot",
        )
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # ignore the user's matplotlibrc
        matplotlib.rcParams.update(_STYLE)
        return {
            f"{stem}.{kind}": content for stem, figure in make().items() for kind, content in _saved(figure)
        }


def _saved(figure: Figure) -> list[tuple[str, bytes]]:
    metadata: Mapping[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
    }
    contents = []
    for kind, about in metadata.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata=about)
        contents.append((kind, buffer.getvalue()))
    return contents


def _axes(columns: int = 1) -> tuple[Figure, list[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained", figsize=(max(6.4, 4.6 * columns), 4.2))
    return figure, [figure.add_subplot(1, columns, place + 1) for place in range(columns)]


def _learning_curve(curve: Curve) -> Figure:
    figure, (axes,) = _axes()
    epochs = [errors.epoch for errors in curve.history]
    axes.plot(epochs, [errors.train for errors in curve.history], color=BLUE, label="training")
    if curve.measured == "validation":
        axes.plot(epochs, [errors.validation for errors in curve.history], color=ORANGE, label="validation")
    if curve.best_epoch:
        axes.axvline(curve.best_epoch, color=GREY, linestyle=":", label=f"best epoch ({curve.best_epoch:,})")
    smallest = min(min(errors.train, errors.validation) for errors in curve.history)
    axes.set_yscale("log" if smallest > 0 else "linear")
    axes.set(title="Learning curve", xlabel="epoch", ylabel="half the mean squared error")
    axes.legend()
    return figure


def _confusion_matrix(confusion: Confusion) -> Figure:
    figure, (axes,) = _axes()
    counts, size = confusion.counts, len(confusion.labels)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    figure.colorbar(image, label="share of the expected class")
    axes.grid(False)
    if size <= _MOST_LABELS:
        labels = [label if len(label) <= 16 else label[:15] + "…" for label in confusion.labels]
        axes.set_xticks(range(size), labels, rotation=45, ha="right", parse_math=False)
        axes.set_yticks(range(size), labels, parse_math=False)
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, f"{count:,}", ha="center", va="center", color=color)
    axes.set(title=f"Confusion matrix ({confusion.part})", xlabel="predicted", ylabel="expected")
    return figure


def _predicted_expected(found: Residuals) -> Figure:
    shown = list(found.names[:_MOST_TARGETS])
    figure, all_axes = _axes(len(shown))
    for place, (axes, name) in enumerate(zip(all_axes, shown, strict=True)):
        expected, predicted = found.expected[:_MOST_POINTS, place], found.predicted[:_MOST_POINTS, place]
        axes.scatter(expected, predicted, s=14, alpha=0.6, color=BLUE, edgecolors="none")
        low, high = min(expected.min(), predicted.min()), max(expected.max(), predicted.max())
        axes.plot([low, high], [low, high], color=GREY, linestyle=":")
        axes.set(xlabel="expected", ylabel="predicted")
        axes.set_title(f"{name} ({found.part})", parse_math=False)
    return figure


def _residuals(found: Residuals) -> Figure:
    shown = list(found.names[:_MOST_TARGETS])
    figure, all_axes = _axes(len(shown))
    for place, (axes, name) in enumerate(zip(all_axes, shown, strict=True)):
        axes.hist(found.expected[:, place] - found.predicted[:, place], bins=20, color=BLUE, alpha=0.8)
        axes.axvline(0.0, color=GREY, linestyle=":")
        axes.set(xlabel="expected - predicted", ylabel="rows")
        axes.set_title(f"Residuals of {name} ({found.part})", parse_math=False)
    return figure
