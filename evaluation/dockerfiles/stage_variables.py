"""The values of variables at each instruction of a stage, as far as the Dockerfile tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from evaluation.dockerfiles.dockerfile import Dockerfile, Instruction
from evaluation.dockerfiles.parser import arguments_of
from evaluation.dockerfiles.stages import BuildRefused, number_of
from evaluation.dockerfiles.variables import LONGEST, CannotExpand, TooLong, expanded
from evaluation.dockerfiles.words import BLANK, split_words

# What all the ENVs, ARGs and LABELs of a stage may come to.
_MOST_SET = 256 * 1024
# What the ARGs may come to in the history of an image, which holds them once more for each RUN.
_MOST_TOLD = 4 * 1024 * 1024
# The builder puts variables into these as well.
_EXPANDED = frozenset(["ADD", "COPY", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"])


def word_of(word: str, values: Mapping[str, str], escape: str) -> str:
    """A word with its variables put in; as it stands where that cannot be done."""
    try:
        return expanded(word, values, escape)
    except CannotExpand:
        return word


def with_variables(
    dockerfile: Dockerfile,
    place: int,
    arguments: Mapping[str, str],
    inherited: Mapping[str, str] | None = None,
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """The instructions of a stage, each with what the variables hold before it, as far as the file tells.

    Args:
        dockerfile: the file.
        place: which stage.
        arguments: what `--build-arg` says.
        inherited: the variables of the image that the stage is made of.
    """
    given = tuple(sorted(arguments.items()))
    base = number_of(dockerfile, dockerfile.stages[place].base, place)
    kept = _environments(dockerfile, given, base + 1)[base] if base is not None else {}
    yield from _stepwise(dockerfile, place, given, {**(inherited or {}), **kept})


def _stepwise(
    dockerfile: Dockerfile, place: int, given: tuple[tuple[str, str], ...], values: dict[str, str]
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    top, size = _top_arguments(dockerfile, dict(given)), 0
    arguments, told = dict[str, str](), 0
    for one in dockerfile.stages[place].instructions:
        yield one, values
        new = _set_by(one, values, top, dict(given), dockerfile.escape)
        size += sum(map(len, new.values())) + _becomes(one, values, dockerfile.escape)
        arguments |= new if one.keyword == "ARG" else {}
        told += sum(map(len, arguments.values())) if one.keyword == "RUN" else 0
        if told > _MOST_TOLD:
            raise BuildRefused(one.line, "the ARGs are too long for so many RUNs")
        if size > _MOST_SET:
            raise BuildRefused(one.line, "the stage sets more than an environment can hold")
        values = values | new if new else values


@lru_cache(maxsize=8)
def _environments(
    dockerfile: Dockerfile, given: tuple[tuple[str, str], ...], count: int
) -> list[dict[str, str]]:
    """What the ENVs of the first stages have set, each with those of the stage that it is made of."""
    found: list[dict[str, str]] = []
    for place in range(count):
        base = number_of(dockerfile, dockerfile.stages[place].base, place)
        kept = dict(found[base]) if base is not None else {}
        for one, values in _stepwise(dockerfile, place, given, dict(kept)):
            if one.keyword == "ENV":
                kept |= _set_by(one, values, {}, {}, dockerfile.escape)
        found.append(kept)
    return found


def _becomes(one: Instruction, values: Mapping[str, str], escape: str) -> int:
    """How long the arguments of an instruction become that the builder puts variables into."""
    if one.keyword not in _EXPANDED or "$" not in one.text:
        return len(one.text) if one.keyword == "LABEL" else 0
    try:
        return len(expanded(one.text, values, escape))
    except TooLong as error:
        raise BuildRefused(one.line, str(error)) from None
    except CannotExpand:
        return len(one.text)  # the builder says what is wrong with it


def _top_arguments(dockerfile: Dockerfile, arguments: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for one in dockerfile.instructions:
        if one.keyword == "FROM":
            break
        values |= _set_by(one, values, {}, arguments, dockerfile.escape)
    return values


def _set_by(
    one: Instruction, values: Mapping[str, str], top: Mapping[str, str], given: Mapping[str, str], escape: str
) -> dict[str, str]:
    """What an ARG or an ENV sets."""
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
    if words and "=" not in words[0]:  # the older form: one name, and the rest of the line
        name, *rest = BLANK.split(one.text, maxsplit=1)
        return {name: expanded("".join(rest), values, escape)}
    found: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        found[name] = expanded(value, values, escape)
        if sum(map(len, found.values())) > 4 * LONGEST:
            raise CannotExpand("it sets more than an environment can hold")
    return found
