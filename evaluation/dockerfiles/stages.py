"""The stages of a Dockerfile as they are built: which one a name means, and what its variables hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from evaluation.dockerfiles.dockerfile import (
    BLANK,
    Dockerfile,
    Instruction,
    Stage,
    arguments_of,
    json_words,
    split_words,
)
from evaluation.dockerfiles.variables import LONGEST, CannotExpand, TooLong, expanded

_REMOTE = re.compile(r"(https?|ftp|git|ssh)://|git@", re.IGNORECASE)
# What Docker takes for the name of an image, with nothing in it that could mean more.
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")
# What the engine would take for the id of an image that happens to be there.
_ID = re.compile(r"(sha256:|@).*|[0-9a-f]{64}")


# What all the ENVs, ARGs and LABELs of a stage may come to.
_MOST_SET = 256 * 1024
# What the ARGs may come to in the history of an image, which holds them once more for each RUN.
_MOST_TOLD = 4 * 1024 * 1024
# The builder puts variables into these as well.
_EXPANDED = frozenset(["ADD", "COPY", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"])


class BuildRefused(ValueError):
    """A Dockerfile that is not built.

    Args:
        line: where.
        reason: why not.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def number_of(dockerfile: Dockerfile, name: str, before: int) -> int | None:
    """Which of the first stages a name means; the last one of that name. None where it is none of them."""
    for place in reversed(range(min(before, len(dockerfile.stages)))):
        if dockerfile.stages[place].name and dockerfile.stages[place].name == name.lower():
            return place
    return None


def source_stage(dockerfile: Dockerfile, name: str, before: int) -> int | None:
    """Which stage `--from` means: a number or a name. None where it means an image."""
    if name.isdecimal() and name.isascii() and len(name) < 6:
        return int(name) if int(name) < before else None
    return number_of(dockerfile, name, before)


def last_stage(dockerfile: Dockerfile, target: str) -> int | None:
    """The stage that is built: the target, else the last one. None where there is no such stage."""
    if not target:
        return len(dockerfile.stages) - 1
    found = number_of(dockerfile, target, len(dockerfile.stages))
    return found if found is not None else source_stage(dockerfile, target, len(dockerfile.stages))


def images_of(dockerfile: Dockerfile, last: int) -> list[tuple[int, str]]:
    """The images that the stages up to one are made of, each with the line that names it."""
    found = []
    for place, stage in enumerate(dockerfile.stages[: last + 1]):
        if number_of(dockerfile, stage.base, place) is None and stage.base != "scratch":
            found.append((stage.line, stage.base))
        for one in stage.instructions:
            if name := source_of(one):
                found += [(one.line, name)] if source_stage(dockerfile, name, place) is None else []
    return found


def source_of(one: Instruction) -> str:
    """What an instruction copies from: another stage or image; empty where it is the context."""
    return (one.flag("from") or "") if one.keyword in ("COPY", "ADD") else ""


def refusals(dockerfile: Dockerfile, target: str, arguments: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Why a Dockerfile is not built at all, as far as its text tells: line and reason."""
    last = last_stage(dockerfile, target)
    if last is None:
        yield 1, f"there is no stage {target} to stop at"
        return
    for line, image in images_of(dockerfile, last):
        if "$" in image:
            yield (
                line,
                f"{image[:80]} is no fixed name: variables are put in in a FROM before the first stage only",
            )
        elif not _IMAGE.fullmatch(image):
            yield line, f"{image[:80]!r} is no name of an image"
        elif _ID.fullmatch(image):
            yield line, f"{image[:80]} is the id of an image of some machine; name an image and its tag"
    based_on = {number_of(dockerfile, stage.base, place) for place, stage in enumerate(dockerfile.stages)}
    for place, stage in enumerate(dockerfile.stages[: last + 1]):
        for one in stage.instructions:
            if one.keyword == "ONBUILD" and place in based_on:
                yield one.line, "ONBUILD is not carried out; write the instruction where it is to happen"
        try:
            yield from _remote(dockerfile, place, arguments)
        except BuildRefused as error:
            yield error.line, str(error)
            return


def _remote(dockerfile: Dockerfile, place: int, arguments: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    for one, values in with_variables(dockerfile, place, arguments):
        for word in sources(one) if one.keyword == "ADD" else []:
            plain = word_of(word, values, dockerfile.escape)
            if _REMOTE.match(plain):
                yield (
                    one.line,
                    f"ADD {plain[:200]} would be fetched by the engine itself, past every limit of the evaluation",
                )


def word_of(word: str, values: Mapping[str, str], escape: str) -> str:
    """A word with its variables put in; as it stands where that cannot be done."""
    try:
        return expanded(word, values, escape)
    except CannotExpand:
        return word


def sources(one: Instruction) -> list[str]:
    """The sources of a COPY or an ADD, as Docker parts them: blanks count within quotes, too."""
    words = json_words(one.text)
    return (words if words is not None else BLANK.split(one.text))[:-1]


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


def stage_name(place: int) -> str:
    """What a stage is called in the file that is built."""
    return f"app07-stage-{place}"


def base_of(dockerfile: Dockerfile, stage: Stage, place: int) -> str:
    """What stands behind FROM in the file that is built."""
    base = number_of(dockerfile, stage.base, place)
    return stage.base if base is None else stage_name(base)
