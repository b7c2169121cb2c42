"""Scaling by what lies beside a network in its file: ``{"network": net, "x_min": ..., "x_max": ...}``.

Nothing is guessed: the caller names what is to be used, and how.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pybrain_runtime.errors import AlreadyScaled, CompanionError, UsageError
from pybrain_runtime.network.model_card import Card, Column

HOW = "LOW..HIGH scales that range to 0..1, MEAN,WIDTH subtracts and divides; both are names of companions"
_SHOWN = 20


def card_with(
    card: Card | None,
    companions: Mapping[str, object],
    *,
    inputs: str | None,
    outputs: str | None,
    indim: int,
    outdim: int,
    file: str,
) -> Card:
    """Return a card that scales by companions; names and labels stay those of the card that there is.

    Args:
        card: the network's card, if it has one.
        companions: numbers and arrays by their place in the file.
        inputs: how inputs are scaled, ``x_min..x_max`` or ``x_mean,x_std``; None leaves them.
        outputs: how answers are turned back, by the same rule; None leaves them.
        indim: inputs of the network.
        outdim: its outputs.
        file: its name, for messages.

    Raises:
        UsageError: it is no such rule, or the card scales already.
        KnowledgeError: there is no such companion, or it is no number for each input or output.
    """
    if card is not None and card.scales:
        raise AlreadyScaled(f"The card of {file} already has a scaling; a second one is not allowed.")
    plain = card or Card("", "", "", (Column(),) * indim, (Column(),) * outdim, ())
    return plain.replace(
        inputs=_scaled(plain.inputs, inputs, companions, file),
        outputs=_scaled(plain.outputs, outputs, companions, file),
    )


def _scaled(
    columns: tuple[Column, ...], rule: str | None, companions: Mapping[str, object], file: str
) -> tuple[Column, ...]:
    if rule is None:
        return columns
    names, is_range = _names(rule)
    first, second = (_numbers(companions, name, len(columns), file) for name in names)
    scales = second - first if is_range else second
    if not scales.all():
        raise CompanionError(f"The scaling rule {rule} of {file} divides by 0.", companion=rule)
    return tuple(
        column.replace(mean=float(mean), scale=float(scale))
        for column, mean, scale in zip(columns, first, scales, strict=True)
    )


def _names(rule: str) -> tuple[list[str], bool]:
    for mark in ("..", ","):
        names = [name.strip() for name in rule.split(mark)]
        if len(names) == 2 and all(names):
            return names, mark == ".."
    raise UsageError(f"{rule!r} is not a valid scaling rule.", hint=f"{HOW}.")


def _with_list(companions: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return companions with a list of numbers as a whole, where its items are kept one by one (``x_min.0``)."""
    items: list[object] = []
    while name not in companions and f"{name}.{len(items)}" in companions:
        items.append(companions[f"{name}.{len(items)}"])
    numeric = [item for item in items if isinstance(item, int | float) and not isinstance(item, bool)]
    return {**companions, name: np.array(numeric)} if items and len(numeric) == len(items) else companions


def _numbers(companions: Mapping[str, object], name: str, count: int, file: str) -> np.ndarray:
    companions = _with_list(companions, name)
    if name not in companions:
        more = f" and {len(companions) - _SHOWN:,} more" if len(companions) > _SHOWN else ""
        there = ", ".join(list(companions)[:_SHOWN]) + more or "nothing"
        raise CompanionError(
            f"{name!r} not found beside the network in {file}; found: {there}.", companion=name
        )
    value = companions[name]
    numeric = isinstance(value, int | float | np.ndarray) and not isinstance(value, bool)
    numbers = np.asarray(value, np.float64).reshape(-1) if numeric else np.empty(0)
    if numbers.size == 1:
        numbers = np.repeat(numbers, count)
    if numbers.size != count or not np.isfinite(numbers).all():
        raise CompanionError(
            f"{name!r} beside the network in {file} must be one finite number, or {count} of them.",
            companion=name,
        )
    return numbers
