"""Traps that stand in the bytes of the files: damaged characters, line ends of another system."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from evaluation.evidence.evidence import Lab
from evaluation.submission.submission import LONGEST_TEXT, decoded
from evaluation.traps.base import Detector, Seen
from pipeline.project import SERVICES

_TEXTS = (".md", ".txt", ".py", ".yml", ".yaml", ".sh", ".csv")
# What UTF-8 looks like to somebody who reads it as something else, and the mark that decoders leave.
_DAMAGED = re.compile(
    "\ufffd|Ã[\u0080-\u00bf¤¶¼Ÿ„–œ©¨ª«]|â€[\u0080-\u00bf™œ\u009d“”˜¦¢]|âœ[…“”]|ï»¿|Â[°·§]|ðŸ"
)


def own_texts(lab: Lab) -> list[str]:
    """The texts that are the student's own: of the library only its top is looked at."""
    folder = SERVICES[2].folder
    return [
        name for name in lab.submission.files
        if (PurePosixPath(name).suffix.lower() in _TEXTS or PurePosixPath(name).name == "Dockerfile")
        and (name.count("/") == 0 or (name.count("/") == 1 and name.split("/")[0] in _FOLDERS))
        and not name.startswith(f"{folder}/pybrain/")
    ]  # fmt: skip


_FOLDERS = tuple(role.folder for role in SERVICES)


def encoding(lab: Lab) -> Seen:
    for name in own_texts(lab):
        content = lab.submission.bytes(name)[:LONGEST_TEXT]
        text, written_in = decoded(content)
        if written_in in ("utf-16", "another"):
            kind = "UTF-16" if written_in == "utf-16" else "an older encoding"
            yield name, f"{name} is written in {kind}, not in UTF-8"
            continue
        if written_in == "utf-8 with BOM" and PurePosixPath(name).suffix not in (".csv", ".md", ".txt"):
            yield f"{name}:1", f"{name} begins with a byte order mark, which some programs take for text"
        for number, line in enumerate(text.splitlines(), 1):
            if found := _DAMAGED.search(line):
                yield (
                    f"{name}:{number}",
                    f"damaged characters: {line[max(0, found.start() - 10) : found.end() + 10].strip()}",
                )
                break


def line_ends(lab: Lab) -> Seen:
    for name in own_texts(lab):
        content = lab.submission.bytes(name)[:LONGEST_TEXT]
        first = content.split(b"\n", 1)[0]
        if name.endswith(".sh") and b"\r\n" in content:
            yield f"{name}:1", f"{name} has Windows line ends, so that Linux cannot run it"
        elif first.startswith(b"#!") and first.endswith(b"\r") and not name.endswith(".py"):
            yield f"{name}:1", f"the first line of {name} ends as on Windows"


DETECTORS: tuple[Detector, ...] = (
    ("encoding", encoding),
    ("line-ends", line_ends),
)
