"""The findings about a knowledge file as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice

from pipeline.advice import OPTIONS
from pybrain_runtime.container.advice import scaling_advice
from pybrain_runtime.inspection import REFUSED, SAFE, Inspection
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.model_card import Card, Column
from pybrain_runtime.network.stored_scaling import find_scaling

_LISTED, _BESIDE, _READ = 60, 12, 240
_WIDTH = 100
_INDENT = 15
_VERDICTS = {
    SAFE: "safe: read without executing anything; it can run inference",
    REFUSED: "refused: it refers to names that no network needs; nothing was executed",
}


def lines_of(found: Inspection) -> Iterator[str]:
    """Yield the lines of the report: the file, the verdict, then its contents as far as it could be read."""
    yield found.path
    packing = f", compressed with {found.packing}" if found.packing else ""
    yield _fact("what it is", (found.format or "not a format of networks") + packing)
    yield _fact("size", f"{found.size:,} bytes")
    yield _fact("sha256", found.sha256 or "not computed: the file is too large")
    yield _fact("verdict", _VERDICTS.get(found.verdict, "not usable; nothing was executed"))
    if found.error is not None:
        yield _fact("because", found.error.message)
    if found.holds and found.network is None and found.holds not in getattr(found.error, "message", ""):
        yield _fact("it holds", found.holds)
    if found.network is not None:
        yield from _network(found.network)
    if found.random:
        yield _fact(
            "at random", "a layer samples its outputs; the same rows give different predictions each time"
        )
    yield from _companions(found)
    yield from _card(found)
    if found.network is not None:
        yield from _tables(found.network, "")
    if found.names:
        yield ""
        yield f"  names it refers to ({len(found.names)})"
        yield from _cut([f"    {_safe(name)}" for name in found.names])


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


def _companions(found: Inspection) -> Iterator[str]:
    if found.companions:
        first = islice(found.companions.items(), _BESIDE)
        beside = [f"{_safe(place)} = {_value(value)}" for place, value in first]
        left = len(found.companions) - len(beside)
        more = [f"and {left:,} more"] if left > 0 else []
        yield _fact("beside it", "; ".join([*beside, *more]))
        scaling = find_scaling(found.companions)
        if scaling is not None and not (found.card and found.card.scales):
            yield _fact(
                "",
                scaling_advice(scaling, OPTIONS)
                + " (activate), or the variables SCALE_INPUTS and SCALE_OUTPUTS (the stages and the container)",
            )


def _card(found: Inspection) -> Iterator[str]:
    if found.card_path is None:
        if found.network is not None:
            yield _fact("card", "none beside it")
    elif found.card is not None:
        yield _fact("card", f"{found.card_path}, which fits the network")
        yield from _card_lines(found.card)
    elif found.card_error is not None:
        yield _fact("card", f"cannot be used: {found.card_error.message}")
    else:
        yield _fact("card", f"{found.card_path}, not checked because there is no network to check it with")


def _card_lines(card: Card) -> Iterator[str]:
    about = ", ".join(_safe(part) for part in (card.name, card.task) if part)
    if about:
        yield _fact("", about)
    for name, columns in (("inputs", card.inputs), ("outputs", card.outputs)):
        listed = ", ".join(_column(column) for column in columns if column.name)
        if listed:
            scaled = any((column.mean, column.scale) != (0.0, 1.0) for column in columns)
            yield _fact("", f"{name}: {listed}{'; scaled' if scaled else ''}")
    if card.labels:
        yield _fact("", f"classes: {', '.join(_safe(label) for label in card.labels)}")


def _column(column: Column) -> str:
    return _safe(column.name) + (f" ({_safe(column.unit)})" if column.unit else "")


def _tables(network: NetworkDescription, within: str) -> Iterator[str]:
    yield ""
    yield f"  layers{within}"
    yield from _table(
        ("name", "kind", "inputs", "outputs", "parameters", ""),
        [_layer(network, place, module) for place, module in enumerate(network.modules)],
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


def _layer(network: NetworkDescription, place: int, module: ModuleDescription) -> tuple[str, ...]:
    notes = [
        *(["takes the input"] if place in network.inputs else []),
        *(["gives the output"] if place in network.outputs else []),
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


def _slice(part: tuple[int, int], whole: int) -> str:
    return "" if part == (0, whole) else f"[{part[0]}:{part[1]}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a table; columns of numbers are aligned to the right."""
    if not rows:
        yield "    none"
        return
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return ("    " + "  ".join(cells)).rstrip()

    yield line(head)
    yield from _cut([line(row) for row in rows])


def _cut(lines: Sequence[str]) -> list[str]:
    """Return the first lines, and a line with the number of the others."""
    left = len(lines) - _LISTED
    return [*lines[:_LISTED], f"    ... and {left:,} more; --json lists all"] if left > 1 else list(lines)


def _value(value: object) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None and getattr(value, "size", 0) > 6:
        return f"an array of shape {shape}"
    if isinstance(value, str | bytes):
        value = value[:_READ]  # cut before it is formatted, because escapes make it up to four times as long
    return _safe(str(value).replace("\n", " "))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _safe(text: str, length: int = 120) -> str:
    """Return text from a file without control characters, cut to a length."""
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: length + 1])
    return plain if len(plain) <= length else plain[:length] + "..."
