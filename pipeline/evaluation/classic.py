"""Rewrites what only BuildKit knows, so that a build can run where its memory and its network can be limited.

The classic builder takes a limit on memory and a network of its own for the steps of a build; BuildKit takes
neither. What a Dockerfile may use of BuildKit is turned into what both know:

    COPY --link               the flag is left out
    COPY --chmod=755 a b      the mode is set in the copied context, the flag left out
    RUN --mount=type=cache    the cache is left out: it only saves time (also type=tmpfs, --network=default)
    RUN <<EOF                 the lines become one RUN in exec form
    COPY <<EOF /place         the text becomes a file of the context
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.evaluation.dockerfile import Dockerfile, Instruction

_GENERATED = "Dockerfile.generated"


@dataclass(frozen=True)
class Rewritten:
    """A Dockerfile for the classic builder.

    Attributes:
        text: the file.
        changes: what was rewritten, in words.
        needs_buildkit: what could not be, in words.
    """

    text: str
    changes: tuple[str, ...]
    needs_buildkit: tuple[str, ...]


def rewrite(dockerfile: Dockerfile, original: str, context: Path) -> Rewritten:
    """Makes a Dockerfile that the classic builder understands.

    Args:
        dockerfile: what was read.
        original: its text; given back as it is where nothing has to be rewritten.
        context: the copied build context; modes are set and files are written in it.
    """
    job = _Job(context)
    lines = [job.instruction(instruction) for instruction in dockerfile.instructions]
    if not job.changes:
        return Rewritten(original, (), tuple(job.left))
    return Rewritten("\n".join(lines) + "\n", tuple(dict.fromkeys(job.changes)), tuple(job.left))


class _Job:
    def __init__(self, context: Path) -> None:
        self.context = context
        self.changes: list[str] = []
        self.left: list[str] = []
        self._written = 0

    def instruction(self, instruction: Instruction) -> str:
        kept = [flag for flag in instruction.flags if self._keep(instruction, flag)]
        text = instruction.text
        if instruction.heredocs:
            text = self._without_heredocs(instruction)
        flags = "".join(f"--{flag} " for flag in kept)
        return f"{instruction.keyword} {flags}{text}"

    def _keep(self, instruction: Instruction, flag: str) -> bool:
        key, _, value = flag.partition("=")
        where = f"{instruction.keyword} --{key}"
        if instruction.keyword in ("COPY", "ADD"):
            if key == "chmod" and instruction.flag("from") is None:
                self._set_modes(instruction, value)
            elif key not in ("link", "from", "chown"):
                self.left.append(f"line {instruction.line}: {where}")
                return True
            if key in ("link", "chmod"):
                self.changes.append(where)
                return False
        elif instruction.keyword == "RUN":
            if key == "mount" and re.search(r"type=(cache|tmpfs)\b", value) and "from=" not in value:
                self.changes.append(f"RUN --mount={value.split(',')[0]}")
                return False
            if flag == "network=default":
                self.changes.append("RUN --network=default")
                return False
            self.left.append(f"line {instruction.line}: RUN --{flag}")
        return True

    def _set_modes(self, instruction: Instruction, mode: str) -> None:
        if not re.fullmatch(r"0?[0-7]{3}", mode):
            self.left.append(f"line {instruction.line}: COPY --chmod={mode}")
            return
        root = self.context.resolve()
        for source in instruction.words[:-1]:
            found = list(self.context.glob(source.lstrip("/"))) if source.strip("./") else [self.context]
            for path in [inner for top in found for inner in (top, *top.rglob("*"))]:
                if not path.is_symlink() and path.resolve().is_relative_to(root):
                    extra = 0o111 if path.is_dir() else 0
                    path.chmod(int(mode, 8) | extra | (0o700 if path.is_dir() else 0o400))

    def _without_heredocs(self, instruction: Instruction) -> str:
        self.changes.append(f"{instruction.keyword} <<{instruction.heredocs[0].name}")
        if instruction.keyword == "RUN":
            command = re.sub(r"^<<-?['\"]?[\w.]+['\"]?\s*", "", instruction.text)
            body = instruction.heredocs[0].text
            if len(instruction.heredocs) > 1:
                self.left.append(f"line {instruction.line}: RUN with several texts")
            if command == instruction.text:  # the text goes to a program: python3 <<EOF
                delimiter = instruction.heredocs[0].name
                return json.dumps(["/bin/sh", "-c", f"{command}\n{body}{delimiter}\n"])
            if body.startswith("#!"):
                self.left.append(f"line {instruction.line}: RUN with a program of its own")
            return json.dumps(["/bin/sh", "-ec", body])
        target = instruction.text.split()[-1]
        names = []
        for heredoc in instruction.heredocs:
            self._written += 1
            name = f"{_GENERATED}.{self._written}" if len(instruction.heredocs) == 1 else heredoc.name
            path = self.context / name
            path.write_text(heredoc.text, encoding="utf-8")
            path.chmod(int(instruction.flag("chmod") or "644", 8))
            names.append(name)
        return " ".join([*names, target])
