"""Advice on errors, in the terms of the program that shows them.

The errors of the library describe the problem. The advice depends on the program: the settings of the container are
environment variables, those of the command line are options. ``Wording`` has their names, ``advice_for`` the sentences.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from functools import singledispatch
from typing import TYPE_CHECKING

from pybrain_runtime.errors import AlreadyScaled, CannotWrite, MissingPackage, PipelineError, UnclearNetwork
from pybrain_runtime.io.record import Record
from pybrain_runtime.tables.column_errors import (
    AmbiguousHeader,
    ChosenOrderError,
    ColumnCountError,
    ColumnOrderError,
    ColumnTypeError,
    IncompleteOutputs,
    MissingColumns,
    MissingHeader,
    OtherColumnNames,
    OutputAsInput,
    UnnamedIndex,
)

if TYPE_CHECKING:
    from pybrain_runtime.network.stored_scaling import FoundScaling

FAST_IMAGE = (
    "docker build --target fast -t codebase_app07_fast container3_codebase && "
    "CODE_IMAGE=codebase_app07_fast docker-compose up"
)
"""The commands that run the stack with pyarrow, for a shell in the project folder."""

_OTHER_PATH_HELPS = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT)
_MOST_NAMES = 8
_LISTED = 8


class Wording(Record, eq=True):
    """The names of the settings of a program.

    Attributes:
        inputs: the setting with the names of the input columns.
        targets: the setting with the names of the columns with the expected outputs.
        keep: the setting with the names of the columns that are passed through.
        ignore_card: the setting that ignores the column names of the model card.
        scale_inputs: the setting with the rule that scales the inputs.
        scale_outputs: the setting with the rule that scales the outputs back.
        output: the setting with the path of the output; empty if there is none.
        sign: separator between a setting and its value.
        give: verb for giving a setting a value, such as ``set``.
        leave_out: verb for removing a setting, such as ``unset``.
        other_rows: how to use other rows, as the beginning of a sentence.
        other_network: how to use another network, to complete the sentence.
        pick: the setting that selects one of several networks in a file; empty if there is none.
        packages: how to run with the package for large files and Parquet; ends with a command.
    """

    inputs: str = "INPUT_COLUMNS"
    targets: str = "TARGET_COLUMNS"
    keep: str = "KEEP_COLUMNS"
    ignore_card: str = "IGNORE_CARD_NAMES=1"
    scale_inputs: str = "SCALE_INPUTS"
    scale_outputs: str = "SCALE_OUTPUTS"
    output: str = "OUTPUT_PATH"
    sign: str = "="
    give: str = "set"
    leave_out: str = "unset"
    other_rows: str = "Use matching rows (with Compose: DATA_PATH=./ROWS.csv docker-compose up)"
    other_network: str = "another network (MODEL_NAME=NAME.pkl)"
    pick: str = ""
    packages: str = f"With pyarrow: {FAST_IMAGE}"

    def assign(self, setting: str, names: Sequence[str]) -> str:
        """Return a setting with its value, quoted for a shell; the setting alone if names cannot be given that way.

        Args:
            setting: the name of the setting.
            names: column names, which are its value.
        """
        if any("," in name or not name.isprintable() for name in names):
            return setting
        text = ",".join(names)
        # An option whose value begins with a dash must be joined to it.
        return f"{setting}{'=' if text.startswith('-') else self.sign}{_shell_quoted(text)}"

    @property
    def ignoring(self) -> str:
        """The sentence about the names of the card."""
        return f"To ignore the names of the card, {self.give} {self.ignore_card}."


ENVIRONMENT = Wording()


def with_advice(error: PipelineError, advice: str) -> str:
    """Return the message of an error, and on a separate line its hint and the advice.

    Args:
        error: the error.
        advice: what can be done with the settings of the program; may be empty.
    """
    line = " ".join(filter(None, (error.hint, advice)))
    return f"{error.message}\n  {line}" if line else error.message


def scaling_advice(found: FoundScaling, words: Wording = ENVIRONMENT) -> str:
    """Return a line about companions in the knowledge file that may be a scaling and are not used.

    Args:
        found: the values and the rules that would use them.
        words: the names of the settings of the program.
    """
    more = f" and {len(found.names) - _LISTED:,} more" if len(found.names) > _LISTED else ""
    rules = ((words.scale_inputs, found.inputs), (words.scale_outputs, found.outputs))
    settings = [f"{setting}{words.sign}{_shell_quoted(rule)}" for setting, rule in rules if rule]
    either = f"{words.scale_inputs}{words.sign}"
    forms = f"{either}LOW..HIGH or {either}MEAN,WIDTH"
    use = " ".join(settings) or f"{forms}, where LOW, HIGH, MEAN and WIDTH are the names of stored values"
    names = ", ".join(found.names[:_LISTED]) + more
    return f"Scaling values found beside the network, but not used: {names}. To use them: {use}"


@singledispatch
def advice_for(error: PipelineError, words: Wording = ENVIRONMENT) -> str:
    """Return what the user can do about an error with the settings of a program; empty if no setting helps.

    Args:
        error: an error of the library.
        words: the names of the settings of the program.
    """
    return ""


@advice_for.register(CannotWrite)
def _(error: CannotWrite, words: Wording = ENVIRONMENT) -> str:
    if not words.output or error.errno not in _OTHER_PATH_HELPS:
        return ""
    return f"Or choose another path with {words.output}."


@advice_for.register(UnclearNetwork)
def _(error: UnclearNetwork, words: Wording = ENVIRONMENT) -> str:
    if not error.places:
        return f"{words.leave_out.capitalize()} {words.pick}." if words.pick else ""
    place = f" {_shell_quoted(error.places[0])}"
    if words.pick:
        choose = "Or choose" if error.hint else "Choose"
        return f"{choose} {'it' if len(error.places) == 1 else 'one'} with {words.pick}{place}."
    return f"Or take it out of the file: python App07.py convert FILE --to pkl --pick{place} --output NEW.pkl"


@advice_for.register(AlreadyScaled)
def _(error: AlreadyScaled, words: Wording = ENVIRONMENT) -> str:
    return f"{words.leave_out.capitalize()} {words.scale_inputs} and {words.scale_outputs}."


@advice_for.register(MissingPackage)
def _(error: MissingPackage, words: Wording = ENVIRONMENT) -> str:
    return words.packages if error.extra == "fast" else ""


@advice_for.register(ColumnCountError)
def _(error: ColumnCountError, words: Wording = ENVIRONMENT) -> str:
    if error.width < min(error.counts):  # no choice of columns makes them more
        return f"{words.other_rows}, or {words.other_network}."
    return f"{words.other_rows}, or choose columns by name with {words.inputs}."


@advice_for.register(AmbiguousHeader)
def _(error: AmbiguousHeader, words: Wording = ENVIRONMENT) -> str:
    if not error.expected:
        return f"If the first row is a header, choose columns by name with {words.inputs}."
    setting = words.assign(words.inputs, error.expected)
    return f"{words.give.capitalize()} {setting} if it is the header, or {words.ignore_card} if it is a row."


@advice_for.register(MissingHeader)
def _(error: MissingHeader, words: Wording = ENVIRONMENT) -> str:
    names = {"inputs": words.inputs, "targets": words.targets, "keep": words.keep}
    *others, last = [names[role] for role in error.chosen]
    return f"Or {words.leave_out} {' and '.join(filter(None, (', '.join(others), last)))}."


@advice_for.register(UnnamedIndex)
def _(error: UnnamedIndex, words: Wording = ENVIRONMENT) -> str:
    return f"Or choose columns with {words.inputs} and {words.targets}."


@advice_for.register(OutputAsInput)
def _(error: OutputAsInput, words: Wording = ENVIRONMENT) -> str:
    return f"Choose the inputs with {words.inputs}, and the expected outputs with {words.targets}. {words.ignoring}"


@advice_for.register(MissingColumns)
def _(error: MissingColumns, words: Wording = ENVIRONMENT) -> str:
    return f"Or choose the inputs with {words.inputs}. {words.ignoring}"


@advice_for.register(OtherColumnNames)
def _(error: OtherColumnNames, words: Wording = ENVIRONMENT) -> str:
    if len(error.found) > _MOST_NAMES:
        return f"Or choose them with {words.inputs}. {words.ignoring}"
    setting = words.assign(words.inputs, error.found)
    return f"Or {words.give} {setting} to use them as they are. {words.ignoring}"


@advice_for.register(IncompleteOutputs)
def _(error: IncompleteOutputs, words: Wording = ENVIRONMENT) -> str:
    setting = words.assign(words.inputs, error.inputs)
    return (
        f"{words.give.capitalize()} {setting} to skip the comparison, or {words.targets} to the columns with the "
        "expected outputs."
    )


@advice_for.register(ColumnOrderError)
def _(error: ColumnOrderError, words: Wording = ENVIRONMENT) -> str:
    setting = words.assign(words.inputs, error.inputs)
    if error.outputs:
        setting += " " + words.assign(words.targets, error.outputs)
    return f"{words.give.capitalize()} {setting} to select them by name. {words.ignoring}"


@advice_for.register(ChosenOrderError)
def _(error: ChosenOrderError, words: Wording = ENVIRONMENT) -> str:
    return words.ignoring


@advice_for.register(ColumnTypeError)
def _(error: ColumnTypeError, words: Wording = ENVIRONMENT) -> str:
    return f"Choose columns of numbers with {words.inputs}."


def _shell_quoted(text: str) -> str:
    """Return a string, quoted for a shell if necessary."""
    return text if re.fullmatch(r"[\w.,-]+", text) else "'" + text.replace("'", "'\\''") + "'"
