"""Parse the text of a Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from evaluation.dockerfiles.dockerfile import Dockerfile, Heredoc, Instruction, Stage
from evaluation.dockerfiles.variables import CannotExpand, expand
from evaluation.dockerfiles.words import BLANK, HEREDOC, json_words, split_words

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
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)")
# Docker accepts no longer line.
LONGEST = 64 * 1024
MOST_FLAGS = 32
MOST_INSTRUCTIONS = 1000
MOST_STAGES = 50


def read_dockerfile(text: str, arguments: Mapping[str, str] | None = None) -> Dockerfile:
    """Parse a Dockerfile.

    Args:
        text: its text.
        arguments: build arguments, as ``--build-arg`` sets them.
    """
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
    escape, wrong_directive = _escape(lines)
    mistakes = [(1, wrong_directive)] if wrong_directive else []
    # One more shows that there are too many; a hundred thousand would fill the memory of the receiver.
    instructions = tuple(islice(_instructions(lines, escape, mistakes), MOST_INSTRUCTIONS + 1))
    mistakes += [
        (instruction.line, f"unknown instruction {instruction.keyword}")
        for instruction in instructions
        if instruction.keyword not in KNOWN
    ]
    if len(instructions) > MOST_INSTRUCTIONS:
        mistakes.append((instructions[MOST_INSTRUCTIONS].line, f"more than {MOST_INSTRUCTIONS} instructions"))
    stages, wrong = _stages(instructions, arguments or {}, escape)
    if len(stages) > MOST_STAGES:
        mistakes.append((stages[MOST_STAGES].line, f"more than {MOST_STAGES} stages"))
    return Dockerfile(instructions, tuple(stages), tuple(sorted([*mistakes, *wrong])), escape)


def _escape(lines: list[str]) -> tuple[str, str]:
    """Return the escape character, and the mistake in the line that sets it.

    Docker looks for parser directives at the top only. The first line that is not ``# key=value``, or whose key is
    unknown, ends them; what looks like a directive below is a comment.
    """
    seen: dict[str, str] = {}
    for line in lines:
        found = _DIRECTIVE.match(line.lstrip())
        if not found or (key := found.group(1).lower()) not in ("syntax", "escape", "check"):
            break
        if key in seen:
            return seen.get("escape", "\\"), f"the directive {key} is duplicated"
        seen[key] = found.group(2).rstrip()
    escape = seen.get("escape", "\\")
    if escape not in ("\\", "`"):
        return "\\", f"escape={escape} must be \\ or `"
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
            wrong.append((instruction.line, f"{instruction.keyword} must not come before FROM"))
    if not stages:
        wrong.append((1, "there is no FROM instruction"))
    whole = [replace(stage, instructions=tuple(own)) for stage, own in zip(stages, inside, strict=True)]
    return whole, wrong


def arguments_of(
    instruction: Instruction, values: Mapping[str, str], given: Mapping[str, str], escape: str
) -> dict[str, str]:
    """Return the variables that an ARG sets.

    Args:
        instruction: the ARG.
        values: the variables before it.
        given: build arguments, which take precedence over defaults.
        escape: the escape character of the file.

    Returns:
        The values by name; a name with neither a build argument nor a default is not set.
    """
    found: dict[str, str] = {}
    for word in split_words(instruction.text, escape):
        name, sign, default = word.partition("=")
        if name in given:
            found[name] = given[name]
        elif sign:
            found[name] = expand(default, {**values, **found}, escape)
    return found


def _stage(instruction: Instruction, values: Mapping[str, str], escape: str) -> tuple[Stage | None, str]:
    """Return the stage that a FROM begins, and the mistake in it."""
    words = BLANK.split(instruction.text) if instruction.text else []
    named = len(words) == 3 and words[1].lower() == "as"
    if not words or (len(words) != 1 and not named):
        return None, "FROM must have the form FROM IMAGE or FROM IMAGE AS NAME"
    name, wrong = words[2].lower() if named else "", ""
    if named and not re.fullmatch(r"[a-z][a-z0-9_.-]*", name):
        wrong = f"{words[2]} is not a valid name of a stage: expected a letter, then letters, digits, - _ ."
    try:
        base = expand(words[0], values, escape)
    except CannotExpand as error:
        return Stage(name, "", instruction.line, ()), f"FROM {words[0]}: {error}"
    if not base:
        wrong = f"FROM {words[0]} does not name an image: its ARG has no value"
    if any(not flag.startswith("platform=") for flag in instruction.flags):
        wrong = "FROM has an unknown flag; only --platform is allowed"
    return Stage(name, base, instruction.line, (), instruction.flag("platform") or ""), wrong


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
                continue  # comments and blank lines between continued lines are skipped
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
        mistakes += [(first + 1, f"the heredoc {one.name} has no end") for one in heredocs if not one.closed]
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
    """Return why the flags are ambiguous; empty if they are not. Docker splits them byte by byte."""
    keys = [flag.partition("=")[0] for flag in flags if not flag.startswith("mount=")]
    if len(flags) > MOST_FLAGS or len(set(keys)) < len(keys):
        return "a flag is duplicated, or there are too many flags"
    if any(not re.fullmatch(r"[!#-&(-\[\]-_a-~]*", flag) for flag in flags):
        return "its flags must not contain quotes, escapes or non-ASCII characters"
    return "its arguments must not begin with --" if text.startswith("--") else ""
