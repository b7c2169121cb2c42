"""Compute the fingerprints of a submission. Runs in a worker."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from evaluation.documents.document_text import read_document
from evaluation.documents.find_document import find_document
from evaluation.layout.places import Places
from evaluation.similarity.fingerprint import Fingerprint
from evaluation.similarity.programs import program_fingerprint
from evaluation.similarity.texts import text_fingerprint
from evaluation.submission.submission import Submission

# Longer files are not a program or discussion of a student.
_LONGEST = 256 * 1024
_MOST_PROGRAMS = 20
_DISCUSSION = "discussion.txt"
# Libraries that a course provides are beside the program.
_LIBRARIES = re.compile(r"(^|/)(pybrain\w*|site-packages|tests?|venv|\.venv)/")


def fingerprints_of(submission: Submission, places: Places) -> tuple[Fingerprint, ...]:
    """Return the fingerprints of model and program.

    Args:
        submission: the copy of the submission.
        places: the locations of its containers and their files.
    """
    return tuple(_found(submission, places))


def _found(submission: Submission, places: Places) -> Iterator[Fingerprint]:
    knowledge = places.role("knowledgebase")
    if knowledge and knowledge.file and (content := submission.bytes(knowledge.file)):
        yield Fingerprint("model", knowledge.file, hashlib.sha256(content).hexdigest())
    for file in _programs(submission, places):
        if found := program_fingerprint(file, submission.text(file)[:_LONGEST]):
            yield found


def discussion_of(submission: Submission) -> tuple[Fingerprint, ...]:
    """Return the fingerprint of the discussion, in any supported format; empty if there is no discussion.

    Args:
        submission: the copy.
    """
    file = find_document(submission.files, _DISCUSSION)
    text = read_document(file, submission.bytes(file)).text[:_LONGEST] if file else ""
    found = text_fingerprint(file, text)
    return (found,) if found else ()


def _programs(submission: Submission, places: Places) -> list[str]:
    """Return the programs in the folder of the code, without libraries; only the task's program if there is one."""
    code = places.role("codebase")
    if code is None:
        return []
    if code.file.endswith(".py"):
        return [code.file]
    own = [
        file for file in submission.files
        if file.startswith(f"{code.folder}/") and PurePosixPath(file).suffix == ".py" and not _LIBRARIES.search(file)
    ]  # fmt: skip
    return own[:_MOST_PROGRAMS]
