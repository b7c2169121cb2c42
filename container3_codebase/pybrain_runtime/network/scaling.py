"""Scaling by values beside a network in its file: ``{"network": net, "x_min": ..., "x_max": ...}``.

The caller specifies which values are used, and how.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pybrain_runtime.errors import AlreadyScaled, CompanionError, UsageError
from pybrain_runtime.network.model_card import Card, Column

HOW = "LOW..HIGH scales that range to 0..1, MEAN,WIDTH subtracts and divides; both are names of companions"
_LISTED = 20


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
    """Return a model card that scales by companions; names and labels come from the existing card.

    Args:
        card: the existing card; None if there is none.
        companions: numbers and arrays by their keys in the file.
        inputs: the scaling rule of the inputs, ``x_min..x_max`` or ``x_mean,x_std``; None does not scale.
        outputs: the scaling rule of the outputs, which are scaled back; None does not scale.
        indim: number of inputs of the network.
        outdim: number of outputs of the network.
        file: name of the file, for messages.

    Raises:
        UsageError: a rule is not valid, or the card has a scaling.
        CompanionError: a companion is not found, or is neither a single number nor one for each input or output.
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
    """Return companions with a list of numbers as one array, if its items have their own keys (``x_min.0``)."""
    items: list[object] = []
    while name not in companions and f"{name}.{len(items)}" in companions:
        items.append(companions[f"{name}.{len(items)}"])
    numeric = [item for item in items if isinstance(item, int | float) and not isinstance(item, bool)]
    return {**companions, name: np.array(numeric)} if items and len(numeric) == len(items) else companions


def _numbers(companions: Mapping[str, object], name: str, count: int, file: str) -> np.ndarray:
    companions = _with_list(companions, name)
    if name not in companions:
        more = f" and {len(companions) - _LISTED:,} more" if len(companions) > _LISTED else ""
        found = ", ".join(list(companions)[:_LISTED]) + more or "nothing"
        raise CompanionError(
            f"{name!r} not found beside the network in {file}; found: {found}.", companion=name
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
