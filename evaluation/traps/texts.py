"""Traps in the bytes of files: damaged characters and line endings of another system."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from evaluation.evidence.evidence import Evidence
from evaluation.result import RISK
from evaluation.submission.submission import LONGEST_TEXT, decode_text
from evaluation.traps.base import Places, Trap, detects

_TEXTS = (".md", ".txt", ".py", ".yml", ".yaml", ".sh", ".csv")
# UTF-8 that was decoded with another encoding, and the replacement character of decoders.
_DAMAGED = re.compile(
    "\ufffd|Ã[\u0080-\u00bf¤¶¼Ÿ„–œ©¨ª«]|â€[\u0080-\u00bf™œ\u009d“”˜¦¢]|âœ[…“”]|ï»¿|Â[°·§]|ðŸ"
)


def own_texts(evidence: Evidence) -> list[str]:
    """Return the text files that the student wrote, and those in the top folder of the library."""
    folder = evidence.places.codebase.folder
    folders = tuple(role.folder for role in evidence.places.containers)
    return [
        name for name in evidence.submission.files
        if (PurePosixPath(name).suffix.lower() in _TEXTS or PurePosixPath(name).name == "Dockerfile")
        and ("/" not in name or name.rpartition("/")[0] in folders)
        and not name.startswith(f"{folder}/pybrain/")
    ]  # fmt: skip


ENCODING = Trap(
    "encoding", "Characters are damaged", RISK,
    "The file was saved in one encoding and opened in another. Save it as UTF-8, and open files with "
    "encoding='utf-8'.",
)  # fmt: skip


@detects(ENCODING)
def encoding(evidence: Evidence) -> Places:
    """Find text files that are not UTF-8, or that were damaged by a wrong encoding."""
    for name in own_texts(evidence):
        content = evidence.submission.bytes(name)[:LONGEST_TEXT]
        text, written_in = decode_text(content)
        if written_in in ("utf-16", "another"):
            kind = "UTF-16" if written_in == "utf-16" else "an older encoding"
            yield name, f"{name} is written in {kind}, not in UTF-8"
            continue
        if written_in == "utf-8 with BOM" and PurePosixPath(name).suffix not in (".csv", ".md", ".txt"):
            yield f"{name}:1", f"{name} begins with a byte order mark, which some programs read as text"
        for number, line in enumerate(text.splitlines(), 1):
            if match := _DAMAGED.search(line):
                yield (
                    f"{name}:{number}",
                    f"damaged characters: {line[max(0, match.start() - 10) : match.end() + 10].strip()}",
                )
                break


LINE_ENDS = Trap(
    "line-ends", "A script has Windows line endings", RISK,
    "Linux reads the invisible `\\r` at the end of each line as part of the command, and does not find it. "
    "Save the file "
    "with LF line endings, and keep them with a .gitattributes file (*.sh text eol=lf).",
)  # fmt: skip


@detects(LINE_ENDS)
def line_ends(evidence: Evidence) -> Places:
    """Find scripts with Windows line endings."""
    for name in own_texts(evidence):
        content = evidence.submission.bytes(name)[:LONGEST_TEXT]
        first = content.split(b"\n", 1)[0]
        if name.endswith(".sh") and b"\r\n" in content:
            yield f"{name}:1", f"{name} has Windows line endings, with which Linux does not run it"
        elif first.startswith(b"#!") and first.endswith(b"\r") and not name.endswith(".py"):
            yield f"{name}:1", f"the first line of {name} has a Windows line ending"
