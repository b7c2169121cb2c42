"""Write the canonical Dockerfile: the parsed instructions, one per line, for the classic builder.

The builder never sees the untrusted file, so what was checked is what is built. Images are literal names, stages get
new names, and every source of an ADD is a path of the context, whatever the value of a variable.

The classic builder accepts a memory limit and a network namespace for the steps of a build; BuildKit accepts neither.
Features of BuildKit are rewritten where both builders have an equivalent:

    COPY --link               the flag is dropped
    COPY ../../a b            the path begins at the top of the context
    COPY --chmod=755 a b      the mode is set in the copied context, the flag is dropped
    RUN --mount=type=cache    the flag is dropped: a cache only saves time (as are type=tmpfs, --network=default)
    RUN <<EOF                 the lines become one RUN in exec form
    COPY <<EOF /path          the lines become a file of the context
    VOLUME /path              recorded in a label: containers get a volume in memory there, images declare none

A stage in which pip uses the default index begins with an argument that names the index of the proxy (`pip_index`).
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
    needed_stages,
    rewritten_base,
    source_stage,
    sources,
    stage_index,
    stage_name,
    target_stage,
)
from evaluation.dockerfiles.variables import CannotExpand, expand_text
from evaluation.dockerfiles.words import BLANK, HEREDOC, json_words
from evaluation.images.pip_index import INDEX_ARGUMENT, stages_with_index
from evaluation.submission.safe_tree import Parts, Tree

_TEXTS = "app07-texts"
# The paths of VOLUME instructions, as JSON in hexadecimal: the image itself declares none.
VOLUMES_LABEL = "app07.volumes"
# Each takes memory; the task does not need any.
MOST_VOLUMES = 8
_MOST_SOURCES = 100
# A path that begins above the context: ../data, ./../../data.
_ABOVE = re.compile(r"(\./+|/+)*\.\.(/|$)")


@dataclass(frozen=True)
class CanonicalDockerfile:
    """A Dockerfile for the classic builder.

    Attributes:
        text: the text of the file.
        changes: messages about what was rewritten.
        needs_buildkit: messages about what cannot be rewritten.
        texts: the folder of the context with the contents of heredocs; empty if there is none.
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
        context: the copied build context, in which modes are set and files are created.
        target: the target stage; empty for the last one.
        arguments: build arguments.
        variables_of: returns the environment variables of an image.
    """
    rewriter = _Rewriter(dockerfile, context, arguments or {})
    lines = ["# escape=`"] if dockerfile.escape == "`" else []
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM":
            break
        lines.append(rewriter.line(f"ARG {instruction.text}", instruction))
    last = target_stage(dockerfile, target) or 0
    needed = needed_stages(dockerfile, last)
    with_index = stages_with_index(dockerfile, context, arguments or {}, variables_of)
    for index, stage in enumerate(dockerfile.stages[: last + 1]):
        if index not in needed:
            rewriter.begin(stage_index(dockerfile, stage.base, index))
            continue
        rewriter.changes += ["FROM --platform"] if stage.platform else []
        lines.append(f"FROM {rewritten_base(dockerfile, stage, index)} AS {stage_name(index)}")
        lines += [INDEX_ARGUMENT] if index in with_index else []
        rewriter.begin(stage_index(dockerfile, stage.base, index))
        for instruction, values in instructions_with_variables(
            dockerfile, index, rewriter.arguments, variables_of(stage.base)
        ):
            lines += rewriter.instruction(instruction, index, values)
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

    def instruction(self, instruction: Instruction, stage_index: int, values: Mapping[str, str]) -> list[str]:
        """Return the lines of an instruction; none if it does not change the image.

        Args:
            instruction: the instruction.
            stage_index: the index of its stage.
            values: the values of the variables before it.
        """
        if instruction.keyword == "ONBUILD":
            self.changes.append("ONBUILD (no image is based on this one)")
            return []
        if instruction.keyword == "SHELL":
            self._shells[-1] = json_words(instruction.text) or self._shells[-1]
        if instruction.keyword == "VOLUME":
            self._volumes(instruction, values)
            return []
        flags = [
            rewritten
            for flag in instruction.flags
            if (rewritten := self._flag(instruction, flag, stage_index, values))
        ]
        text = instruction.text
        if instruction.heredocs:
            text = self._without_heredocs(instruction, values)
        elif instruction.keyword == "ADD" or (instruction.keyword == "COPY" and _leads_out(instruction)):
            text = _in_the_context(instruction)
        return [self.line(" ".join([instruction.keyword, *flags, text]).rstrip(" "), instruction)]

    def _volumes(self, instruction: Instruction, values: Mapping[str, str]) -> None:
        """Record the paths of a VOLUME.

        If the image declared them, the engine would copy each to a volume on the host's disk for every step and every
        container, and what steps write there would be neither counted nor kept.
        """
        words = json_words(instruction.text)
        paths = [
            expand_word(word, values, self.dockerfile.escape)
            for word in words or BLANK.split(instruction.text)
        ]
        if not all(paths) or len(self.volumes[-1]) + len(paths) > MOST_VOLUMES:
            raise BuildRefused(
                instruction.line,
                f"VOLUME must have 1 to {MOST_VOLUMES} paths in the container; {MOST_VOLUMES} at most in total",
            )
        self.volumes[-1] += [path for path in paths if path not in self.volumes[-1]]

    def line(self, text: str, instruction: Instruction) -> str:
        """Return a line of the file, and record it as unsupported unless Docker would parse it as exactly one line.

        Args:
            text: the line.
            instruction: its instruction.
        """
        unsupported = "\n" in text or "\0" in text or len(text.encode("utf-8", "replace")) >= LONGEST
        if unsupported or re.search(re.escape(self.dockerfile.escape) + r"\s*$", text):
            self.unsupported.append(
                f"line {instruction.line}: its length or its last character is not supported"
            )
            return ""
        return text

    def _flag(self, instruction: Instruction, flag: str, index: int, values: Mapping[str, str]) -> str:
        """Return a flag for the canonical file; empty if it is dropped."""
        key, _, value = flag.partition("=")
        change = f"{instruction.keyword} --{key}"
        if instruction.keyword in ("COPY", "ADD"):
            if key == "from" and instruction.keyword == "COPY":
                stage = source_stage(self.dockerfile, copy_source_of(instruction), index)
                return f"--from={copy_source_of(instruction) if stage is None else stage_name(stage)}"
            if key == "chmod" and instruction.flag("from") is None:
                self._set_modes(instruction, value, values)
            elif key not in ("link", "chown"):
                self.unsupported.append(f"line {instruction.line}: {change}")
            if key == "chown":
                return f"--chown={value}"
        elif instruction.keyword == "RUN" and (flag == "network=default" or _only_saves_time(flag)):
            change = "RUN --network=default" if key == "network" else f"RUN --mount={value.split(',')[0]}"
        elif instruction.keyword == "HEALTHCHECK":
            return f"--{flag}"
        else:
            change = f"{instruction.keyword} --{flag}"
            self.unsupported.append(f"line {instruction.line}: {change}")
        self.changes.append(change)
        return ""

    # --- modes

    def _set_modes(self, instruction: Instruction, mode: str, values: Mapping[str, str]) -> None:
        if not re.fullmatch(r"0?[0-7]{3}", mode):
            self.unsupported.append(f"line {instruction.line}: COPY --chmod={mode}")
            return
        copied = sources(instruction)
        if len(copied) > _MOST_SOURCES:
            self.unsupported.append(
                f"line {instruction.line}: COPY --chmod of more than {_MOST_SOURCES} sources"
            )
            return
        patterns = [_parts(expand_word(word, values, self.dockerfile.escape)) for word in copied]

        def mode_of(parts: Parts) -> int | None:
            if parts[0] == self.texts or not any(_is_taken(parts, pattern) for pattern in patterns):
                return None
            return int(mode, 8)

        self.context.set_modes(mode_of)

    # --- heredocs

    def _without_heredocs(self, instruction: Instruction, values: Mapping[str, str]) -> str:
        self.changes.append(f"{instruction.keyword} <<{instruction.heredocs[0].name}")
        return self._run(instruction) if instruction.keyword == "RUN" else self._files(instruction, values)

    def _run(self, instruction: Instruction) -> str:
        first = instruction.heredocs[0]
        if len(instruction.heredocs) > 1:
            self.unsupported.append(f"line {instruction.line}: RUN with several heredocs")
        if not HEREDOC.fullmatch(
            instruction.text.strip()
        ):  # the heredoc is the input of a program: python3 <<EOF
            return json.dumps([*self._shells[-1], f"{instruction.text}\n{first.text}{first.name}\n"])
        if first.text.startswith("#!"):
            self.unsupported.append(f"line {instruction.line}: RUN with its own interpreter")
        shell = ["/bin/sh", "-ec"] if self._shells[-1] == ["/bin/sh", "-c"] else self._shells[-1]
        return json.dumps([*shell, first.text])

    def _files(self, instruction: Instruction, values: Mapping[str, str]) -> str:
        texts = iter(instruction.heredocs)
        words = [
            self._file(next(texts), instruction, values) if HEREDOC.fullmatch(word) else word
            for word in BLANK.split(instruction.text)
        ]
        if instruction.keyword == "ADD":
            words[:-1] = [_path(word) for word in words[:-1]]
        return " ".join(words)

    def _file(self, heredoc: Heredoc, instruction: Instruction, values: Mapping[str, str]) -> str:
        """Write a heredoc to a file of the context, and return its path."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}", heredoc.name):
            self.unsupported.append(f"line {instruction.line}: a heredoc named {heredoc.name[:80]!r}")
            return "."
        text = heredoc.text
        if heredoc.expands and "$" in text:
            try:
                text = expand_text(text, values, self.dockerfile.escape)
            except CannotExpand as error:
                self.unsupported.append(f"line {instruction.line}: {error}")
        mode = instruction.flag("chmod") or "644"
        if not self.texts:
            self.texts = unused_name(self.context, _TEXTS)
        self._written += 1
        parts = (self.texts, str(self._written), heredoc.name)
        content = text.encode("utf-8", "replace")
        self.context.write(parts, [content], int(mode, 8) if re.fullmatch("0?[0-7]{3}", mode) else 0o644)
        return "/".join(parts)


def unused_name(context: Tree, name: str) -> str:
    """Return an unused name at the top of a build context.

    Args:
        context: the build context.
        name: the preferred name.
    """
    number = 0
    while context.has((candidate := name + (f"-{number}" if number else ""),)):
        number += 1
    return candidate


def _only_saves_time(flag: str) -> bool:
    key, _, value = flag.partition("=")
    return key == "mount" and re.search(r"type=(cache|tmpfs)\b", value) is not None and "from=" not in value


def _leads_out(instruction: Instruction) -> bool:
    """Return whether a source of a COPY from the context begins above it; for BuildKit that is the context itself."""
    return not copy_source_of(instruction) and any(_ABOVE.match(source) for source in sources(instruction))


def _in_the_context(instruction: Instruction) -> str:
    """Return the words of an ADD, each source as a path of the context, so that no builder interprets one as a URL."""
    words = json_words(instruction.text)
    if words is not None:
        return json.dumps([*map(_path, words[:-1]), *words[-1:]])
    plain = BLANK.split(instruction.text)
    return " ".join([*map(_path, plain[:-1]), *plain[-1:]])


def _path(word: str) -> str:
    quote, rest = (word[:1], word[1:]) if word[:1] in ('"', "'") else ("", word)
    while rest.startswith(("/", "./", "../")):
        rest = rest.lstrip("/").removeprefix("../").removeprefix("./")
    return f"./{quote}{'' if rest == '..' else rest}"


def _parts(source: str) -> Parts:
    return tuple(part for part in source.split("/") if part not in ("", "."))


def _is_taken(parts: Parts, pattern: Parts) -> bool:
    """Return whether a source of a COPY matches a file, or a folder that contains it."""
    if len(pattern) > len(parts):
        return False
    return all(fnmatchcase(part, pattern_part) for part, pattern_part in zip(parts, pattern, strict=False))
