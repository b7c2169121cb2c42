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
# Docker rejects lines longer than this.
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
    # One more shows that there are too many; a hundred thousand would fill the memory of the process that gets them.
    instructions = tuple(islice(_instructions(lines, escape, mistakes), MOST_INSTRUCTIONS + 1))
    mistakes += [
        (instruction.line, f"unknown instruction {instruction.keyword}")
        for instruction in instructions
        if instruction.keyword not in KNOWN
    ]
    if len(instructions) > MOST_INSTRUCTIONS:
        mistakes.append((instructions[MOST_INSTRUCTIONS].line, f"more than {MOST_INSTRUCTIONS} instructions"))
    stages, stage_mistakes = _stages(instructions, arguments or {}, escape)
    if len(stages) > MOST_STAGES:
        mistakes.append((stages[MOST_STAGES].line, f"more than {MOST_STAGES} stages"))
    return Dockerfile(instructions, tuple(stages), tuple(sorted([*mistakes, *stage_mistakes])), escape)


def _escape(lines: list[str]) -> tuple[str, str]:
    """Return the escape character, and the mistake in the line that sets it.

    Docker looks for parser directives at the top only. The first line that is not ``# key=value``, or whose key is
    unknown, ends them; what looks like a directive below is a comment.
    """
    directives: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.match(line.lstrip())
        if not match or (key := match.group(1).lower()) not in ("syntax", "escape", "check"):
            break
        if key in directives:
            return directives.get("escape", "\\"), f"the directive {key} is duplicated"
        directives[key] = match.group(2).rstrip()
    escape = directives.get("escape", "\\")
    if escape not in ("\\", "`"):
        return "\\", f"escape={escape} must be \\ or `"
    return escape, ""


def _stages(
    instructions: tuple[Instruction, ...], arguments: Mapping[str, str], escape: str
) -> tuple[list[Stage], list[tuple[int, str]]]:
    values: dict[str, str] = {}
    stages: list[Stage] = []
    contents: list[list[Instruction]] = []
    mistakes: list[tuple[int, str]] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            stage, mistake = _stage(instruction, values, escape)
            mistakes += [(instruction.line, mistake)] if mistake else []
            if stage:
                stages.append(stage)
                contents.append([])
        elif stages:
            contents[-1].append(instruction)
        elif instruction.keyword == "ARG":
            try:
                values |= arguments_of(instruction, values, arguments, escape)
            except CannotExpand as error:
                mistakes.append((instruction.line, str(error)))
        else:
            mistakes.append((instruction.line, f"{instruction.keyword} must not come before FROM"))
    if not stages:
        mistakes.append((1, "there is no FROM instruction"))
    complete = [
        replace(stage, instructions=tuple(content)) for stage, content in zip(stages, contents, strict=True)
    ]
    return complete, mistakes


def arguments_of(
    instruction: Instruction, values: Mapping[str, str], build_arguments: Mapping[str, str], escape: str
) -> dict[str, str]:
    """Return the variables that an ARG sets.

    Args:
        instruction: the ARG.
        values: the variables before it.
        build_arguments: build arguments, which take precedence over defaults.
        escape: the escape character of the file.

    Returns:
        The values by name; a name with neither a build argument nor a default is not set.
    """
    arguments: dict[str, str] = {}
    for word in split_words(instruction.text, escape):
        name, sign, default = word.partition("=")
        if name in build_arguments:
            arguments[name] = build_arguments[name]
        elif sign:
            arguments[name] = expand(default, {**values, **arguments}, escape)
    return arguments


def _stage(instruction: Instruction, values: Mapping[str, str], escape: str) -> tuple[Stage | None, str]:
    """Return the stage that a FROM begins, and the mistake in it."""
    words = BLANK.split(instruction.text) if instruction.text else []
    named = len(words) == 3 and words[1].lower() == "as"
    if not words or (len(words) != 1 and not named):
        return None, "FROM must have the form FROM IMAGE or FROM IMAGE AS NAME"
    name, mistake = words[2].lower() if named else "", ""
    if named and not re.fullmatch(r"[a-z][a-z0-9_.-]*", name):
        mistake = f"{words[2]} is not a valid stage name: expected a letter, then letters, digits, - _ ."
    try:
        base = expand(words[0], values, escape)
    except CannotExpand as error:
        return Stage(name, "", instruction.line, ()), f"FROM {words[0]}: {error}"
    if not base:
        mistake = f"FROM {words[0]} does not name an image: its ARG has no value"
    if any(not flag.startswith("platform=") for flag in instruction.flags):
        mistake = "FROM has an unknown flag; only --platform is allowed"
    return Stage(name, base, instruction.line, (), instruction.flag("platform") or ""), mistake


def _instructions(lines: list[str], escape: str, mistakes: list[tuple[int, str]]) -> Iterator[Instruction]:
    continued = re.compile(re.escape(escape) + r"[ \t]*$")
    index = 0
    while index < len(lines):
        first = index
        if not lines[index].strip() or lines[index].lstrip().startswith("#"):
            index += 1
            continue
        text = ""
        while index < len(lines):
            line = lines[index]
            index += 1
            if index - 1 > first and (line.lstrip().startswith("#") or not line.strip()):
                continue  # comments and blank lines between continued lines are skipped
            joined = continued.sub("", line)
            text += joined
            if joined == line:
                break
        if len(text) > LONGEST:
            mistakes.append((first + 1, f"the instruction is longer than {LONGEST:,} characters"))
            text = text[:LONGEST]
        keyword, *rest = BLANK.split(text.strip(), maxsplit=1)
        flags, arguments = _flags(rest[0].strip() if rest else "")
        if mistake := _wrong_flags(flags, arguments):
            mistakes.append((first + 1, mistake))
        heredocs, index = _heredocs(keyword.upper(), arguments, lines, index, escape)
        mistakes += [
            (first + 1, f"the heredoc {heredoc.name} has no end")
            for heredoc in heredocs
            if not heredoc.closed
        ]
        yield Instruction(first + 1, keyword.upper(), flags, arguments, heredocs)


def _heredocs(
    keyword: str, text: str, lines: list[str], index: int, escape: str
) -> tuple[tuple[Heredoc, ...], int]:
    if keyword not in ("RUN", "COPY", "ADD") or "<<" not in text or json_words(text) is not None:
        return (), index
    heredocs = []
    for word in split_words(text, escape):
        if not (match := HEREDOC.fullmatch(word)):
            continue
        dash, quoted = match.group(1), match.group(2)
        name = quoted.replace('"', "").replace("'", "")
        body = []
        closed = False
        while index < len(lines) and not closed:
            line = lines[index].lstrip("\t") if dash else lines[index]
            index += 1
            closed = line == name
            body += [] if closed else [line]
        content = "\n".join(body) + "\n" if body else ""
        heredocs.append(Heredoc(name, content, name == quoted, closed))
    return tuple(heredocs), index


def _flags(rest: str) -> tuple[tuple[str, ...], str]:
    flags: list[str] = []
    while rest.startswith("--") and len(flags) <= MOST_FLAGS:
        flag, *remaining = BLANK.split(rest, maxsplit=1)
        rest = remaining[0].lstrip() if remaining else ""
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
