"""The findings about a knowledge file as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice

from pipeline.advice import OPTIONS
from pybrain_runtime.container.advice import scaling_advice
from pybrain_runtime.inspection import REFUSED, SAFE, Inspection
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.image_input import ImageInput
from pybrain_runtime.network.model_card import Card, Column
from pybrain_runtime.network.stored_scaling import find_scaling

_LISTED, _BESIDE, _READ = 60, 12, 240
_WIDTH = 100
_INDENT = 15
_VERDICTS = {
    SAFE: "safe: read without executing anything; it can run inference",
    REFUSED: "refused: it refers to names that no network needs; nothing was executed",
}


def lines_of(inspection: Inspection) -> Iterator[str]:
    """Yield the lines of the report: the file, the verdict, then its contents as far as it could be read."""
    yield inspection.path
    packing = f", compressed with {inspection.packing}" if inspection.packing else ""
    yield _fact("what it is", (inspection.format or "not a known network format") + packing)
    yield _fact("size", f"{inspection.size:,} bytes")
    yield _fact("sha256", inspection.sha256 or "not computed: the file is too large")
    yield _fact("verdict", _VERDICTS.get(inspection.verdict, "not usable; nothing was executed"))
    if inspection.error is not None:
        yield _fact("because", inspection.error.message)
    if (
        inspection.holds
        and inspection.network is None
        and inspection.holds not in getattr(inspection.error, "message", "")
    ):
        yield _fact("it holds", inspection.holds)
    if inspection.choices:
        listed = ", ".join(_safe(place) for place in inspection.choices[:_BESIDE])
        more = len(inspection.choices) - _BESIDE
        yield _fact(
            "networks", listed + (f" and {more:,} more" if more > 0 else "") + "; choose one with --pick"
        )
    if inspection.network is not None:
        yield from _network(inspection.network)
    if inspection.random:
        yield _fact(
            "at random", "a layer samples its outputs; the same rows give different predictions each time"
        )
    yield from _companions(inspection)
    yield from _card(inspection)
    if inspection.network is not None:
        yield from _tables(inspection.network, "")
    if inspection.names:
        yield ""
        yield f"  names it refers to ({len(inspection.names)})"
        yield from _cut([f"    {_safe(name)}" for name in inspection.names])


def _fact(name: str, text: str) -> str:
    """Return a line that begins with a name; long text is wrapped."""
    if len(text) <= 64:  # a hash is never wrapped
        return f"  {name:<13}{text}"
    lines = textwrap.wrap(text, _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False)
    return f"  {name:<13}" + f"\n{' ' * _INDENT}".join(lines)


def _network(network: NetworkDescription) -> Iterator[str]:
    yield _fact("network", f"{network.kind} '{_safe(network.name)}'")
    sizes = ((network.indim, "input"), (network.outdim, "output"), (network.parameter_count, "parameter"))
    yield _fact("", ", ".join(_count(*size) for size in sizes))
    if network.recurrent:
        steps = f"; saved after step {network.steps_done} of one" if network.steps_done else ""
        yield _fact("", f"recurrent: the rows are the steps of a sequence{steps}")
    if network.differing:
        yield _fact("", network.differing)


def _companions(inspection: Inspection) -> Iterator[str]:
    if inspection.companions:
        first = islice(inspection.companions.items(), _BESIDE)
        texts = [f"{_safe(path)} = {_value(value)}" for path, value in first]
        remaining = len(inspection.companions) - len(texts)
        more = [f"and {remaining:,} more"] if remaining > 0 else []
        yield _fact("beside it", "; ".join([*texts, *more]))
        scaling = find_scaling(inspection.companions)
        if scaling is not None and not (inspection.card and inspection.card.scales):
            yield _fact(
                "",
                scaling_advice(scaling, OPTIONS)
                + " (activate), or the variables SCALE_INPUTS and SCALE_OUTPUTS (the stages and the container)",
            )


def _card(inspection: Inspection) -> Iterator[str]:
    if inspection.card_path is None:
        if inspection.network is not None:
            yield _fact("card", "none beside it: inputs are not scaled, and have no names")
    elif inspection.card is not None:
        yield _fact("card", f"{inspection.card_path}, which matches the network")
        yield from _card_lines(inspection.card)
    elif inspection.card_error is not None:
        yield _fact("card", f"cannot be used: {inspection.card_error.message}")
    else:
        yield _fact("card", f"{inspection.card_path}, not checked because the file has no usable network")


def _card_lines(card: Card) -> Iterator[str]:
    title = ", ".join(_safe(part) for part in (card.name, card.task) if part)
    if title:
        yield _fact("", title)
    for name, columns in (("inputs", card.inputs), ("outputs", card.outputs)):
        names = ", ".join(_column(column) for column in columns if column.name)
        scaled = any((column.mean, column.scale) != (0.0, 1.0) for column in columns)
        if names or scaled or name == "inputs":
            plainly = "scaled" if scaled else "not scaled" if name == "inputs" else ""
            yield _fact("", f"{name}: " + "; ".join(filter(None, (names, plainly))))
    if card.labels:
        yield _fact("", f"classes: {', '.join(_safe(label) for label in card.labels)}")
    if card.image:
        yield _fact("", f"image: {_image(card.image)}")


def _image(image: ImageInput) -> str:
    height, width = image.size
    low, high = image.scale
    parts = [f"{height} x {width} pixels, grey from {low:g} (black) to {high:g} (white)", image.fit]
    if image.invert:
        parts.append("inverted" if image.invert is True else "inverted if its border is bright")
    if image.figure is not None:
        rows, columns = image.figure.bitmap
        parts.append(f"the figure is extracted to a bitmap of {rows} x {columns}")
    return ", ".join(parts)


def _column(column: Column) -> str:
    return _safe(column.name) + (f" ({_safe(column.unit)})" if column.unit else "")


def _tables(network: NetworkDescription, within: str) -> Iterator[str]:
    yield ""
    yield f"  layers{within}"
    yield from _table(
        ("name", "kind", "inputs", "outputs", "parameters", ""),
        [_layer(network, index, module) for index, module in enumerate(network.modules)],
        numbers=(2, 3, 4),
    )
    yield ""
    yield f"  connections{within}"
    yield from _table(
        ("from", "to", "kind", "parameters", ""),
        [
            *(_connection(network, connection, "") for connection in network.connections),
            *(
                _connection(network, connection, "to the next time step")
                for connection in network.recurrent_connections
            ),
        ],
        numbers=(3,),
    )
    if network.mothers:
        yield ""
        yield f"  parameters that connections share{within}"
        yield from _table(("name", "parameters", "connections"), [*_mothers(network)], numbers=(1, 2))
    for module in network.modules:
        if module.network is not None:
            yield from _tables(module.network, f" inside '{_safe(module.name)}'")


def _layer(network: NetworkDescription, index: int, module: ModuleDescription) -> tuple[str, ...]:
    notes = [
        *(["takes the input"] if index in network.inputs else []),
        *(["gives the output"] if index in network.outputs else []),
        *(f"{key} {value}" for key, value in module.options.items()),
    ]
    count = f"{module.parameter_count:,}" if module.parameter_count else ""
    return (
        _safe(module.name), module.kind, str(module.indim), str(module.outdim), count, ", ".join(notes)
    )  # fmt: skip


def _connection(network: NetworkDescription, connection: ConnectionDescription, note: str) -> tuple[str, ...]:
    source, target = network.modules[connection.source], network.modules[connection.target]
    count = "" if connection.parameters is None else f"{connection.parameters.size:,}"
    mother = f"those of {_safe(connection.mother)}" if connection.mother is not None else ""
    return (
        _safe(source.name) + _slice(connection.in_slice, source.outdim),
        _safe(target.name) + _slice(connection.out_slice, target.indim),
        connection.kind,
        count,
        ", ".join(part for part in (note, mother) if part),
    )


def _mothers(network: NetworkDescription) -> Iterator[tuple[str, ...]]:
    for name, numbers in network.mothers.items():
        users = sum(connection.mother == name for connection in network.all_connections())
        yield _safe(name), f"{numbers.size:,}", f"{users:,}"


def _slice(part: tuple[int, int], total: int) -> str:
    return "" if part == (0, total) else f"[{part[0]}:{part[1]}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a table; numeric columns are right-aligned."""
    if not rows:
        yield "    none"
        return
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return ("    " + "  ".join(cells)).rstrip()

    yield line(head)
    yield from _cut([line(row) for row in rows])


def _cut(lines: Sequence[str]) -> list[str]:
    """Return the first lines, and a line with the number of the remaining ones."""
    remaining = len(lines) - _LISTED
    return (
        [*lines[:_LISTED], f"    ... and {remaining:,} more; --json lists all"]
        if remaining > 1
        else list(lines)
    )


def _value(value: object) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None and getattr(value, "size", 0) > 6:
        return f"an array of shape {shape}"
    if isinstance(value, str | bytes):
        value = value[:_READ]  # cut before formatting, because escaping makes it up to four times as long
    return _safe(str(value).replace("\n", " "))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _safe(text: str, length: int = 120) -> str:
    """Return text from a file, without control characters and cut to a maximum length."""
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: length + 1])
    return plain if len(plain) <= length else plain[:length] + "..."
