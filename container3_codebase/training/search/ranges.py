"""The range of each searched option: an interval or choices."""

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
"""The values of a trial by option; a choice is a string."""

SEARCHABLE = (
    "hidden", "hidden_class", "trainer", "learning_rate", "momentum", "weight_decay", "batch", "batch_size",
    "shuffle", "epochs",
)  # fmt: skip
"""The options that can be searched; not `scale`, because errors in scaled and original units are not comparable."""

DEFAULTS = {
    "hidden": "4|8|16|32|16,8",
    "learning_rate": "0.001..0.1:log",
    "weight_decay": "0|0.001|0.01|0.1|1",
    "momentum": "0..0.9",
    "batch_size": "16|32|64",
}
"""The default ranges of a search, of which those that the trainer uses apply."""

_WHOLE = ("batch_size", "epochs")
_INTERVALS = ("learning_rate", "momentum", "weight_decay", *_WHOLE)
_TRAINER_OPTIONS = frozenset(field.name for field in fields(TrainerOptions))


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`.

    Attributes:
        option: the name of the option.
        text: the range as specified.
        low: the smallest value.
        high: the largest value.
        log: whether to search on a logarithmic scale.
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
    """A list of values.

    Attributes:
        option: the name of the option.
        text: the range as specified.
        values: the values as strings.
    """

    option: str
    text: str
    values: tuple[str, ...]

    def contains(self, value: Value) -> bool:
        """Return whether a value is in the range."""
        return value in self.values


Range: TypeAlias = Interval | Choices


def ranges_of(resolved: Resolved) -> tuple[Range, ...]:
    """Return the ranges of a search: the specified ones, or defaults for the options that are not set.

    Args:
        resolved: all options.

    Raises:
        OptionError: a range is invalid or has no effect, or its option cannot be searched.
    """
    stated = resolved.search.range
    if not stated:
        stated = tuple((name, DEFAULTS[name]) for name in DEFAULTS if _by_default(name, resolved))
    if not stated:
        raise OptionError("There is nothing to search: every searchable option is set.", option=RANGE)
    found = tuple(_range(name, text) for name, text in stated)
    trainers = _trainers(found, resolved.training.trainer)
    for one in found:
        if not any(uses(trainer, one.option) for trainer in trainers):
            raise OptionError(
                f"{_said(one)}: {one.option} is not used by {' or '.join(trainers)}.", option=RANGE
            )
    _check_batches({one.option for one in found}, resolved.training)
    return found


def uses(trainer: str, option: str) -> bool:
    """Return whether an option changes what a trainer does.

    Args:
        trainer: the name of the trainer.
        option: the name of the option.
    """
    if option == "batch_size" and trainer == "backprop":
        return False  # one row or all rows, selected by `batch`
    option = "batch_size" if option == "batch" else option
    return option not in _TRAINER_OPTIONS or option in KINDS[trainer].options


def converters() -> dict[str, Any]:
    """Return the converter of each option."""
    return {row.name: row.metadata["convert"] for row in table()}


def _range(name: str, text: str) -> Range:
    known = [row.name for row in table()]
    if name not in SEARCHABLE:
        if name in known:
            raise OptionError(
                f"The option {name} cannot be searched; searchable options: {', '.join(SEARCHABLE)}.",
                option=RANGE,
            )
        raise OptionError(
            f"There is no option {name!r} to search.",
            hint=similar(name, SEARCHABLE) or f"Searchable options: {', '.join(SEARCHABLE)}.",
            option=RANGE,
        )
    return _interval(name, text) if ".." in text else _choices(name, text)


def _interval(name: str, text: str) -> Interval:
    said = f"The range {name}={text}"
    if name not in _INTERVALS:
        raise OptionError(
            f"{said}: {name} does not support intervals.", hint="List its values: A|B|C.", option=RANGE
        )
    ends, _, scale = text.partition(":")
    if scale not in ("", "log"):
        raise OptionError(f"{said} ends with ':{scale}': expected ':log' or nothing.", option=RANGE)
    low, high = (_converted(name, end.strip(), said) for end in ends.split("..", 1))
    if low >= high:
        raise OptionError(f"{said}: {low:g} is not smaller than {high:g}.", option=RANGE)
    if scale and low <= 0:
        raise OptionError(f"{said}: with ':log' the smallest value must be positive.", option=RANGE)
    return Interval(name, text, low, high, bool(scale))


def _choices(name: str, text: str) -> Choices:
    said = f"The range {name}={text}"
    words = tuple(word.strip() for word in text.split("|"))
    values = [_converted(name, word, said) for word in words]
    if len(values) < 2:
        what = "LOW..HIGH or A|B|C" if name in _INTERVALS else "A|B|C"
        raise OptionError(f"{said} is a single value: expected {what}.", option=RANGE)
    if any(value in values[:place] for place, value in enumerate(values)):
        raise OptionError(f"{said} contains a duplicate value.", option=RANGE)
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
        raise OptionError("batch and batch_size are mutually exclusive, including as ranges.", option=RANGE)


def _trainers(ranges: Sequence[Range], trainer: str) -> tuple[str, ...]:
    for one in ranges:
        if one.option == "trainer" and isinstance(one, Choices):
            return one.values
    return (trainer,)


def _said(one: Range) -> str:
    return f"The range {one.option}={one.text}"
