"""The values of a trial: which options they are for, whether they are valid, and the options of its training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from training.options import TrainingOptions, table
from training.search.ranges import SEARCHABLE, Range, Values, converters, uses
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


def _defaults() -> Iterator[tuple[str, Any]]:
    return ((row.name, row.default) for row in table() if row.name in SEARCHABLE)
