"""Reads a Dockerfile as data: its instructions, its stages, the images and the files that it asks for."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from evaluation.dockerfiles.variables import CannotExpand, expanded

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
HEREDOC = re.compile(r"\d*<<(-?)([^<\s]+)")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)")
# Docker reads no line that is longer; no instruction that a person wrote is.
LONGEST = 64 * 1024
MOST_FLAGS = 32
MOST_INSTRUCTIONS = 1000
MOST_STAGES = 50
# What parts the words of an instruction for Docker.
BLANK = re.compile(r"[\t\v\f\r ]+")


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


def read_dockerfile(text: str, arguments: Mapping[str, str] | None = None) -> Dockerfile:
    """Reads the text of a Dockerfile.

    Args:
        text: the file.
        arguments: values for its ARGs, as ``--build-arg`` would give them.
    """
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
    escape, wrong_directive = _escape(lines)
    mistakes = [(1, wrong_directive)] if wrong_directive else []
    # One more tells that there are too many; a hundred thousand would fill the memory of whoever is told of them.
    instructions = tuple(islice(_instructions(lines, escape, mistakes), MOST_INSTRUCTIONS + 1))
    mistakes += [
        (instruction.line, f"there is no instruction {instruction.keyword}")
        for instruction in instructions
        if instruction.keyword not in KNOWN
    ]
    if len(instructions) > MOST_INSTRUCTIONS:
        mistakes.append(
            (instructions[MOST_INSTRUCTIONS].line, f"it has more than {MOST_INSTRUCTIONS} instructions")
        )
    stages, wrong = _stages(instructions, arguments or {}, escape)
    if len(stages) > MOST_STAGES:
        mistakes.append((stages[MOST_STAGES].line, f"it has more than {MOST_STAGES} stages"))
    return Dockerfile(instructions, tuple(stages), tuple(sorted([*mistakes, *wrong])), escape)


def _escape(lines: list[str]) -> tuple[str, str]:
    """The escape character, and what is wrong with the line that sets it.

    Docker looks for it at the very top only: the first line that is no ``# key=value``, or whose key it does not
    know, ends the directives, and what looks like one below is a comment.
    """
    seen: dict[str, str] = {}
    for line in lines:
        found = _DIRECTIVE.match(line.lstrip())
        if not found or (key := found.group(1).lower()) not in ("syntax", "escape", "check"):
            break
        if key in seen:
            return seen.get("escape", "\\"), f"the directive {key} stands twice"
        seen[key] = found.group(2).rstrip()
    escape = seen.get("escape", "\\")
    if escape not in ("\\", "`"):
        return "\\", f"escape={escape} is neither \\ nor `"
    return escape, ""


def _stages(
    instructions: tuple[Instruction, ...], arguments: Mapping[str, str], escape: str
) -> tuple[list[Stage], list[tuple[int, str]]]:
    values: dict[str, str] = {}
    stages: list[Stage] = []
    inside: list[list[Instruction]] = []
    wrong: list[tuple[int, str]] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            stage, mistake = _stage(instruction, values, escape)
            wrong += [(instruction.line, mistake)] if mistake else []
            if stage:
                stages.append(stage)
                inside.append([])
        elif stages:
            inside[-1].append(instruction)
        elif instruction.keyword == "ARG":
            try:
                values |= arguments_of(instruction, values, arguments, escape)
            except CannotExpand as error:
                wrong.append((instruction.line, str(error)))
        else:
            wrong.append((instruction.line, f"{instruction.keyword} stands before FROM"))
    if not stages:
        wrong.append((1, "there is no FROM"))
    whole = [replace(stage, instructions=tuple(own)) for stage, own in zip(stages, inside, strict=True)]
    return whole, wrong


def arguments_of(
    instruction: Instruction, values: Mapping[str, str], given: Mapping[str, str], escape: str
) -> dict[str, str]:
    """What an ARG gives its names: what `--build-arg` says, else the default; a name without either is not set."""
    found: dict[str, str] = {}
    for word in split_words(instruction.text, escape):
        name, sign, default = word.partition("=")
        if name in given:
            found[name] = given[name]
        elif sign:
            found[name] = expanded(default, {**values, **found}, escape)
    return found


def _stage(instruction: Instruction, values: Mapping[str, str], escape: str) -> tuple[Stage | None, str]:
    """A stage as its FROM begins it, and what is wrong with that."""
    words = BLANK.split(instruction.text) if instruction.text else []
    named = len(words) == 3 and words[1].lower() == "as"
    if not words or (len(words) != 1 and not named):
        return None, "FROM takes an image, or an image AS a name"
    name, wrong = words[2].lower() if named else "", ""
    if named and not re.fullmatch(r"[a-z][a-z0-9_.-]*", name):
        wrong = f"{words[2]} is no name of a stage: it begins with a letter and holds letters, digits, - _ ."
    try:
        base = expanded(words[0], values, escape)
    except CannotExpand as error:
        return Stage(name, "", instruction.line, ()), f"FROM {words[0]}: {error}"
    if not base:
        wrong = f"FROM {words[0]} names no image: its ARG has no value"
    if any(not flag.startswith("platform=") for flag in instruction.flags):
        wrong = "FROM takes no flag but --platform"
    return Stage(name, base, instruction.line, (), instruction.flag("platform") or ""), wrong


def split_words(text: str, escape: str) -> list[str]:
    """The words of an instruction as they stand there: a blank parts them outside of quotes only."""
    words: list[str] = []
    word, quote, place = "", "", 0
    while place < len(text):
        char = text[place]
        if char == escape and quote != "'" and place + 1 < len(text):
            word += text[place : place + 2]
            place += 2
            continue
        if char.isspace() and not quote:
            words += [word] if word else []
            word = ""
        else:
            if quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
            word += char
        place += 1
    return words + ([word] if word else [])


def _instructions(lines: list[str], escape: str, mistakes: list[tuple[int, str]]) -> Iterator[Instruction]:
    continued = re.compile(re.escape(escape) + r"[ \t]*$")
    place = 0
    while place < len(lines):
        first = place
        if not lines[place].strip() or lines[place].lstrip().startswith("#"):
            place += 1
            continue
        whole = ""
        while place < len(lines):
            line = lines[place]
            place += 1
            if place - 1 > first and (line.lstrip().startswith("#") or not line.strip()):
                continue  # comments and blank lines between continued lines are left out
            joined = continued.sub("", line)
            whole += joined
            if joined == line:
                break
        if len(whole) > LONGEST:
            mistakes.append((first + 1, f"the instruction is longer than {LONGEST:,} characters"))
            whole = whole[:LONGEST]
        keyword, *rest = BLANK.split(whole.strip(), maxsplit=1)
        flags, text = _flags(rest[0].strip() if rest else "")
        if wrong := _wrong_flags(flags, text):
            mistakes.append((first + 1, wrong))
        heredocs, place = _heredocs(keyword.upper(), text, lines, place, escape)
        mistakes += [(first + 1, f"the text {one.name} has no end") for one in heredocs if not one.closed]
        yield Instruction(first + 1, keyword.upper(), flags, text, heredocs)


def _heredocs(
    keyword: str, text: str, lines: list[str], place: int, escape: str
) -> tuple[tuple[Heredoc, ...], int]:
    if keyword not in ("RUN", "COPY", "ADD") or "<<" not in text or json_words(text) is not None:
        return (), place
    found = []
    for word in split_words(text, escape):
        if not (match := HEREDOC.fullmatch(word)):
            continue
        dash, quoted = match.group(1), match.group(2)
        name = quoted.replace('"', "").replace("'", "")
        body = []
        closed = False
        while place < len(lines) and not closed:
            line = lines[place].lstrip("\t") if dash else lines[place]
            place += 1
            closed = line == name
            body += [] if closed else [line]
        content = "\n".join(body) + "\n" if body else ""
        found.append(Heredoc(name, content, name == quoted, closed))
    return tuple(found), place


def _flags(rest: str) -> tuple[tuple[str, ...], str]:
    flags: list[str] = []
    while rest.startswith("--") and len(flags) <= MOST_FLAGS:
        flag, *more = BLANK.split(rest, maxsplit=1)
        rest = more[0].lstrip() if more else ""
        if flag == "--":
            break
        flags.append(flag[2:])
    return tuple(flags), rest


def _wrong_flags(flags: tuple[str, ...], text: str) -> str:
    """What about the flags could be read in more than one way: Docker parts them byte by byte."""
    keys = [flag.partition("=")[0] for flag in flags if not flag.startswith("mount=")]
    if len(flags) > MOST_FLAGS or len(set(keys)) < len(keys):
        return "a flag stands twice, or there are too many"
    if any(not re.fullmatch(r"[!#-&(-\[\]-_a-~]*", flag) for flag in flags):
        return "its flags hold quotes, escapes or letters of other alphabets; write them plainly"
    return "its arguments begin with --" if text.startswith("--") else ""


def json_words(text: str) -> list[str] | None:
    """The words of an instruction in JSON form; None where it is none."""
    if not text.lstrip().startswith("["):
        return None
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None
