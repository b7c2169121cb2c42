"""Resolve options from the command line, then the environment, then a TOML file, then the defaults."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass
from typing import Any, TypeVar

from pybrain_runtime.io.input_file import InputFile
from training.errors import OptionError
from training.options import CONFIG, PREFIX, TrainingOptions, experiment, table, text, variable
from training.search_options import RANGE, SearchOptions, search_table
from training.server_address import check_address

_SIZE_LIMIT = 1 << 20
_Options = TypeVar("_Options")
_SEARCH, _RANGES = "search", "ranges"


@dataclass(frozen=True)
class Resolved:
    """All options of a run.

    Attributes:
        training: the training options.
        search: the search options, ignored by other scenarios.
        given: the names of the options that were set explicitly.
        config: the path of the TOML file; empty without one.
    """

    training: TrainingOptions
    search: SearchOptions
    given: frozenset[str]
    config: str = ""


MLFLOW_VARIABLES = {
    "MLFLOW_TRACKING_URI": ("tracking_uri", text),
    "MLFLOW_EXPERIMENT_NAME": ("experiment", experiment),
}
"""MLflow's own variables; those with the prefix ``TRAIN_`` take precedence."""


def resolve(given: Mapping[str, object], environment: Mapping[str, str]) -> TrainingOptions:
    """Return the options of a training run.

    Args:
        given: values from the command line, by the names of the table; `config` is the path of a TOML file.
        environment: the environment variables; those with the prefix ``TRAIN_`` are options, and so are two of MLflow.

    Raises:
        OptionError: a value is invalid, or an option does not exist; the message suggests similar names.
        InputMissing: the TOML file is not found.
    """
    return resolve_all(given, environment).training


def resolve_all(given: Mapping[str, object], environment: Mapping[str, str]) -> Resolved:
    """Return the options of a training run and of a search.

    Args:
        given: as for `resolve`.
        environment: as for `resolve`.
    """
    from_environment = _from_environment(environment)
    config = given.get(CONFIG) or from_environment.pop(CONFIG, None)
    values = _from_file(str(config)) if config else {}
    values |= from_environment
    rows = _rows()
    for option, value in given.items():
        if option != CONFIG:
            values[option] = _converted(value, option, rows[option].metadata["convert"], option)
    of_search = {row.name: values[row.name] for row in search_table() if row.name in values}
    of_training = {name: value for name, value in values.items() if name not in of_search}
    options = _made(TrainingOptions, of_training)
    _check_together(options)
    search = _made(SearchOptions, of_search)
    return Resolved(options, search, frozenset(values), str(config or ""))


def _check_together(options: TrainingOptions) -> None:
    if options.validation + options.test >= 0.95:
        shares = f"validation ({options.validation:g}) and test ({options.test:g})"
        raise OptionError(f"{shares} leave less than 5 % of the rows for training.", option="test")
    if options.batch and options.batch_size is not None:
        raise OptionError("batch and batch_size are mutually exclusive.", option="batch_size")
    if options.tracking_uri:
        check_address(options.tracking_uri)
    if options.alias and not (options.register or options.name):
        raise OptionError("alias requires the name under which the result is registered.", option="register")


def _rows() -> dict[str, Field[Any]]:
    return {row.name: row for row in (*table(), *search_table())}


def _made(kind: Callable[..., _Options], values: Mapping[str, object]) -> _Options:
    """Return options with these values, which have already been converted."""
    return kind(**values)


def similar(word: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests names similar to a word; empty if there are none.

    Args:
        word: the unknown name.
        known: the existing names.
    """
    by_key = {_key(name): name for name in known}
    close = [by_key[key] for key in difflib.get_close_matches(_key(word), list(by_key), n=3, cutoff=0.7)]
    return f"Did you mean {' or '.join(close)}?" if close else ""


def _key(name: str) -> str:
    return name.casefold().replace("-", "_").strip()


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    by_variable = {variable(name): row for name, row in _rows().items()}
    known = [*by_variable, variable(CONFIG)]
    values: dict[str, object] = {
        option: _converted(environment[key].strip(), key, convert, key)
        for key, (option, convert) in MLFLOW_VARIABLES.items()
        if environment.get(key, "").strip()
    }
    for key, value in environment.items():
        if not key.startswith(PREFIX):
            continue
        if key not in known:
            raise OptionError(
                f"The environment variable {key} is not a known option.", hint=similar(key, known), option=key
            )
        if not value.strip():
            raise OptionError(f"{key} is set, but empty.", hint="Unset it to use the default.", option=key)
        convert = str if key == variable(CONFIG) else by_variable[key].metadata["convert"]
        values[key.removeprefix(PREFIX).lower()] = _converted(value, key, convert, key)
    return values


def _from_file(path: str) -> dict[str, object]:
    with InputFile(path, "configuration", follow_links=True) as file:
        content = file.read(_SIZE_LIMIT)
    try:
        found = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path} is not TOML: {error}.", option=CONFIG) from None
    except RecursionError:
        raise OptionError(
            f"{path} is not TOML: its lists and tables are nested too deeply.", option=CONFIG
        ) from None
    search = found.pop(_SEARCH, {})
    if not isinstance(search, dict):
        raise OptionError(f"{path}: {_SEARCH} must be a table, [{_SEARCH}].", option=_SEARCH)
    values = _section(path, "", found, {row.name: row for row in table()})
    rows = {row.name if row.name != RANGE else _RANGES: row for row in search_table()}
    of_search = _section(path, f"{_SEARCH}.", search, rows)
    if _RANGES in of_search:
        of_search[RANGE] = of_search.pop(_RANGES)
    return values | of_search


def _section(
    path: str, prefix: str, found: Mapping[str, object], rows: Mapping[str, Field[Any]]
) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in found.items():
        option = key.replace("-", "_")
        if option not in rows:
            hint = similar(key, rows)
            if not prefix and any(row.name == option for row in search_table()):
                hint = f"It belongs to the table [{_SEARCH}]."
            raise OptionError(f"{path}: there is no option {prefix + key!r}.", hint=hint, option=key)
        said = f"{path}: {prefix}{key}"
        values[option] = _converted(value, said, rows[option].metadata["convert"], option)
    return values


def _converted(value: object, said: str, convert: object, option: str) -> object:
    assert callable(convert)
    try:
        return convert(value)
    except ValueError as error:
        raise OptionError(f"{said} is {value!r}: {error}.", option=option) from None
