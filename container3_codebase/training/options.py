"""The training options: one table, which defines command-line options, TOML keys and environment variables.

Imports only the standard library, because the command line reads the table before `.venv` exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from typing import Any

CREATE, REFINE, EVALUATE, TUNE = SCENARIOS = ("create", "refine", "evaluate", "tune")
"""The scenarios: train new knowledge, train existing knowledge further, compute its metrics, search for options."""

PREFIX = "TRAIN_"
"""The prefix of all environment variables."""

CONFIG = "config"
"""The option with the path of the TOML file, which is not in the table because the file cannot contain it."""

_NEW = (CREATE, TUNE)
_TRAINS = (CREATE, REFINE, TUNE)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_NAME = re.compile(r"[^\W_][\w.+-]{0,99}")
_ALIAS = re.compile(r"[\w-]{1,100}", re.ASCII)
_RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)
_EXPERIMENT_LIMIT = 500

Convert = Callable[[object], Any]


def text(value: object) -> str:
    """Return a non-empty string."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a non-empty string")
    return value


def name(value: object) -> str:
    """Return a name that is a valid file name on every system: letters, digits and ``_ . + -``."""
    if not isinstance(value, str) or not _NAME.fullmatch(value) or value.endswith("."):
        raise ValueError(
            "expected a letter or digit, followed by letters, digits and _ . + -, at most 100 characters"
        )
    return value


def experiment(value: object) -> str:
    """Return an experiment name: any printable characters."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("expected a non-empty string of printable characters")
    if len(value) > _EXPERIMENT_LIMIT:
        raise ValueError(f"expected at most {_EXPERIMENT_LIMIT} characters")
    return value.strip()


def alias(value: object) -> str:
    """Return the alias of a registered model: letters, digits, ``_`` and ``-``."""
    if not isinstance(value, str) or not _ALIAS.fullmatch(value) or _RESERVED_ALIAS.fullmatch(value):
        raise ValueError("expected at most 100 letters, digits, _ and -; latest, v1, v2, ... are reserved")
    return value


_model_name = name  # the option `name` hides it in the table


def names(value: object) -> tuple[str, ...]:
    """Return names from a list, or from a comma-separated string."""
    found = tuple(part.strip() for part in _listed(value) if isinstance(part, str))
    if not found or not all(found) or len(found) != len(_listed(value)):
        raise ValueError("expected names separated by commas")
    if len(set(found)) != len(found):
        raise ValueError("a name appears twice")
    return found


def sizes(value: object) -> tuple[int, ...]:
    """Return the sizes of the layers; ``0`` for no layer."""
    found = tuple(integer(0, 10_000)(part) for part in _listed(value))
    if found == (0,):
        return ()
    if 0 in found:
        raise ValueError("a layer must have at least one unit")
    return found


def switch(value: object) -> bool:
    """Return true or false."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise ValueError("expected true or false (1 or 0)")
    return word in _TRUE


def integer(least: int, most: int | None = None) -> Convert:
    """Return a converter to an integer within an inclusive range.

    Args:
        least: the smallest allowed value.
        most: the largest allowed value; None for no limit.
    """

    def convert(value: object) -> int:
        number = _number(value)
        if number != int(number) or number < least or (most is not None and number > most):
            upper = f" to {most:,}" if most is not None else " or more"
            raise ValueError(f"expected a whole number, {least}{upper}")
        try:
            return int(value) if isinstance(value, str) else int(number)
        except ValueError:  # 1e3
            raise ValueError("expected a whole number in digits") from None

    return convert


def number(least: float, below: float | None = None, *, positive: bool = False) -> Convert:
    """Return a converter to a finite number.

    Args:
        least: the smallest allowed value.
        below: the exclusive upper limit; None for no limit.
        positive: whether `least` itself is excluded.
    """

    def convert(value: object) -> float:
        found = _number(value)
        if found < least or (positive and found == least) or (below is not None and found >= below):
            lower = f"more than {least:g}" if positive else f"{least:g} or more"
            raise ValueError(f"expected a number, {lower}" + (f" and below {below:g}" if below else ""))
        return found

    return convert


def one_of(*choices: str) -> Convert:
    """Return a converter that accepts only the given words."""

    def convert(value: object) -> str:
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return str(value)

    return convert


def option(
    default: Any,
    convert: Convert,
    help: str,
    metavar: str = "",
    of: tuple[str, ...] = _TRAINS,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a field that is a row of a table of options.

    Args:
        default: the default value.
        convert: converts a value; raises ValueError if it is not valid.
        help: the text for ``--help``.
        metavar: the placeholder of the value in ``--help``.
        of: the scenarios that have the option.
        choices: all allowed words; empty for other values.
    """
    about = {"convert": convert, "help": help, "metavar": metavar, "scenarios": of, "choices": choices}
    return field(default=default, metadata=about)


def _choice(default: str, choices: tuple[str, ...], help: str, of: tuple[str, ...] = _TRAINS) -> Any:
    return option(default, one_of(*choices), help, of=of, choices=choices)


@dataclass(frozen=True)
class TrainingOptions:
    """The options of a run. Each field is a row of the table: its name, default, converter and help."""

    data: str = option(
        "",
        text,
        "the rows: CSV or TSV with a header, JSON lines, Excel or Parquet (default: the learning base)",
        "FILE",
        SCENARIOS,
    )
    target: tuple[str, ...] = option(
        (),
        names,
        "the columns to predict: text columns hold classes, numeric columns make it a regression (default: "
        "those of the model, otherwise the last column)",
        "COLUMN[,COLUMN]",
        SCENARIOS,
    )
    features: tuple[str, ...] = option(
        (),
        names,
        "the columns to predict from (default: those of the model, otherwise all others)",
        "A,B,...",
        SCENARIOS,
    )
    task: str = _choice(
        "auto",
        ("auto", "classification", "regression"),
        "classification also accepts numeric class labels (default: auto)",
        _NEW,
    )
    model: str = option(
        "",
        text,
        "the network to train further or to score, with its card beside it",
        "KNOWLEDGE",
        (REFINE, EVALUATE),
    )
    out: str = option("", text, "the folder of the results (default: output/training/NAME)", "DIR", SCENARIOS)
    name: str = option(
        "",
        name,
        "save the result as models/NAME.pkl; a replaced version is kept as NAME.1, NAME.2, ...",
        "NAME",
    )
    promote: bool = option(False, switch, "use the result as the project's current knowledge")
    seed: int = option(
        1,
        integer(0, 2**63 - 1),
        "the random seed for the split, the weights and the order of rows (default: 1)",
        "N",
    )
    hidden: tuple[int, ...] = option(
        (8,), sizes, "sizes of the hidden layers; 0 for none (default: 8)", "N,N", _NEW
    )
    hidden_class: str = _choice(
        "tanh", ("tanh", "sigmoid", "relu", "linear"), "the kind of the hidden layers (default: tanh)", _NEW
    )
    trainer: str = _choice("adam", ("adam", "lbfgs", "rprop", "backprop"), "the trainer (default: adam)")
    learning_rate: float | None = option(
        None, number(0.0, positive=True), "the learning rate (default: the trainer's)", "R"
    )
    momentum: float = option(0.0, number(0.0, 1.0), "the momentum of backprop (default: 0)", "M")
    weight_decay: float | None = option(None, number(0.0), "the weight decay (default: the trainer's)", "D")
    batch: bool = option(False, switch, "update once per epoch, from all rows (backprop)")
    batch_size: int | None = option(None, integer(1), "rows per mini-batch (default: the trainer's)", "N")
    shuffle: bool = option(True, switch, "visit the rows in a new order in each epoch (default: yes)")
    epochs: int = option(300, integer(1, 10_000_000), "maximum number of epochs (default: 300)", "N")
    patience: int = option(
        60,
        integer(0),
        "stop after N epochs without improvement of the validation error; 0: never stop early (default: 60)",
        "N",
    )
    validation: float = option(
        0.15, number(0.0, 0.9), "the share of rows for validation (default: 0.15)", "SHARE", (CREATE, REFINE)
    )
    test: float = option(0.2, number(0.0, 0.9), "the share of rows for the test (default: 0.2)", "SHARE")
    refit: bool = option(
        True,
        switch,
        "retrain on training and validation rows for the best number of epochs found (default: yes)",
        of=(CREATE, REFINE),
    )
    scale: bool = option(
        True, switch, "scale inputs to mean 0 and standard deviation 1 (default: yes)", of=_NEW
    )
    resume: bool = option(False, switch, "continue a training run that was killed or interrupted")
    plots: bool = option(True, switch, "draw plots; needs matplotlib (default: yes)")
    tracking_uri: str = option(
        "",
        text,
        "send the run to this MLflow server (default: MLFLOW_TRACKING_URI, otherwise it is not sent)",
        "URL",
    )
    experiment: str = option(
        "app07", experiment, "MLflow's experiment (default: MLFLOW_EXPERIMENT_NAME, otherwise app07)", "NAME"
    )
    register: str = option(
        "",
        _model_name,
        "register the result with MLflow under this name, as a new version (default: the value of --name)",
        "NAME",
    )
    alias: str = option("", alias, "give the registered version this alias", "ALIAS")
    tracking_wait: float = option(
        30.0,
        number(0.0, 86_400.0),
        "maximum time to wait for MLflow after training, in seconds (default: 30)",
        "SECONDS",
    )


def table(scenario: str | None = None) -> tuple[Field[Any], ...]:
    """Return the rows of the table, for one scenario or for all."""
    return tuple(
        row for row in fields(TrainingOptions) if scenario is None or scenario in row.metadata["scenarios"]
    )


def flag(option: str) -> str:
    """Return the command-line option: ``--learning-rate``."""
    return "--" + option.replace("_", "-")


def variable(option: str) -> str:
    """Return the environment variable: ``TRAIN_LEARNING_RATE``."""
    return PREFIX + option.upper()


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else list(str(value).split(","))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("expected a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ValueError("expected a number") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("expected a finite number")
    return number
