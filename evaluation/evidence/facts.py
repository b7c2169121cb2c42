"""Facts: values that are computed once for each submission and cached, as are the errors."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from evaluation.processes.messages import encode, hints_of
from pipeline.errors import PipelineError

P = ParamSpec("P")
T = TypeVar("T")
# Names what a fact is read from, for the error that is raised where reading it takes too much.
Source = Callable[..., str]


class Fact(Generic[P, T]):
    """A value that is computed from the evidence of a submission, and how workers get it.

    Args:
        function: computes the value from the evidence and its arguments.
        source: names what the value is read from; None where no file of the submission is read for it. Such a fact
            is computed in worker processes only.
        reads: the names of the facts without arguments that it is computed from.
        for_workers: whether workers can ask the evaluation for the value.
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
        """The types of the arguments, by their names."""
        return {name: kind for name, kind in hints_of(self.function).items() if name != "return"}

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, object]:
        """Return the arguments of a call by their names, those left to their defaults included."""
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
    """A fact with arguments, which is called as a method and remembered for each set of arguments."""

    @overload
    def __get__(self, facts: None, owner: type[Facts]) -> MethodFact[P, T]: ...
    @overload
    def __get__(self, facts: Facts, owner: type[Facts]) -> Callable[P, T]: ...
    def __get__(self, facts: Facts | None, owner: type[Facts]) -> MethodFact[P, T] | Callable[P, T]:
        return self if facts is None else functools.partial(facts.obtain, self)


def fact(
    source: Source | None = None, *, reads: tuple[str, ...] = (), for_workers: bool = True
) -> Callable[[Callable[[Any], T]], PropertyFact[T]]:
    """Declare a fact without arguments; see `Fact`."""
    return lambda function: PropertyFact(function, source, reads=reads, for_workers=for_workers)


def fact_about(
    source: Source | None = None, *, for_workers: bool = True
) -> Callable[[Callable[Concatenate[Any, P], T]], MethodFact[P, T]]:
    """Declare a fact with arguments; see `Fact`."""
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
        """Return the value of a fact, computed where it is not known yet.

        Raises:
            PipelineError: it cannot be computed; the same error each time.
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
        """Return the value of a fact where it has been computed already; None where it was not, or failed."""
        outcome = self._outcomes.get(self._key(fact, fact.bind(*args, **kwargs)), Outcome())
        return cast("T | None", outcome.value)

    def remember(self, fact: Fact[P, T], value: T, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Set the value of a fact, in the place of one that would be computed."""
        self._outcomes[self._key(fact, fact.bind(*args, **kwargs))] = Outcome(value)

    def to_message(self, value: object) -> object:
        """Return a value as JSON data."""
        return encode(value)

    def _compute(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return fact.function(self, *args, **kwargs)

    def _key(self, fact: Fact[P, T], arguments: dict[str, object]) -> str:
        encoded = {name: self.to_message(value) for name, value in arguments.items()}
        return f"{fact.name} {json.dumps(encoded)}" if encoded else fact.name
