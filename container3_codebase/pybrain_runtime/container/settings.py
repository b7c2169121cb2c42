"""What a run is told through its environment."""

from __future__ import annotations

from collections.abc import Mapping

from pybrain_runtime._io.record import Record
from pybrain_runtime.container.image_check import check_published
from pybrain_runtime.errors import UsageError
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.network.model_card import card_path


class SettingError(UsageError):
    """An environment variable has no valid value.

    Attributes:
        variable: its name.
    """

    def __init__(self, message: str, *, hint: str, variable: str) -> None:
        super().__init__(message, hint=hint)
        self.variable = variable


class Settings(Record, eq=True):
    """Where things are, and which columns to take.

    Attributes:
        model: the knowledge file (``MODEL_PATH``).
        data: the activation file (``DATA_PATH``).
        output: the prediction file (``OUTPUT_PATH``).
        input_columns: names of the columns that go in (``INPUT_COLUMNS``); None for the usual ones.
        target_columns: names of the columns to compare with (``TARGET_COLUMNS``); None for the usual ones.
        ignore_card_names: whether the names of the card say nothing about the columns (``IGNORE_CARD_NAMES=1``).
        scale_inputs: how inputs are scaled by what lies beside the network (``SCALE_INPUTS``); None leaves them.
        scale_outputs: how answers are turned back, by the same rule (``SCALE_OUTPUTS``); None leaves them.
        notices: the folder with what the data containers noticed (``NOTICES``); empty where there is none.
    """

    model: str = "/shared_data/currentSolution.pkl"
    data: str = "/shared_data/activation_data.csv"
    output: str = "/shared_data/prediction.csv"
    input_columns: tuple[str, ...] | None = None
    target_columns: tuple[str, ...] | None = None
    ignore_card_names: bool = False
    scale_inputs: str | None = None
    scale_outputs: str | None = None
    notices: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Reads the settings; what is unset has its default.

        Raises:
            UsageError: a variable is set, but empty; the message names it.
        """
        return cls(
            model=_text(environment, "MODEL_PATH", cls.model),
            data=_text(environment, "DATA_PATH", cls.data),
            output=_text(environment, "OUTPUT_PATH", cls.output),
            input_columns=_names(environment, "INPUT_COLUMNS"),
            target_columns=_names(environment, "TARGET_COLUMNS"),
            ignore_card_names=switch(environment, "IGNORE_CARD_NAMES"),
            scale_inputs=rule(environment, "SCALE_INPUTS"),
            scale_outputs=rule(environment, "SCALE_OUTPUTS"),
            notices=environment.get("NOTICES", cls.notices),
        )

    def check_inputs(self, knowledge: Knowledge, activation: str) -> None:
        """Checks that what was read is what the data containers of this run put there.

        Args:
            knowledge: the network.
            activation: the SHA-256 of the rows' file.

        Raises:
            DataError: somebody else has written there meanwhile.
        """
        card = knowledge.card.sha256 if knowledge.card else ""
        check_published(self.notices, self.model, knowledge.sha256)
        check_published(self.notices, card_path(self.model), card)
        check_published(self.notices, self.data, activation)


def switch(environment: Mapping[str, str], name: str) -> bool:
    """Reads a variable that is 1 or 0; unset is 0.

    Raises:
        UsageError: it is something else; the message names it.
    """
    value = environment.get(name, "0").strip()
    if value not in ("0", "1"):
        what = f"is {value!r}" if value else "is set, but empty"
        raise SettingError(f"{name} {what}.", hint="Set it to 1 or 0, or unset it.", variable=name)
    return value == "1"


def rule(environment: Mapping[str, str], name: str) -> str | None:
    """Reads how to scale; None where the variable is unset.

    Raises:
        UsageError: it is set, but empty; the message names it.
    """
    value = environment.get(name)
    if value is not None and not value.strip():
        raise SettingError(
            f"{name} is set, but empty.", hint="Give a rule such as x_min..x_max, or unset it.", variable=name
        )
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
        what = "is set, but empty" if not environment[name].strip() else "has an empty name in it"
        raise SettingError(
            f"{name} {what}.", hint="Give names of columns, separated by commas, or unset it.", variable=name
        )
    return names
