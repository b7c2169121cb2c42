"""The command-line options of training, built from the table in `training.options`. Uses only the standard library."""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import Field
from types import ModuleType
from typing import Any, TypeVar

from common.project import PROJECT

Parsed = TypeVar("Parsed", bound=argparse.Namespace)

EPILOG = (
    "Every option may also be in a TOML file (--config FILE; learning_rate = 0.1) and in an environment variable\n"
    "(TRAIN_LEARNING_RATE=0.1). An option takes precedence over the variable, the variable over the file.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 invalid data or diverged, 66 input not found, 69 a package is missing,\n"
    "70 internal error, 73 cannot write, 75 another training run writes to the same folder, 130 interrupted"
)

_PACKAGE = "training"
_DESTINATION = "training_"


def options_module() -> ModuleType:
    """Return `training.options`, even before `.venv` exists."""
    _make_importable()
    from training import options

    return options


def search_options_module() -> ModuleType:
    """Return `training.search_options`, even before `.venv` exists."""
    _make_importable()
    from training import search_options

    return search_options


def _make_importable() -> None:
    """Import the package `training` from its folder if it is not installed."""
    if _PACKAGE in sys.modules or importlib.util.find_spec(_PACKAGE) is not None:
        return
    folder = PROJECT.training_package
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = module
    spec.loader.exec_module(module)


def add_training_options(parser: argparse.ArgumentParser, scenario: str) -> None:
    """Add the options of a scenario; options that are not given are None.

    Args:
        parser: the parser.
        scenario: create, refine, evaluate or tune.
    """
    options = options_module()
    parser.add_argument(
        "--engine",
        choices=("auto", "docker", "local"),
        default="auto",
        help="docker: in a container; local: in a process of this machine; auto (default): docker if a daemon "
        "responds, otherwise local",
    )
    parser.add_argument(
        options.flag(options.CONFIG),
        dest=_DESTINATION + options.CONFIG,
        metavar="FILE",
        help="a TOML file with options",
    )
    for row in _rows(scenario):
        about = row.metadata
        # Not the bare name: the command itself has a `name`.
        destination = _DESTINATION + row.name
        if row.default is True or row.default is False:
            parser.add_argument(
                options.flag(row.name),
                dest=destination,
                action=argparse.BooleanOptionalAction,
                default=None,
                help=about["help"],
            )
        else:
            parser.add_argument(
                options.flag(row.name),
                dest=destination,
                action="extend" if row.name == search_options_module().RANGE else "store",
                metavar=about["metavar"] or None,
                choices=about["choices"] or None,
                type=_type(about["convert"]),
                help=about["help"].replace("%", "%%"),
            )


def _rows(scenario: str) -> tuple[Field[Any], ...]:
    """Return the rows of the option tables of a scenario."""
    options = options_module()
    rows: tuple[Field[Any], ...] = options.table(scenario)
    return (*rows, *search_options_module().search_table()) if scenario == options.TUNE else rows


def given_options(command: argparse.Namespace, scenario: str) -> dict[str, object]:
    """Return the options that were given, by their names in the table.

    Args:
        command: the parsed command line.
        scenario: create, refine, evaluate or tune.
    """
    names = [options_module().CONFIG, *(row.name for row in _rows(scenario))]
    given = {name: getattr(command, _DESTINATION + name) for name in names}
    return {name: value for name, value in given.items() if value is not None}


def parse_known(parser: argparse.ArgumentParser, words: Sequence[str], namespace: Parsed) -> Parsed:
    """Return the parsed command line; an unknown option is an error that names similar ones.

    Args:
        parser: the parser.
        words: the command line.
        namespace: receives the options.

    Raises:
        SystemExit: status 2 for wrong usage.
    """
    parsed, rest = parser.parse_known_args(words, namespace=namespace)
    if rest:
        known = [word for action in parser._actions for word in action.option_strings]
        close = difflib.get_close_matches(rest[0].partition("=")[0], known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        parser.error(f"unrecognized arguments: {' '.join(rest)}{hint}")
    return parsed


def _type(convert: Callable[[object], object]) -> Callable[[str], object]:
    def from_text(text: str) -> object:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None

    return from_text
