"""Reads a Dockerfile as data: its instructions, its stages, the images and the files that it asks for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from evaluation.dockerfiles.words import json_words


@dataclass(frozen=True)
class Heredoc:
    """A text that follows an instruction.

    Attributes:
        name: the word that ends it.
        text: its lines.
        expands: whether variables are put in: where its name stands without quotes.
        closed: whether its end was found.
    """

    name: str
    text: str
    expands: bool = True
    closed: bool = True


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile.

    Attributes:
        line: where it begins, as an editor counts.
        keyword: in capital letters.
        flags: what stands in front of the arguments, without the dashes: ``from=stage``.
        text: its arguments, on one line, joined as Docker joins them.
        heredocs: the texts that follow it.
    """

    line: int
    keyword: str
    flags: tuple[str, ...]
    text: str
    heredocs: tuple[Heredoc, ...] = ()

    def flag(self, name: str) -> str | None:
        """The value of a flag; None where it has none."""
        for flag in self.flags:
            key, _, value = flag.partition("=")
            if key == name:
                return value
        return None

    @property
    def words(self) -> list[str]:
        """Its arguments: out of a JSON list, or as a shell would part them."""
        if (words := json_words(self.text)) is not None:
            return words
        try:
            return shlex.split(self.text)
        except ValueError:
            return self.text.split()


@dataclass(frozen=True)
class Stage:
    """What stands between two FROMs.

    Attributes:
        name: in small letters; empty where it has none.
        base: the image or the stage that it is made of, with variables put in.
        line: where it begins.
        instructions: in order.
        platform: the platform that it asks for.
    """

    name: str
    base: str
    line: int
    instructions: tuple[Instruction, ...]
    platform: str = ""


@dataclass(frozen=True)
class Image:
    """An image that a Dockerfile takes something from."""

    name: str
    line: int


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile that was read.

    Attributes:
        instructions: in order.
        stages: from FROM to FROM.
        mistakes: what Docker would refuse, by line.
        escape: its escape character.
    """

    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    mistakes: tuple[tuple[int, str], ...] = field(default=())
    escape: str = "\\"

    @property
    def last(self) -> Stage | None:
        """The stage that the image is made of."""
        return self.stages[-1] if self.stages else None

    @property
    def images(self) -> tuple[Image, ...]:
        """The images that it needs and does not make itself."""
        found: list[Image] = []
        made: list[str] = []
        for place, stage in enumerate(self.stages):
            if stage.base.lower() not in made and stage.base != "scratch":
                found.append(Image(stage.base, stage.line))
            for instruction in stage.instructions:
                for name in _sources(instruction):
                    if name.lower() not in made and not (name.isdigit() and int(name) < place):
                        found.append(Image(name, instruction.line))
            made.append(stage.name.lower())
        return tuple(found)

    @property
    def own_layers(self) -> tuple[Instruction, ...]:
        """The instructions that end up in the image: the last stage's, and those of stages it is based on."""
        by_name = {stage.name.lower(): stage for stage in self.stages if stage.name}
        stage, seen = self.last, set[int]()
        found: list[Instruction] = []
        while stage is not None and id(stage) not in seen:
            seen.add(id(stage))
            found[:0] = stage.instructions
            stage = by_name.get(stage.base.lower())
        return tuple(found)


def _sources(instruction: Instruction) -> Iterator[str]:
    """What an instruction takes from other images or stages."""
    if instruction.keyword in ("COPY", "ADD") and (name := instruction.flag("from")):
        yield name
    if instruction.keyword == "RUN":
        for flag in instruction.flags:
            if flag.startswith("mount=") and (found := re.search(r"(?:=|,)from=([^,]+)", flag)):
                yield found.group(1)
