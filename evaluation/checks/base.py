"""A check: a decorated function that a rubric refers to by name, with parameters."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar, get_args, get_origin, get_type_hints

from evaluation.evidence.evidence import Evidence
from evaluation.processes.messages import decode, hints_of
from evaluation.result import Observation, Verdict

T = TypeVar("T")
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a check.

    Attributes:
        kind: the type of its value in a rubric: str, int or list.
        required: whether a rubric must set it.
        rules: functions that return what is wrong with a value; empty if it is valid.
    """

    kind: type
    required: bool
    rules: tuple[Callable[[object], str], ...]


@dataclass(frozen=True)
class Check:
    """A check of a submission.

    Attributes:
        function: examines the evidence and returns a verdict. A rubric refers to it by its name and sets its parameters
            after the first. It raises CannotCheck if the check cannot be performed.
    """

    function: Callable[..., Verdict]

    def __call__(self, evidence: Evidence, **parameters: object) -> Verdict:
        """Carry out the check.

        Args:
            evidence: the evidence collected for the submission.
            **parameters: the parameters from the rubric.
        """
        return self.function(evidence, **parameters)

    @property
    def name(self) -> str:
        """The name of the check in a rubric."""
        return self.function.__name__

    @functools.cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters that a rubric can set, by name."""
        hints = get_type_hints(self.function, include_extras=True)
        _, *expected = inspect.signature(self.function).parameters.values()
        return {one.name: _parameter(hints[one.name], one.default is one.empty) for one in expected}

    def read_parameters(self, message: Mapping[str, object]) -> dict[str, object]:
        """Convert parameters from JSON to the types that the function takes."""
        hints = hints_of(self.function)
        return {name: decode(hints[name], value) for name, value in message.items()}


def check(function: Callable[..., Verdict]) -> Check:
    """Declare a function as a check."""
    return Check(function)


def _parameter(hint: object, required: bool) -> Parameter:
    rules = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    plain = get_args(hint)[0] if rules else hint
    kind = list if get_origin(plain) is Sequence or get_origin(plain) is not None else plain
    assert isinstance(kind, type)
    return Parameter(kind, required, rules)


def _not_a_container(number: object) -> str:
    return "" if isinstance(number, int) and number >= 1 else f"must be 1 or more, got {number}"


def _not_patterns(patterns: object) -> str:
    for pattern in patterns if isinstance(patterns, list) else ():
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            return f"{pattern!r} is not a regular expression: {error}"
    return ""


ContainerNumber = Annotated[int, _not_a_container]
Patterns = Annotated[Sequence[str], _not_patterns]


def in_words(count: int) -> str:
    """Return a number of containers as a word."""
    return _WORDS[count] if count < len(_WORDS) else str(count)


def observed(**texts: object) -> tuple[Observation, ...]:
    """Return observations, one for each non-empty string.

    Args:
        **texts: the observed strings, by kind of observation (see `Observation`).
    """
    return tuple(Observation(kind, str(text)) for kind, text in texts.items() if text not in ("", None))


def tail(text: str, lines: int = 12) -> str:
    """Return the last lines of a string, for a report.

    Args:
        text: the string.
        lines: the maximum number of lines.
    """
    last_lines = [line[:300].rstrip() for line in text.rstrip().splitlines()[-lines:]]
    return "\n".join(last_lines)


def head(text: str, lines: int = 8) -> str:
    """Return the first lines of a string, for a report.

    Args:
        text: the string.
        lines: the maximum number of lines; one more says how many were left out.
    """
    all_lines = text.rstrip().splitlines()
    first_lines = [line[:300].rstrip() for line in all_lines[:lines]]
    return "\n".join(
        [*first_lines, f"... {len(all_lines) - lines} more lines"] if len(all_lines) > lines else first_lines
    )
