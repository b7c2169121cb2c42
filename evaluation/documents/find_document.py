"""Find the documents of a submission: by their own name, another extension or word, or in a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

_ENDINGS = ("", ".md", ".txt", ".pdf", ".docx", ".odt", ".rst", ".rtf", ".html", ".htm", ".markdown", ".adoc")
# Other words for the documents of the task, by the word in the name that a rubric gives.
_WORDS = {
    "readme": re.compile(r"^(?:read[ _-]?me|lies[ _-]?mich|l[eé]e?me|documentation|dokumentation)"),
    "discussion": re.compile(
        r"discuss|diskuss|answers?\b|antwort|fragen|questions?\b|r[eé]ponses|respuestas|risposte"
    ),
}
_FOLDERS = re.compile(
    r"^(?:docs?|documents?|documentation|dokumentation|doku|report|abgabe|answers|discussion)$"
)


def find_document(files: Sequence[str], name: str) -> str:
    """Return the path of a document; empty if there is none.

    Args:
        files: the files of the submission.
        name: the name in the rubric; case and extension may differ, and common other words for it are accepted.
    """
    if name in files:
        return name
    stem = PurePosixPath(name).stem.lower()
    documents = [file for file in files if PurePosixPath(file).suffix.lower() in _ENDINGS]
    top = [file for file in documents if "/" not in file]
    below = [
        file for file in documents
        if file.count("/") == 1 and _FOLDERS.match(file.lower().partition("/")[0])
    ]  # fmt: skip
    return _with_stem(top, stem) or _with_stem(below, stem) or _with_word([*top, *below], stem)


def _with_stem(files: Sequence[str], stem: str) -> str:
    found = [file for file in files if PurePosixPath(file).stem.lower() == stem]
    return min(found, key=lambda file: _ENDINGS.index(PurePosixPath(file).suffix.lower()), default="")


def _with_word(files: Sequence[str], stem: str) -> str:
    words = next((pattern for word, pattern in _WORDS.items() if word in stem), None)
    if words is None:
        return ""
    return next(
        (file for file in files if words.search(PurePosixPath(file).stem.lower().replace("_", " "))), ""
    )
