"""The settings of a run, from environment variables."""

from __future__ import annotations

from collections.abc import Mapping

from pybrain_runtime.container.image_check import check_published
from pybrain_runtime.errors import UsageError
from pybrain_runtime.io.record import Record
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.network.model_card import card_path


class SettingError(UsageError):
    """The value of an environment variable is not valid.

    Attributes:
        variable: the name of the variable.
    """

    def __init__(self, message: str, *, hint: str, variable: str) -> None:
        super().__init__(message, hint=hint)
        self.variable = variable


class Settings(Record, eq=True):
    """Paths, columns, scaling, threads and device of a run.

    Attributes:
        model: the knowledge file (``MODEL_PATH``).
        data: the activation file (``DATA_PATH``).
        output: the prediction file (``OUTPUT_PATH``).
        input_columns: names of the input columns (``INPUT_COLUMNS``); None to select them by the card's names or by
            position.
        target_columns: names of the columns with expected outputs (``TARGET_COLUMNS``); None to select them by the
            card's names or by position.
        keep: names of the columns that are passed through to the prediction as text (``KEEP_COLUMNS``).
        ignore_card_names: whether to ignore the names of the model card (``IGNORE_CARD_NAMES=1``).
        scale_inputs: how inputs are scaled by arrays in the knowledge file (``SCALE_INPUTS``); None does not scale.
        scale_outputs: how outputs are scaled back, by the same rule (``SCALE_OUTPUTS``); None does not scale.
        legacy_nesting: whether feed-forward networks inside recurrent ones are computed as in PyBrain
            (``LEGACY_NESTING=1``).
        threads: maximum number of inference threads (``CPU_THREADS``); None for as many as the process is allowed.
        device: ``cpu``, or ``gpu`` to compute large numbers of rows on a GPU if there is one (``COMPUTE_DEVICE``).
        notices: the folder with the notices of the data containers (``NOTICES``); empty if there is none.
    """

    model: str = "/shared_data/currentSolution.pkl"
    data: str = "/shared_data/activation_data.csv"
    output: str = "/shared_data/prediction.csv"
    input_columns: tuple[str, ...] | None = None
    target_columns: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    ignore_card_names: bool = False
    scale_inputs: str | None = None
    scale_outputs: str | None = None
    legacy_nesting: bool = False
    threads: int | None = None
    device: str = "cpu"
    notices: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings; an unset variable has its default.

        Args:
            environment: the environment variables.

        Raises:
            UsageError: a variable is set, but empty or not valid; the message names it.
        """
        return cls(
            model=_text(environment, "MODEL_PATH", cls.model),
            data=_text(environment, "DATA_PATH", cls.data),
            output=_text(environment, "OUTPUT_PATH", cls.output),
            input_columns=_names(environment, "INPUT_COLUMNS"),
            target_columns=_names(environment, "TARGET_COLUMNS"),
            keep=_names(environment, "KEEP_COLUMNS") or (),
            ignore_card_names=switch(environment, "IGNORE_CARD_NAMES"),
            scale_inputs=rule(environment, "SCALE_INPUTS"),
            scale_outputs=rule(environment, "SCALE_OUTPUTS"),
            legacy_nesting=switch(environment, "LEGACY_NESTING"),
            threads=_threads(environment, "CPU_THREADS"),
            device=_device(environment, "COMPUTE_DEVICE"),
            notices=environment.get("NOTICES", cls.notices),
        )

    def check_inputs(self, knowledge: Knowledge, activation: str) -> None:
        """Check that the files that were read are those that the data containers of this run have published.

        Args:
            knowledge: the network.
            activation: SHA-256 of the activation file.

        Raises:
            DataError: a file has been replaced.
        """
        card = knowledge.card.sha256 if knowledge.card else ""
        check_published(self.notices, self.model, knowledge.sha256)
        check_published(self.notices, card_path(self.model), card)
        check_published(self.notices, self.data, activation)


def switch(environment: Mapping[str, str], name: str) -> bool:
    """Return whether a variable is 1; it must be 1, 0 or unset.

    Args:
        environment: the environment variables.
        name: the variable.

    Raises:
        UsageError: the variable has another value; the message names it.
    """
    value = environment.get(name, "0").strip()
    if value not in ("0", "1"):
        what = f"is {value!r}" if value else "is set, but empty"
        raise SettingError(f"{name} {what}.", hint="Set it to 1 or 0, or unset it.", variable=name)
    return value == "1"


def rule(environment: Mapping[str, str], name: str) -> str | None:
    """Return a scaling rule; None if the variable is unset.

    Args:
        environment: the environment variables.
        name: the variable.

    Raises:
        UsageError: the variable is set, but empty; the message names it.
    """
    value = environment.get(name)
    if value is not None and not value.strip():
        raise SettingError(
            f"{name} is set, but empty.",
            hint="Set it to a rule such as x_min..x_max, or unset it.",
            variable=name,
        )
    return value


def _threads(environment: Mapping[str, str], name: str) -> int | None:
    value = environment.get(name)
    if value is None:
        return None
    number = value.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= len("9999") and int(number)):
        what = f"is {number[:20]!r}" if number else "is set, but empty"
        raise SettingError(
            f"{name} {what}.", hint="Set it to an integer from 1 to 9999, or unset it.", variable=name
        )
    return int(number)


def _device(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "cpu").strip()
    if value not in ("cpu", "gpu"):
        what = f"is {value[:20]!r}" if value else "is set, but empty"
        raise SettingError(f"{name} {what}.", hint="Set it to cpu or gpu, or unset it.", variable=name)
    return value


def _text(environment: Mapping[str, str], name: str, default: str) -> str:
    value = environment.get(name, default)
    if not value.strip():
        raise SettingError(f"{name} is set, but empty.", hint=f"Unset it to use {default}.", variable=name)
    return value


def _names(environment: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    if name not in environment:
        return None
    names = tuple(part.strip() for part in environment[name].split(","))
    if not all(names):
        what = "is set, but empty" if not environment[name].strip() else "contains an empty name"
        raise SettingError(
            f"{name} {what}.", hint="Set it to column names, separated by commas, or unset it.", variable=name
        )
    return names
