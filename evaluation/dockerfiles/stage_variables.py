"""The values of variables at each instruction of a stage, as far as the Dockerfile shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from evaluation.dockerfiles.dockerfile import Dockerfile, Instruction
from evaluation.dockerfiles.parser import arguments_of
from evaluation.dockerfiles.stages import BuildRefused, stage_index
from evaluation.dockerfiles.variables import LONGEST, CannotExpand, TooLong, expand
from evaluation.dockerfiles.words import BLANK, split_words

# Maximum number of characters that all ENV, ARG and LABEL instructions of a stage may set.
_MOST_SET = 256 * 1024
# Maximum number of characters of ARGs in the history of an image, which repeats them for each RUN.
_MOST_HISTORY = 4 * 1024 * 1024
# The builder expands variables in these as well.
_EXPANDED = frozenset(["ADD", "COPY", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"])


def expand_word(word: str, values: Mapping[str, str], escape: str) -> str:
    """Return a word with its variables expanded; unchanged if that is not possible.

    Args:
        word: the word as written in the file.
        values: the values of the variables that are set.
        escape: the escape character of the file.
    """
    try:
        return expand(word, values, escape)
    except CannotExpand:
        return word


def instructions_with_variables(
    dockerfile: Dockerfile,
    index: int,
    arguments: Mapping[str, str],
    inherited: Mapping[str, str] | None = None,
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """Yield the instructions of a stage, each with the values of the variables before it.

    Args:
        dockerfile: the file.
        index: the index of the stage.
        arguments: build arguments.
        inherited: the variables of the base image.

    Raises:
        BuildRefused: the values of the variables are too long.
    """
    build_arguments = tuple(sorted(arguments.items()))
    base = stage_index(dockerfile, dockerfile.stages[index].base, index)
    base_variables = _environments(dockerfile, build_arguments, base + 1)[base] if base is not None else {}
    yield from _iterate(dockerfile, index, build_arguments, {**(inherited or {}), **base_variables})


def _iterate(
    dockerfile: Dockerfile, index: int, build_arguments: tuple[tuple[str, str], ...], values: dict[str, str]
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    global_arguments, size = _global_arguments(dockerfile, dict(build_arguments)), 0
    arguments, history_size = dict[str, str](), 0
    for instruction in dockerfile.stages[index].instructions:
        yield instruction, values
        new = _variables_set_by(
            instruction, values, global_arguments, dict(build_arguments), dockerfile.escape
        )
        size += sum(map(len, new.values())) + _expanded_length(instruction, values, dockerfile.escape)
        arguments |= new if instruction.keyword == "ARG" else {}
        history_size += sum(map(len, arguments.values())) if instruction.keyword == "RUN" else 0
        if history_size > _MOST_HISTORY:
            raise BuildRefused(instruction.line, "its ARGs are too long for this many RUN instructions")
        if size > _MOST_SET:
            raise BuildRefused(
                instruction.line, "the stage sets more characters than an environment can hold"
            )
        values = values | new if new else values


@lru_cache(maxsize=8)
def _environments(
    dockerfile: Dockerfile, build_arguments: tuple[tuple[str, str], ...], count: int
) -> list[dict[str, str]]:
    """Return the variables that the ENVs of the first stages set, including those of their base stages."""
    environments: list[dict[str, str]] = []
    for index in range(count):
        base = stage_index(dockerfile, dockerfile.stages[index].base, index)
        environment = dict(environments[base]) if base is not None else {}
        for instruction, values in _iterate(dockerfile, index, build_arguments, dict(environment)):
            if instruction.keyword == "ENV":
                environment |= _variables_set_by(instruction, values, {}, {}, dockerfile.escape)
        environments.append(environment)
    return environments


def _expanded_length(instruction: Instruction, values: Mapping[str, str], escape: str) -> int:
    """Return the length of an instruction's arguments after the builder has expanded them."""
    if instruction.keyword not in _EXPANDED or "$" not in instruction.text:
        return len(instruction.text) if instruction.keyword == "LABEL" else 0
    try:
        return len(expand(instruction.text, values, escape))
    except TooLong as error:
        raise BuildRefused(instruction.line, str(error)) from None
    except CannotExpand:
        return len(instruction.text)  # the builder reports what is wrong


def _global_arguments(dockerfile: Dockerfile, arguments: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM":
            break
        values |= _variables_set_by(instruction, values, {}, arguments, dockerfile.escape)
    return values


def _variables_set_by(
    instruction: Instruction,
    values: Mapping[str, str],
    global_arguments: Mapping[str, str],
    build_arguments: Mapping[str, str],
    escape: str,
) -> dict[str, str]:
    """Return the variables that an ARG or an ENV sets."""
    if instruction.keyword not in ("ARG", "ENV"):
        return {}
    try:
        variables = (
            _argument(instruction, values, global_arguments, build_arguments, escape)
            if instruction.keyword == "ARG"
            else _env(instruction, values, escape)
        )
    except CannotExpand as error:
        raise BuildRefused(instruction.line, str(error)) from None
    return variables


def _argument(
    instruction: Instruction,
    values: Mapping[str, str],
    global_arguments: Mapping[str, str],
    build_arguments: Mapping[str, str],
    escape: str,
) -> dict[str, str]:
    names = [word.partition("=")[0] for word in split_words(instruction.text, escape)]
    inherited = {name: global_arguments[name] for name in names if name in global_arguments}
    return inherited | arguments_of(instruction, values, build_arguments, escape)


def _env(instruction: Instruction, values: Mapping[str, str], escape: str) -> dict[str, str]:
    words = split_words(instruction.text, escape)
    if words and "=" not in words[0]:  # the older form: a name, then its value up to the end of the line
        name, *rest = BLANK.split(instruction.text, maxsplit=1)
        return {name: expand("".join(rest), values, escape)}
    variables: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        variables[name] = expand(value, values, escape)
        if sum(map(len, variables.values())) > 4 * LONGEST:
            raise CannotExpand("it sets more characters than an environment can hold")
    return variables
