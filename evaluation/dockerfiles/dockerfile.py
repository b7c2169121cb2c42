"""A Dockerfile as data: its instructions, its stages, and the images that it needs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from evaluation.dockerfiles.words import json_words


@dataclass(frozen=True)
class Heredoc:
    """A heredoc: the lines that follow an instruction.

    Attributes:
        name: its delimiter.
        text: its lines.
        expands: whether variables are expanded: only if the delimiter is not quoted.
        closed: whether the closing delimiter was found.
    """

    name: str
    text: str
    expands: bool = True
    closed: bool = True


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile.

    Attributes:
        line: the line where it begins, counted from 1.
        keyword: its name, in upper case.
        flags: its flags, without the dashes: ``from=stage``.
        text: its arguments in one line, joined as Docker joins continued lines.
        heredocs: the heredocs that follow it.
    """

    line: int
    keyword: str
    flags: tuple[str, ...]
    text: str
    heredocs: tuple[Heredoc, ...] = ()

    def flag(self, name: str) -> str | None:
        """Return the value of a flag; None if it is not set."""
        for flag in self.flags:
            key, _, value = flag.partition("=")
            if key == name:
                return value
        return None

    @property
    def words(self) -> list[str]:
        """Its arguments: from a JSON list, or as a shell would split them."""
        if (words := json_words(self.text)) is not None:
            return words
        try:
            return shlex.split(self.text)
        except ValueError:
            return self.text.split()


@dataclass(frozen=True)
class Stage:
    """One build stage, from a FROM to the next one.

    Attributes:
        name: its name in lower case; empty if it has none.
        base: the base image or stage, with variables expanded.
        line: the line of its FROM.
        instructions: its instructions, in order.
        platform: the value of `--platform`.
    """

    name: str
    base: str
    line: int
    instructions: tuple[Instruction, ...]
    platform: str = ""


@dataclass(frozen=True)
class Image:
    """An image that a Dockerfile refers to, and the line where it does."""

    name: str
    line: int


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile.

    Attributes:
        instructions: all instructions, in order.
        stages: the build stages.
        mistakes: why Docker would reject it, as pairs of line and reason.
        escape: its escape character.
    """

    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    mistakes: tuple[tuple[int, str], ...] = field(default=())
    escape: str = "\\"

    @property
    def last(self) -> Stage | None:
        """The last stage: the one that becomes the image."""
        return self.stages[-1] if self.stages else None

    @property
    def images(self) -> tuple[Image, ...]:
        """The images that the file needs and does not build itself."""
        images: list[Image] = []
        stage_names: list[str] = []
        for index, stage in enumerate(self.stages):
            if stage.base.lower() not in stage_names and stage.base != "scratch":
                images.append(Image(stage.base, stage.line))
            for instruction in stage.instructions:
                for name in _sources(instruction):
                    if name.lower() not in stage_names and not (name.isdigit() and int(name) < index):
                        images.append(Image(name, instruction.line))
            stage_names.append(stage.name.lower())
        return tuple(images)

    @property
    def own_layers(self) -> tuple[Instruction, ...]:
        """The instructions of the image: those of the last stage and of the stages that it is based on."""
        by_name = {stage.name.lower(): stage for stage in self.stages if stage.name}
        stage, visited = self.last, set[int]()
        instructions: list[Instruction] = []
        while stage is not None and id(stage) not in visited:
            visited.add(id(stage))
            instructions[:0] = stage.instructions
            stage = by_name.get(stage.base.lower())
        return tuple(instructions)


def _sources(instruction: Instruction) -> Iterator[str]:
    """Yield the images and stages that an instruction copies or mounts from."""
    if instruction.keyword in ("COPY", "ADD") and (name := instruction.flag("from")):
        yield name
    if instruction.keyword == "RUN":
        for flag in instruction.flags:
            if flag.startswith("mount=") and (match := re.search(r"(?:=|,)from=([^,]+)", flag)):
                yield match.group(1)
