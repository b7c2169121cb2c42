"""Write the canonical Dockerfile: the parsed instructions, one per line, for the classic builder.

The builder never sees the untrusted file, so what was checked is what is built. Images are literal names, stages get
new names, and every source of an ADD is a path of the context, whatever a variable holds.

The classic builder accepts a memory limit and a network namespace for the steps of a build; BuildKit accepts neither.
Features of BuildKit are rewritten where both builders have an equivalent:

    COPY --link               the flag is dropped
    COPY --chmod=755 a b      the mode is set in the copied context, the flag is dropped
    RUN --mount=type=cache    the flag is dropped: a cache only saves time (also type=tmpfs, --network=default)
    RUN <<EOF                 the lines become one RUN in exec form
    COPY <<EOF /path          the text becomes a file of the context
    VOLUME /path              recorded in a label: containers get a volume in memory there, images declare none
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from evaluation.dockerfiles.dockerfile import Dockerfile, Heredoc, Instruction
from evaluation.dockerfiles.parser import LONGEST
from evaluation.dockerfiles.stage_variables import expand_word, instructions_with_variables
from evaluation.dockerfiles.stages import (
    BuildRefused,
    copy_source_of,
    rewritten_base,
    source_stage,
    sources,
    stage_index,
    stage_name,
    target_stage,
)
from evaluation.dockerfiles.variables import CannotExpand, expand_text
from evaluation.dockerfiles.words import BLANK, HEREDOC, json_words
from evaluation.submission.safe_tree import Parts, Tree

_TEXTS = "app07-texts"
# The paths of VOLUME instructions, as JSON in hexadecimal: the image itself declares none.
VOLUMES_LABEL = "app07.volumes"
# Each takes memory; the task does not need any.
MOST_VOLUMES = 8
_MOST_SOURCES = 100


@dataclass(frozen=True)
class CanonicalDockerfile:
    """A Dockerfile for the classic builder.

    Attributes:
        text: the text of the file.
        changes: messages about what was rewritten.
        needs_buildkit: messages about what cannot be rewritten.
        texts: the folder of the context with the texts of heredocs; empty if there is none.
    """

    text: str
    changes: tuple[str, ...]
    needs_buildkit: tuple[str, ...]
    texts: str = ""


def rewrite(
    dockerfile: Dockerfile,
    context: Tree,
    *,
    target: str = "",
    arguments: Mapping[str, str] | None = None,
    variables_of: Callable[[str], Mapping[str, str]] = lambda image: {},
) -> CanonicalDockerfile:
    """Write the Dockerfile that is built.

    Args:
        dockerfile: the parsed file, without mistakes and refusals.
        context: the copied build context; modes are set and files are created in it.
        target: the target stage; empty for the last one.
        arguments: build arguments.
        variables_of: returns the environment variables of an image.
    """
    rewriter = _Rewriter(dockerfile, context, arguments or {})
    lines = ["# escape=`"] if dockerfile.escape == "`" else []
    for one in dockerfile.instructions:
        if one.keyword == "FROM":
            break
        lines.append(rewriter.line(f"ARG {one.text}", one))
    last = target_stage(dockerfile, target) or 0
    for place, stage in enumerate(dockerfile.stages[: last + 1]):
        rewriter.changes += ["FROM --platform"] if stage.platform else []
        lines.append(f"FROM {rewritten_base(dockerfile, stage, place)} AS {stage_name(place)}")
        rewriter.begin(stage_index(dockerfile, stage.base, place))
        for one, values in instructions_with_variables(
            dockerfile, place, rewriter.arguments, variables_of(stage.base)
        ):
            lines += rewriter.instruction(one, place, values)
    if volumes := rewriter.volumes[last]:
        lines.append(f"LABEL {VOLUMES_LABEL}={json.dumps(volumes).encode().hex()}")
    changes = tuple(dict.fromkeys(rewriter.changes))
    return CanonicalDockerfile("\n".join(lines) + "\n", changes, tuple(rewriter.unsupported), rewriter.texts)


class _Rewriter:
    def __init__(self, dockerfile: Dockerfile, context: Tree, arguments: Mapping[str, str]) -> None:
        self.dockerfile = dockerfile
        self.context = context
        self.arguments = arguments
        self.changes: list[str] = []
        self.unsupported: list[str] = []
        self.texts = ""
        self.volumes: list[list[str]] = []
        self._written = 0
        self._shells: list[list[str]] = []

    def begin(self, base: int | None) -> None:
        """Begin a stage, with the shell and the volumes of its base stage.

        Args:
            base: index of the base stage; None for an image.
        """
        self._shells.append(["/bin/sh", "-c"] if base is None else self._shells[base])
        self.volumes.append([] if base is None else list(self.volumes[base]))

    def instruction(self, one: Instruction, place: int, values: Mapping[str, str]) -> list[str]:
        """Return the lines of an instruction; none if it does not change the image.

        Args:
            one: the instruction.
            place: the index of its stage.
            values: the values of the variables before it.
        """
        if one.keyword == "ONBUILD":
            self.changes.append("ONBUILD (no image is based on this one)")
            return []
        if one.keyword == "SHELL":
            self._shells[-1] = json_words(one.text) or self._shells[-1]
        if one.keyword == "VOLUME":
            self._volumes(one, values)
            return []
        kept = [made for flag in one.flags if (made := self._flag(one, flag, place, values))]
        text = one.text
        if one.heredocs:
            text = self._without_heredocs(one, values)
        elif one.keyword == "ADD":
            text = _in_the_context(one)
        return [self.line(" ".join([one.keyword, *kept, text]).rstrip(" "), one)]

    def _volumes(self, one: Instruction, values: Mapping[str, str]) -> None:
        """Record the paths of a VOLUME.

        If the image declared them, the engine would copy each to a volume on the host's disk for every step and every
        container, and what steps write there would be neither counted nor kept.
        """
        words = json_words(one.text)
        places = [
            expand_word(word, values, self.dockerfile.escape) for word in words or BLANK.split(one.text)
        ]
        if not all(places) or len(self.volumes[-1]) + len(places) > MOST_VOLUMES:
            raise BuildRefused(
                one.line,
                f"VOLUME must have 1 to {MOST_VOLUMES} paths in the container; {MOST_VOLUMES} at most in all",
            )
        self.volumes[-1] += [place for place in places if place not in self.volumes[-1]]

    def line(self, text: str, one: Instruction) -> str:
        """Return a line of the file; recorded as unsupported if Docker would not parse it as exactly one line.

        Args:
            text: the line.
            one: its instruction.
        """
        odd = "\n" in text or "\0" in text or len(text.encode("utf-8", "replace")) >= LONGEST
        if odd or re.search(re.escape(self.dockerfile.escape) + r"\s*$", text):
            self.unsupported.append(f"line {one.line}: its length or its end is not supported")
            return ""
        return text

    def _flag(self, one: Instruction, flag: str, place: int, values: Mapping[str, str]) -> str:
        """Return a flag as it is written; empty if it is dropped."""
        key, _, value = flag.partition("=")
        what = f"{one.keyword} --{key}"
        if one.keyword in ("COPY", "ADD"):
            if key == "from" and one.keyword == "COPY":
                stage = source_stage(self.dockerfile, copy_source_of(one), place)
                return f"--from={copy_source_of(one) if stage is None else stage_name(stage)}"
            if key == "chmod" and one.flag("from") is None:
                self._set_modes(one, value, values)
            elif key not in ("link", "chown"):
                self.unsupported.append(f"line {one.line}: {what}")
            if key == "chown":
                return f"--chown={value}"
        elif one.keyword == "RUN" and (flag == "network=default" or _only_saves_time(flag)):
            what = "RUN --network=default" if key == "network" else f"RUN --mount={value.split(',')[0]}"
        elif one.keyword == "HEALTHCHECK":
            return f"--{flag}"
        else:
            what = f"{one.keyword} --{flag}"
            self.unsupported.append(f"line {one.line}: {what}")
        self.changes.append(what)
        return ""

    # --- modes

    def _set_modes(self, one: Instruction, mode: str, values: Mapping[str, str]) -> None:
        if not re.fullmatch(r"0?[0-7]{3}", mode):
            self.unsupported.append(f"line {one.line}: COPY --chmod={mode}")
            return
        named = sources(one)
        if len(named) > _MOST_SOURCES:
            self.unsupported.append(f"line {one.line}: COPY --chmod of more than {_MOST_SOURCES} sources")
            return
        taken = [_parts(expand_word(word, values, self.dockerfile.escape)) for word in named]

        def wanted(parts: Parts) -> int | None:
            if parts[0] == self.texts or not any(_is_taken(parts, pattern) for pattern in taken):
                return None
            return int(mode, 8)

        self.context.set_modes(wanted)

    # --- heredocs

    def _without_heredocs(self, one: Instruction, values: Mapping[str, str]) -> str:
        self.changes.append(f"{one.keyword} <<{one.heredocs[0].name}")
        return self._run(one) if one.keyword == "RUN" else self._files(one, values)

    def _run(self, one: Instruction) -> str:
        first = one.heredocs[0]
        if len(one.heredocs) > 1:
            self.unsupported.append(f"line {one.line}: RUN with several heredocs")
        if not HEREDOC.fullmatch(one.text.strip()):  # the heredoc is the input of a program: python3 <<EOF
            return json.dumps([*self._shells[-1], f"{one.text}\n{first.text}{first.name}\n"])
        if first.text.startswith("#!"):
            self.unsupported.append(f"line {one.line}: RUN with an interpreter of its own")
        shell = ["/bin/sh", "-ec"] if self._shells[-1] == ["/bin/sh", "-c"] else self._shells[-1]
        return json.dumps([*shell, first.text])

    def _files(self, one: Instruction, values: Mapping[str, str]) -> str:
        texts = iter(one.heredocs)
        words = [
            self._file(next(texts), one, values) if HEREDOC.fullmatch(word) else word
            for word in BLANK.split(one.text)
        ]
        if one.keyword == "ADD":
            words[:-1] = [_path(word) for word in words[:-1]]
        return " ".join(words)

    def _file(self, heredoc: Heredoc, one: Instruction, values: Mapping[str, str]) -> str:
        """Write a heredoc to a file of the context, and return its path."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}", heredoc.name):
            self.unsupported.append(f"line {one.line}: a heredoc with the name {heredoc.name[:80]!r}")
            return "."
        text = heredoc.text
        if heredoc.expands and "$" in text:
            try:
                text = expand_text(text, values, self.dockerfile.escape)
            except CannotExpand as error:
                self.unsupported.append(f"line {one.line}: {error}")
        mode = one.flag("chmod") or "644"
        if not self.texts:
            self.texts = unused_name(self.context, _TEXTS)
        self._written += 1
        place = (self.texts, str(self._written), heredoc.name)
        content = text.encode("utf-8", "replace")
        self.context.write(place, [content], int(mode, 8) if re.fullmatch("0?[0-7]{3}", mode) else 0o644)
        return "/".join(place)


def unused_name(context: Tree, name: str) -> str:
    """Return an unused name at the top of a build context.

    Args:
        context: the build context.
        name: the preferred name.
    """
    number = 0
    while context.has((found := name + (f"-{number}" if number else ""),)):
        number += 1
    return found


def _only_saves_time(flag: str) -> bool:
    key, _, value = flag.partition("=")
    return key == "mount" and re.search(r"type=(cache|tmpfs)\b", value) is not None and "from=" not in value


def _in_the_context(one: Instruction) -> str:
    """Return the words of an ADD, each source as a path of the context, so that no builder takes one for a URL."""
    words = json_words(one.text)
    if words is not None:
        return json.dumps([*map(_path, words[:-1]), *words[-1:]])
    plain = BLANK.split(one.text)
    return " ".join([*map(_path, plain[:-1]), *plain[-1:]])


def _path(word: str) -> str:
    quote, rest = (word[:1], word[1:]) if word[:1] in ('"', "'") else ("", word)
    while rest.startswith(("/", "./")):
        rest = rest.lstrip("/").removeprefix("./")
    return f"./{quote}{rest}"


def _parts(source: str) -> Parts:
    return tuple(part for part in source.split("/") if part not in ("", "."))


def _is_taken(parts: Parts, pattern: Parts) -> bool:
    """Return whether a source of a COPY matches a file, or a folder that contains it."""
    if len(pattern) > len(parts):
        return False
    return all(fnmatchcase(part, wanted) for part, wanted in zip(parts, pattern, strict=False))
