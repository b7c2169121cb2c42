"""The values that a search tries of each option: an interval, or choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from training.errors import OptionError
from training.option_sources import Resolved, similar
from training.options import TrainingOptions, table
from training.search_options import RANGE
from training.trainers.base import TrainerOptions
from training.trainers.registry import KINDS

Value: TypeAlias = float | int | str
Values: TypeAlias = Mapping[str, Value]
"""The values of a trial by option; a choice is the text of the value."""

SEARCHABLE = (
    "hidden", "hidden_class", "trainer", "learning_rate", "momentum", "weight_decay", "batch", "batch_size",
    "shuffle", "epochs",
)  # fmt: skip
"""The options that can be searched. Not `scale`: errors in scaled units and others cannot be compared."""

DEFAULTS = {
    "hidden": "4|8|16|32|16,8",
    "learning_rate": "0.001..0.1:log",
    "weight_decay": "0|0.001|0.01|0.1|1",
    "momentum": "0..0.9",
    "batch_size": "16|32|64",
}
"""The ranges of a search that states none; those are taken that the trainer uses."""

_WHOLE = ("batch_size", "epochs")
_INTERVALS = ("learning_rate", "momentum", "weight_decay", *_WHOLE)
_TRAINER_OPTIONS = frozenset(field.name for field in fields(TrainerOptions))


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`.

    Attributes:
        option: the name of the option.
        text: the range as it was stated.
        low: the smallest value.
        high: the largest value.
        log: whether the logarithm of the value is searched.
    """

    option: str
    text: str
    low: float
    high: float
    log: bool

    @property
    def whole(self) -> bool:
        """Whether the values are integers."""
        return self.option in _WHOLE

    def contains(self, value: Value) -> bool:
        """Return whether a value is in the range."""
        return isinstance(value, int if self.whole else float) and self.low <= float(value) <= self.high


@dataclass(frozen=True)
class Choices:
    """Some values.

    Attributes:
        option: the name of the option.
        text: the range as it was stated.
        values: the values as text.
    """

    option: str
    text: str
    values: tuple[str, ...]

    def contains(self, value: Value) -> bool:
        """Return whether a value is in the range."""
        return value in self.values


Range: TypeAlias = Interval | Choices


def ranges_of(resolved: Resolved) -> tuple[Range, ...]:
    """Return the ranges of a search: the stated ones, otherwise defaults for the options that are not given.

    Args:
        resolved: all options.

    Raises:
        OptionError: a range is invalid or of no use, or its option cannot be searched.
    """
    stated = resolved.search.range
    if not stated:
        stated = tuple((name, DEFAULTS[name]) for name in DEFAULTS if _by_default(name, resolved))
    if not stated:
        raise OptionError("There is nothing to search: every option has a value.", option=RANGE)
    found = tuple(_range(name, text) for name, text in stated)
    trainers = _trainers(found, resolved.training.trainer)
    for one in found:
        if not any(uses(trainer, one.option) for trainer in trainers):
            raise OptionError(f"{_said(one)}: {' and '.join(trainers)} use no {one.option}.", option=RANGE)
    _check_batches({one.option for one in found}, resolved.training)
    return found


def uses(trainer: str, option: str) -> bool:
    """Return whether an option changes what a trainer does.

    Args:
        trainer: the name of the trainer.
        option: the name of the option.
    """
    if option == "batch_size" and trainer == "backprop":
        return False  # one row or all of them, which `batch` chooses
    option = "batch_size" if option == "batch" else option
    return option not in _TRAINER_OPTIONS or option in KINDS[trainer].options


def converters() -> dict[str, Any]:
    """Return what makes a value of each option from text."""
    return {row.name: row.metadata["convert"] for row in table()}


def _range(name: str, text: str) -> Range:
    known = [row.name for row in table()]
    if name not in SEARCHABLE:
        if name in known:
            raise OptionError(
                f"The option {name} cannot be searched; those that can are {', '.join(SEARCHABLE)}.",
                option=RANGE,
            )
        raise OptionError(
            f"There is no option {name!r} to search.",
            hint=similar(name, SEARCHABLE) or f"There are {', '.join(SEARCHABLE)}.",
            option=RANGE,
        )
    return _interval(name, text) if ".." in text else _choices(name, text)


def _interval(name: str, text: str) -> Interval:
    said = f"The range {name}={text}"
    if name not in _INTERVALS:
        raise OptionError(f"{said}: {name} has no intervals.", hint="State its values: A|B|C.", option=RANGE)
    ends, _, scale = text.partition(":")
    if scale not in ("", "log"):
        raise OptionError(f"{said} ends with ':{scale}': expected ':log' or nothing.", option=RANGE)
    low, high = (_converted(name, end.strip(), said) for end in ends.split("..", 1))
    if low >= high:
        raise OptionError(f"{said}: {low:g} is not smaller than {high:g}.", option=RANGE)
    if scale and low <= 0:
        raise OptionError(f"{said}: with ':log' the smallest value is more than 0.", option=RANGE)
    return Interval(name, text, low, high, bool(scale))


def _choices(name: str, text: str) -> Choices:
    said = f"The range {name}={text}"
    words = tuple(word.strip() for word in text.split("|"))
    values = [_converted(name, word, said) for word in words]
    if len(values) < 2:
        what = "LOW..HIGH or A|B|C" if name in _INTERVALS else "A|B|C"
        raise OptionError(f"{said} is a single value: expected {what}.", option=RANGE)
    if any(value in values[:place] for place, value in enumerate(values)):
        raise OptionError(f"{said} has a value twice.", option=RANGE)
    if len(values) > 1000:
        raise OptionError(f"{said[:60]}... has {len(values):,} values; the limit is 1,000.", option=RANGE)
    return Choices(name, text, words)


def _converted(name: str, word: str, said: str) -> Any:
    try:
        return converters()[name](word)
    except ValueError as error:
        raise OptionError(f"{said}: {word!r}: {error}.", option=RANGE) from None


def _by_default(name: str, resolved: Resolved) -> bool:
    if name == "batch_size" and resolved.training.batch:
        return False
    return name not in resolved.given and uses(resolved.training.trainer, name)


def _check_batches(searched: set[str], options: TrainingOptions) -> None:
    batch, size = "batch" in searched or options.batch, "batch_size" in searched
    if (size and batch) or ("batch" in searched and options.batch_size is not None):
        raise OptionError("batch and batch_size exclude each other, also as ranges.", option=RANGE)


def _trainers(ranges: Sequence[Range], trainer: str) -> tuple[str, ...]:
    for one in ranges:
        if one.option == "trainer" and isinstance(one, Choices):
            return one.values
    return (trainer,)


def _said(one: Range) -> str:
    return f"The range {one.option}={one.text}"
