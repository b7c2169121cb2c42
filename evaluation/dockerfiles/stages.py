"""The stages of a Dockerfile as they are built: which stage or image a name refers to."""

from __future__ import annotations

from evaluation.dockerfiles.dockerfile import Dockerfile, Instruction, Stage
from evaluation.dockerfiles.words import BLANK, json_words


class BuildRefused(ValueError):
    """A Dockerfile that is not built.

    Args:
        line: the line of the instruction.
        reason: why it is not built.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def stage_index(dockerfile: Dockerfile, name: str, before: int) -> int | None:
    """Return the index of the stage with a name; the last one if several have it.

    Args:
        dockerfile: the file.
        name: the name of the stage.
        before: only stages before this index count.

    Returns:
        None if there is no such stage.
    """
    for index in reversed(range(min(before, len(dockerfile.stages)))):
        if dockerfile.stages[index].name and dockerfile.stages[index].name == name.lower():
            return index
    return None


def source_stage(dockerfile: Dockerfile, name: str, before: int) -> int | None:
    """Return the index of the stage that `--from` refers to, by number or by name.

    Args:
        dockerfile: the file.
        name: the value of `--from`.
        before: only stages before this index count.

    Returns:
        None if it refers to an image.
    """
    if name.isdecimal() and name.isascii() and len(name) < 6:
        return int(name) if int(name) < before else None
    return stage_index(dockerfile, name, before)


def target_stage(dockerfile: Dockerfile, target: str) -> int | None:
    """Return the index of the stage that is built: the target, or the last one.

    Args:
        dockerfile: the file.
        target: the target stage; empty for the last one.

    Returns:
        None if there is no such stage.
    """
    if not target:
        return len(dockerfile.stages) - 1
    index = stage_index(dockerfile, target, len(dockerfile.stages))
    return index if index is not None else source_stage(dockerfile, target, len(dockerfile.stages))


def needed_stages(dockerfile: Dockerfile, last: int) -> frozenset[int]:
    """Return the indexes of the stages that a stage depends on, and its own. BuildKit builds no others.

    Args:
        dockerfile: the file.
        last: index of the stage.
    """
    needed: set[int] = set()
    waiting = [last]
    while waiting:
        index = waiting.pop()
        needed.add(index)
        stage = dockerfile.stages[index]
        copied = [
            source_stage(dockerfile, name, index)
            for instruction in stage.instructions
            if (name := copy_source_of(instruction))
        ]
        found = {stage_index(dockerfile, stage.base, index), *copied} - {None} - needed
        waiting += [one for one in found if one is not None]
    return frozenset(needed)


def external_images(dockerfile: Dockerfile, last: int) -> list[tuple[int, str]]:
    """Return the images that the stages up to one refer to, as pairs of line and name.

    Args:
        dockerfile: the file.
        last: index of the last stage that counts.
    """
    images = []
    for index, stage in enumerate(dockerfile.stages[: last + 1]):
        if stage_index(dockerfile, stage.base, index) is None and stage.base != "scratch":
            images.append((stage.line, stage.base))
        for instruction in stage.instructions:
            if name := copy_source_of(instruction):
                images += [(instruction.line, name)] if source_stage(dockerfile, name, index) is None else []
    return images


def copy_source_of(instruction: Instruction) -> str:
    """Return the stage or image that an instruction copies from; empty for the build context."""
    return (instruction.flag("from") or "") if instruction.keyword in ("COPY", "ADD") else ""


def sources(instruction: Instruction) -> list[str]:
    """Return the sources of a COPY or an ADD, split as Docker does: even at blanks inside quotes."""
    words = json_words(instruction.text)
    return (words if words is not None else BLANK.split(instruction.text))[:-1]


def stage_name(index: int) -> str:
    """Return the name of a stage in the Dockerfile that is built."""
    return f"app07-stage-{index}"


def rewritten_base(dockerfile: Dockerfile, stage: Stage, index: int) -> str:
    """Return the base of a stage in the Dockerfile that is built.

    Args:
        dockerfile: the file.
        stage: the stage.
        index: its index.
    """
    base = stage_index(dockerfile, stage.base, index)
    return stage.base if base is None else stage_name(base)
