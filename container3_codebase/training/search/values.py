"""The values of a trial: which options they are for, whether they are valid, and the options of its training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from training.options import TrainingOptions, table
from training.search.ranges import SEARCHABLE, Choices, Range, Value, Values, converters, uses
from training.trainers.registry import KINDS


def fits(values: Values, ranges: Sequence[Range], trainer: str) -> bool:
    """Return whether a trial could have these values.

    Args:
        values: the values by option.
        ranges: what is searched.
        trainer: the trainer, where it is not searched.
    """
    trainer = str(values.get("trainer", trainer))
    if trainer not in KINDS or values.keys() != {one.option for one in ranges if uses(trainer, one.option)}:
        return False
    return all(one.contains(values[one.option]) for one in ranges if one.option in values)


def option_values(values: Values) -> dict[str, Any]:
    """Return the values of a trial as `TrainingOptions` has them.

    Args:
        values: as they were proposed.
    """
    found = converters()
    return {name: found[name](value) for name, value in values.items()}


def applied(options: TrainingOptions, values: Values, ranges: Sequence[Range]) -> TrainingOptions:
    """Return the options of a trial.

    An option that the trial's trainer does not use has its default, if the trainer itself is searched.

    Args:
        options: the options of the search.
        values: those of the trial.
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
    """Return the values with which a trial has the options of a training without a search.

    Args:
        options: the options of the search.
        ranges: what is searched.
        classification: whether the rows have classes.
        rows: the number of training rows, on which the default of the weight decay depends: of several values to
            choose from, the nearest one counts as it.

    Returns:
        None if one of them is outside its range.
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
    """Return the value of a range that is a default; None if there is none."""
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
