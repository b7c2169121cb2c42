"""Advice on training errors, in the terms of the program that shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pybrain_runtime.errors import (
    CannotResume,
    CannotWrite,
    MissingPackage,
    OutputExists,
    OverwritesInput,
    PipelineError,
)
from training.errors import (
    AllTrialsFailed,
    Busy,
    Diverged,
    InputsDiffer,
    MissingColumn,
    SearchInterrupted,
    SearchTimedOut,
    TooFewFoldRows,
    TooFewRows,
    UnusableFeature,
    WorkerEnded,
)
from training.options import flag, variable


@dataclass(frozen=True)
class Wording:
    """The names of options in a program.

    Attributes:
        of: returns the program's name for an option of the table.
        sign: the separator between an option and its value.
    """

    of: Callable[[str], str]
    sign: str


OPTIONS = Wording(flag, " ")
"""On the command line."""

ENVIRONMENT = Wording(variable, "=")
"""In a container."""


def advice_for(error: PipelineError, words: Wording) -> str:
    """Return advice on the options that resolve an error; empty if no option helps.

    Args:
        error: the error.
        words: the names of the options.
    """
    if isinstance(error, MissingColumn):
        return f"Choose columns of the file with {words.of('target')} and {words.of('features')}."
    if isinstance(error, UnusableFeature | InputsDiffer):
        return f"Choose the features with {words.of('features')}."
    if isinstance(error, TooFewFoldRows):
        return f"Choose fewer folds with {words.of('folds')}."
    if isinstance(error, TooFewRows):
        return f"{words.of('validation')}{words.sign}0 or {words.of('test')}{words.sign}0 omits that part."
    if isinstance(error, MissingPackage) and error.extra == "fast":
        return "Convert the rows to CSV or JSON lines, or train outside the container."
    if isinstance(error, Diverged):
        if error.learning_rate is None:
            return f"Choose another trainer with {words.of('trainer')}."
        return f"Choose a smaller learning rate with {words.of('learning_rate')}."
    if isinstance(error, SearchInterrupted):
        return f"{words.of('resume')} continues the search."
    if isinstance(error, AllTrialsFailed):
        return f"Specify other ranges with {words.of('range')}."
    if isinstance(error, SearchTimedOut):
        return f"Allow more time with {words.of('timeout')}; {words.of('resume')} continues the search."
    if isinstance(error, WorkerEnded):
        return f"Use fewer processes with {words.of('jobs')}; {words.of('resume')} continues the search."
    if isinstance(error, CannotResume):
        return f"Start without {words.of('resume')} to start over."
    if isinstance(error, OutputExists | OverwritesInput):
        return f"Choose another folder with {words.of('out')}."
    if isinstance(error, CannotWrite | Busy):
        return f"Or choose another folder with {words.of('out')}."
    return ""
