"""The values of variables at each instruction of a stage, as far as the Dockerfile tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from evaluation.dockerfiles.dockerfile import Dockerfile, Instruction
from evaluation.dockerfiles.parser import arguments_of
from evaluation.dockerfiles.stages import BuildRefused, stage_index
from evaluation.dockerfiles.variables import LONGEST, CannotExpand, TooLong, expand
from evaluation.dockerfiles.words import BLANK, split_words

# The most characters that all ENV, ARG and LABEL instructions of a stage may set.
_MOST_SET = 256 * 1024
# The most characters of ARGs in the history of an image, which repeats them for each RUN.
_MOST_HISTORY = 4 * 1024 * 1024
# The builder expands variables in these as well.
_EXPANDED = frozenset(["ADD", "COPY", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"])


def expand_word(word: str, values: Mapping[str, str], escape: str) -> str:
    """Return a word with its variables expanded; unchanged if that is not possible.

    Args:
        word: the word as it is written.
        values: the values of the variables that are set.
        escape: the escape character of the file.
    """
    try:
        return expand(word, values, escape)
    except CannotExpand:
        return word


def instructions_with_variables(
    dockerfile: Dockerfile,
    place: int,
    arguments: Mapping[str, str],
    inherited: Mapping[str, str] | None = None,
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """Yield the instructions of a stage, each with the values of the variables before it.

    Args:
        dockerfile: the file.
        place: the index of the stage.
        arguments: build arguments.
        inherited: the variables of the base image.

    Raises:
        BuildRefused: The variables are too long.
    """
    given = tuple(sorted(arguments.items()))
    base = stage_index(dockerfile, dockerfile.stages[place].base, place)
    kept = _environments(dockerfile, given, base + 1)[base] if base is not None else {}
    yield from _iterate(dockerfile, place, given, {**(inherited or {}), **kept})


def _iterate(
    dockerfile: Dockerfile, place: int, given: tuple[tuple[str, str], ...], values: dict[str, str]
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    top, size = _global_arguments(dockerfile, dict(given)), 0
    arguments, told = dict[str, str](), 0
    for one in dockerfile.stages[place].instructions:
        yield one, values
        new = _variables_set_by(one, values, top, dict(given), dockerfile.escape)
        size += sum(map(len, new.values())) + _expanded_length(one, values, dockerfile.escape)
        arguments |= new if one.keyword == "ARG" else {}
        told += sum(map(len, arguments.values())) if one.keyword == "RUN" else 0
        if told > _MOST_HISTORY:
            raise BuildRefused(one.line, "its ARGs are too long for so many RUNs")
        if size > _MOST_SET:
            raise BuildRefused(one.line, "the stage sets more characters than an environment can hold")
        values = values | new if new else values


@lru_cache(maxsize=8)
def _environments(
    dockerfile: Dockerfile, given: tuple[tuple[str, str], ...], count: int
) -> list[dict[str, str]]:
    """Return the variables that the ENVs of the first stages set, including those of their base stages."""
    found: list[dict[str, str]] = []
    for place in range(count):
        base = stage_index(dockerfile, dockerfile.stages[place].base, place)
        kept = dict(found[base]) if base is not None else {}
        for one, values in _iterate(dockerfile, place, given, dict(kept)):
            if one.keyword == "ENV":
                kept |= _variables_set_by(one, values, {}, {}, dockerfile.escape)
        found.append(kept)
    return found


def _expanded_length(one: Instruction, values: Mapping[str, str], escape: str) -> int:
    """Return the length of an instruction's arguments after the builder has expanded them."""
    if one.keyword not in _EXPANDED or "$" not in one.text:
        return len(one.text) if one.keyword == "LABEL" else 0
    try:
        return len(expand(one.text, values, escape))
    except TooLong as error:
        raise BuildRefused(one.line, str(error)) from None
    except CannotExpand:
        return len(one.text)  # the builder reports what is wrong


def _global_arguments(dockerfile: Dockerfile, arguments: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for one in dockerfile.instructions:
        if one.keyword == "FROM":
            break
        values |= _variables_set_by(one, values, {}, arguments, dockerfile.escape)
    return values


def _variables_set_by(
    one: Instruction, values: Mapping[str, str], top: Mapping[str, str], given: Mapping[str, str], escape: str
) -> dict[str, str]:
    """Return the variables that an ARG or an ENV sets."""
    if one.keyword not in ("ARG", "ENV"):
        return {}
    try:
        found = (
            _argument(one, values, top, given, escape) if one.keyword == "ARG" else _env(one, values, escape)
        )
    except CannotExpand as error:
        raise BuildRefused(one.line, str(error)) from None
    return found


def _argument(
    one: Instruction, values: Mapping[str, str], top: Mapping[str, str], given: Mapping[str, str], escape: str
) -> dict[str, str]:
    names = [word.partition("=")[0] for word in split_words(one.text, escape)]
    inherited = {name: top[name] for name in names if name in top}
    return inherited | arguments_of(one, values, given, escape)


def _env(one: Instruction, values: Mapping[str, str], escape: str) -> dict[str, str]:
    words = split_words(one.text, escape)
    if words and "=" not in words[0]:  # the older form: a name, then its value up to the end of the line
        name, *rest = BLANK.split(one.text, maxsplit=1)
        return {name: expand("".join(rest), values, escape)}
    found: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        found[name] = expand(value, values, escape)
        if sum(map(len, found.values())) > 4 * LONGEST:
            raise CannotExpand("it sets more characters than an environment can hold")
    return found
