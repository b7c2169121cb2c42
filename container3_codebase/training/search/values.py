"""Validate the values of a trial, and apply them to the training options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from training.options import TrainingOptions, table
from training.search.ranges import SEARCHABLE, Choices, Range, Value, Values, converters, uses
from training.trainers.registry import KINDS


def fits(values: Values, ranges: Sequence[Range], trainer: str) -> bool:
    """Return whether values are valid for a trial.

    Args:
        values: the values by option.
        ranges: the searched ranges.
        trainer: the trainer, unless it is searched.
    """
    trainer = str(values.get("trainer", trainer))
    if trainer not in KINDS or values.keys() != {one.option for one in ranges if uses(trainer, one.option)}:
        return False
    return all(one.contains(values[one.option]) for one in ranges if one.option in values)


def option_values(values: Values) -> dict[str, Any]:
    """Convert the values of a trial to the types of `TrainingOptions`.

    Args:
        values: the values as proposed by the sampler.
    """
    found = converters()
    return {name: found[name](value) for name, value in values.items()}


def applied(options: TrainingOptions, values: Values, ranges: Sequence[Range]) -> TrainingOptions:
    """Return the options of a trial.

    If the trainer itself is searched, options that the trial's trainer does not use have their defaults.

    Args:
        options: the options of the search.
        values: the values of the trial.
        ranges: the ranges of the search.
    """
    changed = option_values(values)
    if any(one.option == "trainer" for one in ranges):
        trainer = str(changed["trainer"])
        unused = {name: default for name, default in _defaults() if not uses(trainer, name)}
        changed = {**unused, **changed}
    return replace(options, **changed)


def default_values(
    options: TrainingOptions, ranges: Sequence[Range], *, classification: bool, rows: int
) -> Values | None:
    """Return the values of a trial with the default options, as used without a search.

    Args:
        options: the options of the search.
        ranges: the searched ranges.
        classification: whether the rows have classes.
        rows: the number of training rows, which determines the default weight decay; if that option is searched
            over a list, the nearest choice is used.

    Returns:
        The values; None if one of them is outside its range.
    """
    kind = KINDS[options.trainer]
    of_trainer = {
        "learning_rate": kind.learning_rate,
        "batch_size": kind.batch_size,
        "weight_decay": kind.default_decay(rows, softmax=classification),
    }
    found: dict[str, Value] = {}
    for one in ranges:
        if not uses(options.trainer, one.option):
            continue
        default = getattr(options, one.option)
        value = _value_in(one, of_trainer.get(one.option) if default is None else default)
        if value is None:
            return None
        found[one.option] = value
    return found


def _value_in(one: Range, default: Any) -> Value | None:
    """Return the value of a range that corresponds to a default; None if there is none."""
    if isinstance(one, Choices):
        convert = converters()[one.option]
        if one.option == "weight_decay" and one.values:
            return min(one.values, key=lambda word: abs(convert(word) - default))
        return next((word for word in one.values if convert(word) == default), None)
    if not isinstance(default, int | float):
        return None
    value = int(default) if one.whole else float(default)
    return value if one.contains(value) else None


def _defaults() -> Iterator[tuple[str, Any]]:
    return ((row.name, row.default) for row in table() if row.name in SEARCHABLE)
