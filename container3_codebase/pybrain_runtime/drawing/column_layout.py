"""The layout of a drawing: columns of boxes, and lanes above and below them for long curves."""

from __future__ import annotations

from dataclasses import dataclass

from pybrain_runtime.drawing.groups import Group, group_connections
from pybrain_runtime.network.description import NetworkDescription

BOX_WIDTH, BOX_HEIGHT = 150, 58
_COLUMN_GAP, _ROW_GAP, _MARGIN = 140, 26, 24
_LANE, _NARROW_LANE, _WIDE_LANES = 24, 9, 12
"""The height of a lane in pixels if there are few and if there are many, and the maximum number of high lanes."""


@dataclass(frozen=True)
class Box:
    """The box of a module.

    Attributes:
        x: left edge.
        y: upper edge.
    """

    x: float
    y: float

    @property
    def middle(self) -> float:
        """Vertical center."""
        return self.y + BOX_HEIGHT / 2

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + BOX_WIDTH


@dataclass(frozen=True)
class Curve:
    """The curve of a group of connections.

    Attributes:
        group: the connections.
        path: the path, in the notation of SVG.
        label_x: horizontal center of the label.
        label_y: vertical center of the label.
    """

    group: Group
    path: str
    label_x: float
    label_y: float


@dataclass(frozen=True)
class Layout:
    """The layout of a network, in pixels.

    Attributes:
        width: width of the drawing.
        height: height of the drawing.
        boxes: one for each module, in the order of the modules.
        curves: one for each group of connections.
    """

    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]


def layout_of(network: NetworkDescription) -> Layout:
    """Return the layout of a network, which is deterministic."""
    groups = group_connections(network)
    depths = _depths(network)
    over, under = _passing_groups(network, groups, depths)
    back = [g for g in groups if g.recurrent]
    columns: list[list[int]] = [[] for _ in range(max(depths) + 1)]
    # Bias units are placed below the other modules of a column.
    for place in sorted(range(len(depths)), key=lambda p: (network.modules[p].kind == "BiasUnit", p)):
        columns[depths[place]].append(place)
    tallest = max(len(column) for column in columns)
    inner = tallest * (BOX_HEIGHT + _ROW_GAP) - _ROW_GAP
    above = _lanes(over, depths)
    below = _lanes([*back, *under], depths)
    lane = _LANE if max(len(above), len(below)) <= _WIDE_LANES else _NARROW_LANE
    heights = [(1 + max(lanes.values(), default=-1)) * lane for lanes in (above, below)]
    top = _MARGIN + heights[0]
    side = _MARGIN + (_COLUMN_GAP // 3 if back else 0)
    boxes = _boxes(columns, top, inner, side)
    bottom = top + inner
    # A box's ports from top to bottom: curves over other columns, to the next column, under other columns, and back.
    ranks = {g: rank for rank, listed in enumerate((over, groups, under, back)) for g in listed}
    ranks |= dict.fromkeys(over, 0)
    curves = _Curves(boxes, ranks)
    drawn = [
        *(curves.straight(g) for g in groups if ranks[g] == 1),
        *(curves.lane(g, top - lane * (number + 0.75)) for g, number in above.items()),
        *(curves.lane(g, bottom + lane * (number + 1)) for g, number in below.items()),
    ]
    return Layout(
        width=2 * side + len(columns) * (BOX_WIDTH + _COLUMN_GAP) - _COLUMN_GAP,
        height=bottom + heights[1] + _MARGIN,
        boxes=tuple(boxes[place] for place in range(len(depths))),
        curves=tuple(drawn),
    )


def _passing_groups(
    network: NetworkDescription, groups: list[Group], depths: list[int]
) -> tuple[list[Group], list[Group]]:
    """Return the groups that pass over other columns and those that pass under them, each with short ones first."""
    passing = [g for g in groups if not g.recurrent and depths[g.target] - depths[g.source] > 1]
    passing.sort(key=lambda g: depths[g.target] - depths[g.source])
    from_below = [g for g in passing if network.modules[g.source].kind == "BiasUnit"]
    return [g for g in passing if g not in from_below], from_below


def _lanes(groups: list[Group], depths: list[int]) -> dict[Group, int]:
    """Return the lane of each group. Groups that share a lane do not overlap."""
    taken: list[list[range]] = []
    lanes: dict[Group, int] = {}
    for group in groups:
        first, last = sorted((depths[group.source], depths[group.target]))
        columns = range(first, last + 1)
        free = (n for n, used in enumerate(taken) if not any(_overlap(columns, other) for other in used))
        number = next(free, len(taken))
        taken += [[]] if number == len(taken) else []
        taken[number].append(columns)
        lanes[group] = number
    return lanes


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def _depths(network: NetworkDescription) -> list[int]:
    """Return the column of each module: one more than the largest column of the modules that feed it."""
    depths = [0] * len(network.modules)
    for connection in sorted(network.connections, key=lambda c: c.source):
        if network.modules[connection.source].kind != "BiasUnit":
            depths[connection.target] = max(depths[connection.target], depths[connection.source] + 1)
    for place, module in enumerate(network.modules):
        if module.kind == "BiasUnit":
            ends = [depths[c.target] for c in network.connections if c.source == place]
            if ends and min(ends) == 0:  # modules that are fed by bias units only come after these
                depths = [d + 1 if p != place and d >= 0 else d for p, d in enumerate(depths)]
                ends = [end + 1 for end in ends]
            depths[place] = min(ends) - 1 if ends else 0
    return depths


def _boxes(columns: list[list[int]], top: float, inner: float, side: float) -> dict[int, Box]:
    boxes = {}
    for number, column in enumerate(columns):
        height = len(column) * (BOX_HEIGHT + _ROW_GAP) - _ROW_GAP
        y = top + (inner - height) / 2
        for row, place in enumerate(column):
            boxes[place] = Box(side + number * (BOX_WIDTH + _COLUMN_GAP), y + row * (BOX_HEIGHT + _ROW_GAP))
    return boxes


class _Curves:
    """Creates curves, which leave boxes on the right and enter them on the left, each at its own port."""

    def __init__(self, boxes: dict[int, Box], ranks: dict[Group, int]) -> None:
        self._boxes = boxes
        self._leaving: dict[int, list[Group]] = {}
        self._entering: dict[int, list[Group]] = {}
        for group in sorted(ranks, key=lambda g: (ranks[g], boxes[g.target].y)):
            self._leaving.setdefault(group.source, []).append(group)
        for group in sorted(ranks, key=lambda g: (ranks[g], boxes[g.source].y)):
            self._entering.setdefault(group.target, []).append(group)

    def straight(self, group: Group) -> Curve:
        """Return the curve of a group from one column to the next."""
        (x, y), (to_x, to_y) = self._start(group), self._end(group)
        bend = (to_x - x) / 2
        path = f"M{x:.0f} {y:.1f}C{x + bend:.0f} {y:.1f} {to_x - bend:.0f} {to_y:.1f} {to_x:.0f} {to_y:.1f}"
        # Labels of curves to the same module are placed at points where the curves are still apart.
        share = 0.4 if len(self._entering[group.target]) > 1 else 0.5
        rest = 1 - share
        label_y = y * (rest**3 + 3 * rest**2 * share) + to_y * (share**3 + 3 * rest * share**2)
        label_x = (
            x * rest**3
            + 3 * (x + bend) * rest**2 * share
            + 3 * (to_x - bend) * rest * share**2
            + to_x * share**3
        )
        return Curve(group, path, label_x, label_y)

    def lane(self, group: Group, lane: float) -> Curve:
        """Return the curve of a group along a lane.

        Args:
            group: the connections.
            lane: y of the lane, above or below all boxes.
        """
        (x, y), (to_x, to_y) = self._start(group), self._end(group)
        reach = 40 if group.recurrent else 60
        if to_x > x:  # forward, past the columns between
            turn, back = x + 2 * reach, to_x - 2 * reach
            path = (
                f"M{x:.0f} {y:.1f}C{x + reach:.0f} {y:.1f} {turn - reach:.0f} {lane:.1f} {turn:.0f} {lane:.1f}"
                f"L{back:.0f} {lane:.1f}"
                f"C{back + reach:.0f} {lane:.1f} {to_x - reach:.0f} {to_y:.1f} {to_x:.0f} {to_y:.1f}"
            )
        else:  # out on the right, back, in on the left
            path = (
                f"M{x:.0f} {y:.1f}C{x + reach:.0f} {y:.1f} {x + reach:.0f} {lane:.1f} {x:.0f} {lane:.1f}"
                f"L{to_x:.0f} {lane:.1f}"
                f"C{to_x - reach:.0f} {lane:.1f} {to_x - reach:.0f} {to_y:.1f} {to_x:.0f} {to_y:.1f}"
            )
        return Curve(group, path, (x + to_x) / 2, lane)

    def _start(self, group: Group) -> tuple[float, float]:
        box = self._boxes[group.source]
        return box.right, _port(
            box, self._leaving[group.source].index(group), len(self._leaving[group.source])
        )

    def _end(self, group: Group) -> tuple[float, float]:
        box = self._boxes[group.target]
        return box.x, _port(box, self._entering[group.target].index(group), len(self._entering[group.target]))


def _port(box: Box, number: int, count: int) -> float:
    return box.y + BOX_HEIGHT * (number + 1) / (count + 1)
