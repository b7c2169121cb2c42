"""The search options. Imports only the standard library, like `training.options`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from training.options import TUNE, integer, number, option

RANGE = "range"
"""The option that can be repeated; in a TOML file it is the table ``[search.ranges]``."""

_OF = (TUNE,)

Ranges = tuple[tuple[str, str], ...]


def ranges(value: object) -> Ranges:
    """Return pairs of an option name and its range as a string.

    Args:
        value: ``NAME=RANGE``, several of these separated by ``;``, a list of these, or a table of ranges by name.
    """
    if isinstance(value, Mapping):
        found = [(_name(str(name)), _text(found)) for name, found in value.items()]
    else:
        parts = value if isinstance(value, list | tuple) else str(value).split(";")
        found = [_pair(part) for part in parts if not isinstance(part, str) or part.strip()]
    twice = {name for name, _ in found if [other for other, _ in found].count(name) > 1}
    if twice:
        raise ValueError(f"there are two ranges of {min(twice)}")
    if not found:
        raise ValueError("expected NAME=RANGE")
    return tuple(found)


def _pair(part: object) -> tuple[str, str]:
    if isinstance(part, list | tuple) and len(part) == 2:  # as this module returns it
        return _name(str(part[0])), str(part[1])
    name, equals, text = str(part).partition("=")
    if not equals or not name.strip() or not text.strip():
        raise ValueError("expected NAME=RANGE, such as learning_rate=0.001..0.1:log or hidden=4|8|8,6")
    return _name(name), text.strip()


def _name(name: str) -> str:
    return name.strip().removeprefix("--").replace("-", "_")


def _text(value: object) -> str:
    """Return a range of a TOML file as a string; a list contains the choices."""
    if isinstance(value, list):
        return "|".join(",".join(map(_word, one)) if isinstance(one, list) else _word(one) for one in value)
    return _word(value).strip()


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int | float | str):
        raise ValueError("expected a string such as '0.001..0.1:log', or a list of values")
    return str(value)


@dataclass(frozen=True)
class SearchOptions:
    """The options of a search. Each field is a row of the table, as in `training.options.TrainingOptions`."""

    trials: int = option(20, integer(1, 10_000), "number of combinations to try (default: 20)", "N", _OF)
    folds: int = option(5, integer(2, 100), "number of cross-validation folds (default: 5)", "K", _OF)
    range: tuple[tuple[str, str], ...] = option(
        (),
        ranges,
        "the values to try for an option, LOW..HIGH, LOW..HIGH:log or A|B|C; may be repeated "
        "(default: ranges that suit the trainer)",
        "NAME=RANGE",
        _OF,
    )
    timeout: float | None = option(
        None, number(0.0, positive=True), "stop the search after this many seconds", "SECONDS", _OF
    )
    jobs: int | None = option(
        None,
        integer(1, 1024),
        "number of processes that train at the same time (default: one per CPU)",
        "N",
        _OF,
    )


def search_table() -> tuple[Field[Any], ...]:
    """Return the rows of the table."""
    return fields(SearchOptions)
