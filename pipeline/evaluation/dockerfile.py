"""Reads a Dockerfile as data: its instructions, its stages, the images and the files that it asks for."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

KNOWN = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_HEREDOC = re.compile(r"<<(-?)(['\"]?)([A-Za-z_][A-Za-z0-9_.]*)\2")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-+])([^}]*))?\}|(\w+))")


@dataclass(frozen=True)
class Heredoc:
    """A text that follows an instruction."""

    name: str
    text: str


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile.

    Attributes:
        line: where it begins, as an editor counts.
        keyword: in capital letters.
        flags: what stands in front of the arguments, without the dashes: ``from=stage``.
        text: its arguments, on one line.
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
        if self.text.startswith("["):
            try:
                words = json.loads(self.text)
            except ValueError:
                words = None
            if isinstance(words, list) and all(isinstance(word, str) for word in words):
                return words
        try:
            return shlex.split(self.text)
        except ValueError:
            return self.text.split()


@dataclass(frozen=True)
class Stage:
    """What stands between two FROMs."""

    name: str
    base: str
    line: int
    instructions: tuple[Instruction, ...]


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
    """

    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    mistakes: tuple[tuple[int, str], ...] = field(default=())

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


def read_dockerfile(text: str, arguments: Mapping[str, str] | None = None) -> Dockerfile:
    """Reads the text of a Dockerfile.

    Args:
        text: the file.
        arguments: values for its ARGs, as ``--build-arg`` would give them.
    """
    instructions = tuple(_instructions(text))
    mistakes = [
        (instruction.line, f"there is no instruction {instruction.keyword}")
        for instruction in instructions
        if instruction.keyword not in KNOWN
    ]
    stages, wrong = _stages(instructions, arguments or {})
    return Dockerfile(instructions, tuple(stages), tuple(sorted([*mistakes, *wrong])))


def _stages(
    instructions: tuple[Instruction, ...], arguments: Mapping[str, str]
) -> tuple[list[Stage], list[tuple[int, str]]]:
    values: dict[str, str] = {}
    stages: list[Stage] = []
    wrong: list[tuple[int, str]] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            words = instruction.text.split()
            named = len(words) == 3 and words[1].lower() == "as"
            if not words or (len(words) != 1 and not named):
                wrong.append((instruction.line, "FROM takes an image, or an image AS a name"))
                continue
            base = substituted(words[0], values)
            if not base:
                wrong.append((instruction.line, f"FROM {words[0]} names no image: its ARG has no value"))
            stages.append(Stage(words[2] if named else "", base, instruction.line, ()))
        elif stages:
            last = stages[-1]
            stages[-1] = Stage(last.name, last.base, last.line, (*last.instructions, instruction))
        elif instruction.keyword == "ARG":
            for word in instruction.words:
                name, _, default = word.partition("=")
                values[name] = arguments.get(name, substituted(default, values))
        else:
            wrong.append((instruction.line, f"{instruction.keyword} stands before FROM"))
    if not stages:
        wrong.append((1, "there is no FROM"))
    return stages, wrong


def substituted(text: str, values: Mapping[str, str]) -> str:
    """`text` with the variables of a Dockerfile put in."""

    def put_in(found: re.Match[str]) -> str:
        name, operator, word = found.group(1) or found.group(4), found.group(2) or "", found.group(3) or ""
        value = values.get(name, "")
        if operator.endswith("+"):
            return word if value else ""
        return value or (word if operator else "")

    return _VARIABLE.sub(put_in, text)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
    escape = "`" if re.search(r"(?im)\A(?:#.*\n)*#\s*escape\s*=\s*`", text) else "\\"
    place = 0
    while place < len(lines):
        first = place
        if not lines[place].strip() or lines[place].lstrip().startswith("#"):
            place += 1
            continue
        parts: list[str] = []
        while place < len(lines):
            line = lines[place]
            place += 1
            if parts and (line.lstrip().startswith("#") or not line.strip()):
                continue  # comments and blank lines between continued lines are left out
            if line.rstrip().endswith(escape):
                parts.append(line.rstrip()[:-1])
                continue
            parts.append(line)
            break
        keyword, _, rest = " ".join(part.strip() for part in parts).partition(" ")
        keyword = keyword.upper()
        heredocs, place = _heredocs(keyword, rest, lines, place)
        flags, rest = _flags(rest.strip())
        yield Instruction(first + 1, keyword, flags, rest, heredocs)


def _heredocs(keyword: str, rest: str, lines: list[str], place: int) -> tuple[tuple[Heredoc, ...], int]:
    if keyword not in ("RUN", "COPY", "ADD"):
        return (), place
    found = []
    for dash, _, name in _HEREDOC.findall(rest):
        body = []
        while place < len(lines):
            line = lines[place]
            place += 1
            if (line.lstrip("\t") if dash else line).rstrip() == name:
                break
            body.append(line.lstrip("\t") if dash else line)
        found.append(Heredoc(name, "\n".join(body) + "\n"))
    return tuple(found), place


def _flags(rest: str) -> tuple[tuple[str, ...], str]:
    flags = []
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        flags.append(flag[2:])
        rest = rest.lstrip()
    return tuple(flags), rest
