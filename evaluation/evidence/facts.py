"""Facts: values that are computed once for each submission and cached, as are the errors."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from common.errors import PipelineError
from evaluation.processes.messages import encode, hints_of

P = ParamSpec("P")
T = TypeVar("T")
# Describes what a fact is read from, for the error if reading it exceeds the limits.
Source = Callable[..., str]


class Fact(Generic[P, T]):
    """A value that is computed from the evidence of a submission, and how workers obtain it.

    Args:
        function: computes the value from the evidence and its arguments.
        source: describes what the value is read from; such a fact is computed in worker processes only. None if the
            value is computed without reading a file of the submission.
        reads: the names of the facts without arguments that it is computed from.
        for_workers: whether workers can request the value from the evaluation.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Any, P], T],
        source: Source | None,
        *,
        reads: tuple[str, ...] = (),
        for_workers: bool,
    ) -> None:
        self.function = function
        self.source = source
        self.reads = reads
        self.for_workers = for_workers
        self.name = function.__name__
        self.__doc__ = function.__doc__

    @functools.cached_property
    def kind(self) -> type[T]:
        """The type of the value."""
        return cast(type[T], hints_of(self.function)["return"])

    @functools.cached_property
    def parameters(self) -> dict[str, type[object]]:
        """The types of the arguments, by name."""
        return {name: kind for name, kind in hints_of(self.function).items() if name != "return"}

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, object]:
        """Return the arguments of a call by name, including defaults.

        Args:
            *args: the positional arguments of the call, without ``self``.
            **kwargs: the keyword arguments of the call.
        """
        arguments = inspect.signature(self.function).bind(None, *args, **kwargs)
        arguments.apply_defaults()
        return {name: value for name, value in arguments.arguments.items() if name != "self"}


class PropertyFact(Fact[[], T]):
    """A fact without arguments, which is read as a property."""

    @overload
    def __get__(self, facts: None, owner: type[Facts]) -> PropertyFact[T]: ...
    @overload
    def __get__(self, facts: Facts, owner: type[Facts]) -> T: ...
    def __get__(self, facts: Facts | None, owner: type[Facts]) -> PropertyFact[T] | T:
        return self if facts is None else facts.obtain(self)


class MethodFact(Fact[P, T]):
    """A fact with arguments, which is called as a method and cached for each set of arguments."""

    @overload
    def __get__(self, facts: None, owner: type[Facts]) -> MethodFact[P, T]: ...
    @overload
    def __get__(self, facts: Facts, owner: type[Facts]) -> Callable[P, T]: ...
    def __get__(self, facts: Facts | None, owner: type[Facts]) -> MethodFact[P, T] | Callable[P, T]:
        return self if facts is None else functools.partial(facts.obtain, self)


def fact(
    source: Source | None = None, *, reads: tuple[str, ...] = (), for_workers: bool = True
) -> Callable[[Callable[[Any], T]], PropertyFact[T]]:
    """Declare a fact without arguments; see `Fact`.

    Args:
        source: describes what the value is read from; None if no file of the submission is read.
        reads: the names of the facts without arguments that the value is computed from.
        for_workers: whether workers can request the value from the evaluation.
    """
    return lambda function: PropertyFact(function, source, reads=reads, for_workers=for_workers)


def fact_about(
    source: Source | None = None, *, for_workers: bool = True
) -> Callable[[Callable[Concatenate[Any, P], T]], MethodFact[P, T]]:
    """Declare a fact with arguments; see `Fact`.

    Args:
        source: describes what the value is read from, given its arguments; None if no file of the submission is read.
        for_workers: whether workers can request the value from the evaluation.
    """
    return lambda function: MethodFact(function, source, for_workers=for_workers)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a fact: a value, or the error that was raised instead."""

    value: object = None
    error: PipelineError | None = None


class Facts:
    """Caches the facts of one submission."""

    def __init__(self) -> None:
        self._outcomes: dict[str, Outcome] = {}

    def obtain(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the value of a fact, computing it if it is not known yet.

        Args:
            fact: the fact.
            *args: the arguments of the fact.
            **kwargs: the keyword arguments of the fact.

        Raises:
            PipelineError: the fact cannot be computed; the same error is raised each time.
        """
        key = self._key(fact, fact.bind(*args, **kwargs))
        if key not in self._outcomes:
            try:
                self._outcomes[key] = Outcome(self._compute(fact, *args, **kwargs))
            except PipelineError as error:
                self._outcomes[key] = Outcome(error=error)
        outcome = self._outcomes[key]
        if outcome.error is not None:
            raise outcome.error
        return cast(T, outcome.value)

    def known(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return the value of a fact that has already been computed; None if it has not, or has failed.

        Args:
            fact: the fact.
            *args: the arguments of the fact.
            **kwargs: the keyword arguments of the fact.
        """
        outcome = self._outcomes.get(self._key(fact, fact.bind(*args, **kwargs)), Outcome())
        return cast("T | None", outcome.value)

    def remember(self, fact: Fact[P, T], value: T, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Set the value of a fact, instead of computing it.

        Args:
            fact: the fact.
            value: the value.
            *args: the arguments of the fact.
            **kwargs: the keyword arguments of the fact.
        """
        self._outcomes[self._key(fact, fact.bind(*args, **kwargs))] = Outcome(value)

    def to_message(self, value: object) -> object:
        """Return a value as JSON data."""
        return encode(value)

    def _compute(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return fact.function(self, *args, **kwargs)

    def _key(self, fact: Fact[P, T], arguments: dict[str, object]) -> str:
        encoded = {name: self.to_message(value) for name, value in arguments.items()}
        return f"{fact.name} {json.dumps(encoded)}" if encoded else fact.name
