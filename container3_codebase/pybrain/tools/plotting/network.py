"""Plots of a network and of its output over a plane of inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain.structure.networks.network import Network


def pyplot() -> Any:
    """Return matplotlib's pyplot.

    Raises:
        ImportError: matplotlib is not installed; the message says how to install it.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plotting needs matplotlib: pip install matplotlib") from error
    return pyplot


def networkLayout(net: Network) -> Any:
    """Return module -> (x, y) for drawing: columns by longest path from an input, rows in order.

    Args:
        net: a sorted network.
    """
    column: dict[Any, float] = dict.fromkeys(net.modulesSorted, 0)
    for module in net.modulesSorted:
        for connection in net.connections[module]:
            column[connection.outmod] = max(column[connection.outmod], column[module] + 1)
    for module in net.modulesSorted:
        # A bias unit is placed right before its target, not at the far left.
        if module not in net.inmodules and column[module] == 0 and net.connections[module]:
            column[module] = min(column[connection.outmod] for connection in net.connections[module]) - 0.5
    columns: dict[float, list[Any]] = {}
    for module in net.modulesSorted:
        columns.setdefault(column[module], []).append(module)
    places = {}
    for x, modules in columns.items():
        for row, module in enumerate(modules):
            places[module] = (float(x), (len(modules) - 1) / 2 - row - (0.8 if x % 1 else 0.0))
    return places


def drawNetwork(net: Network, axes: Any = None) -> Any:
    """Draw the modules of a network as boxes and its connections as arrows.

    Args:
        net: a sorted network.
        axes: matplotlib axes to draw on; None for a new figure.

    Returns:
        The axes.
    """
    axes = pyplot().figure(figsize=(8, 3)).gca() if axes is None else axes
    places = networkLayout(net)
    boxes = {}
    for module, (x, y) in places.items():
        text = f"{module.name}\n{type(module).__name__} {module.outdim}"
        style = {"boxstyle": "round", "facecolor": "w"}
        boxes[module] = axes.text(x, y, text, ha="center", va="center", bbox=style).get_bbox_patch()
    for module in net.modulesSorted:
        for connection in net.connections[module]:
            _drawArrow(axes, places, boxes, connection, "0.3", 0.0)
    for connection in getattr(net, "recurrentConns", []):
        _drawArrow(axes, places, boxes, connection, "tab:red", -0.6)
    x, y = np.array(list(places.values())).T
    axes.set_xlim(x.min() - 0.6, x.max() + 0.6)
    axes.set_ylim(y.min() - 0.8, y.max() + 0.8)
    axes.set_axis_off()
    axes.set_title(f"{net.name}: {net.paramdim} parameters")
    return axes


def _drawArrow(axes: Any, places: Any, boxes: Any, connection: Any, colour: str, bend: float) -> None:
    """Draw one connection from the edge of one box to the edge of another."""
    start, end = places[connection.inmod], places[connection.outmod]
    ends = {"patchA": boxes[connection.inmod], "patchB": boxes[connection.outmod], "shrinkA": 0, "shrinkB": 1}
    if connection.inmod is connection.outmod:
        # An arrow needs some length: a loop leaves and enters below its box.
        start, end, bend, ends = (start[0] + 0.12, start[1] - 0.25), (end[0] - 0.12, end[1] - 0.25), -1.5, {}
    style = {"arrowstyle": "-|>", "color": colour, "connectionstyle": f"arc3,rad={bend}"}
    axes.annotate("", xy=end, xytext=start, arrowprops={**style, **ends})


def surface(
    net: Network, xlim: Any, ylim: Any, steps: int = 60, others: Any = None, columns: Sequence[int] = (0, 1)
) -> Any:
    """Return the outputs of a network over a plane: (x, y, outputs).

    Args:
        net: a network; a recurrent one is reset before each point.
        xlim: range of the first varying input.
        ylim: range of the second varying input.
        steps: number of points along each axis.
        others: values of the other inputs, given for all, shape (indim,); None for zeros.
        columns: the indices of the two varying inputs.

    Returns:
        Arrays of shapes (steps,), (steps,) and (steps, steps, outdim); rows vary y.
    """
    x, y = np.linspace(xlim[0], xlim[1], steps), np.linspace(ylim[0], ylim[1], steps)
    rows = np.tile(np.zeros(net.indim) if others is None else np.asarray(others, dtype=float), (steps**2, 1))
    rows[:, columns[0]] = np.tile(x, steps)
    rows[:, columns[1]] = np.repeat(y, steps)
    outputs = []
    for row in rows:
        net.reset()
        outputs.append(np.array(net.activate(row)))
    return x, y, np.array(outputs).reshape(steps, steps, net.outdim)


def drawDecisionSurface(
    net: Network,
    dataset: Any = None,
    xlim: Any = None,
    ylim: Any = None,
    steps: int = 60,
    output: Any = None,
    axes: Any = None,
) -> Any:
    """Draw the output of a network with two inputs over a plane, with the samples on top.

    With several outputs, colours show the class (the largest output); with one, or if `output`
    selects one, they show its value.

    Args:
        net: a network with two inputs.
        dataset: samples to draw; they also determine the range if none is given.
        xlim: range of the first input; None for that of the samples with a margin, or -1 .. 1.
        ylim: range of the second input; None as for `xlim`.
        steps: number of points along each axis.
        output: index of the output to draw; None for classes.
        axes: matplotlib axes to draw on; None for a new figure.

    Returns:
        The axes.
    """
    if net.indim != 2:
        raise ValueError(f"drawing over a plane needs two inputs; the network has {net.indim}")
    axes = pyplot().figure().gca() if axes is None else axes
    ranges = [(-1.0, 1.0)] * 2
    if dataset is not None and len(dataset):
        inputs = np.asarray(dataset["input"])
        margin = 0.1 * (np.ptp(inputs, axis=0) + 1e-9)
        ranges = list(zip(inputs.min(axis=0) - margin, inputs.max(axis=0) + margin, strict=True))
    x, y, outputs = surface(net, xlim or ranges[0], ylim or ranges[1], steps)
    classes = net.outdim > 1 and output is None
    values = outputs.argmax(axis=2) if classes else outputs[:, :, output or 0]
    levels = np.arange(net.outdim + 1) - 0.5 if classes else 20
    shades = axes.contourf(x, y, values, levels=levels, alpha=0.6)
    bar = axes.figure.colorbar(shades, ax=axes, label="class" if classes else "output")
    if classes:
        bar.set_ticks(range(net.outdim))
    if dataset is not None and len(dataset):
        targets = np.asarray(dataset["target"])
        colours = targets.argmax(axis=1) if targets.shape[1] > 1 else targets[:, 0]
        limits = {"vmin": -0.5, "vmax": net.outdim - 0.5} if classes else {}
        axes.scatter(*inputs.T, c=colours, edgecolors="k", s=20, **limits)
    return axes
