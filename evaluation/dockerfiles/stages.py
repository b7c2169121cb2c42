"""The stages of a Dockerfile as they are built: which one a name means, and what its variables hold."""

from __future__ import annotations

from evaluation.dockerfiles.dockerfile import Dockerfile, Instruction, Stage
from evaluation.dockerfiles.words import BLANK, json_words


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


def sources(one: Instruction) -> list[str]:
    """The sources of a COPY or an ADD, as Docker parts them: blanks count within quotes, too."""
    words = json_words(one.text)
    return (words if words is not None else BLANK.split(one.text))[:-1]


def stage_name(place: int) -> str:
    """What a stage is called in the file that is built."""
    return f"app07-stage-{place}"


def base_of(dockerfile: Dockerfile, stage: Stage, place: int) -> str:
    """What stands behind FROM in the file that is built."""
    base = number_of(dockerfile, stage.base, place)
    return stage.base if base is None else stage_name(base)
