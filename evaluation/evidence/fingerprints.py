"""Compute the fingerprints of a submission. Runs in a worker."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from evaluation.layout.places import Places
from evaluation.similarity.fingerprint import Fingerprint
from evaluation.similarity.programs import program_fingerprint
from evaluation.similarity.texts import text_fingerprint
from evaluation.submission.submission import Submission

# What is longer is no program or discussion of a student.
_LONGEST = 256 * 1024
_MOST_PROGRAMS = 20
_DISCUSSION = re.compile(r"(discussion|diskussion|answers|antworten)[^/]*\.(txt|md|rst)$", re.IGNORECASE)
# Libraries that a course hands out stand beside the program.
_LIBRARIES = re.compile(r"(^|/)(pybrain\w*|site-packages|tests?|venv|\.venv)/")


def fingerprints_of(submission: Submission, places: Places) -> tuple[Fingerprint, ...]:
    """Return the fingerprints of model, program and discussion.

    Args:
        submission: the copy.
        places: where it has what.
    """
    return tuple(_found(submission, places))


def _found(submission: Submission, places: Places) -> Iterator[Fingerprint]:
    knowledge = places.role("knowledgebase")
    if knowledge and knowledge.file and (content := submission.bytes(knowledge.file)):
        yield Fingerprint("model", knowledge.file, hashlib.sha256(content).hexdigest())
    for file in _programs(submission, places):
        if found := program_fingerprint(file, submission.text(file)[:_LONGEST]):
            yield found
    answers = sorted(
        (file for file in submission.files if _DISCUSSION.search(file)), key=lambda name: name.count("/")
    )
    if answers and (found := text_fingerprint(answers[0], submission.text(answers[0])[:_LONGEST])):
        yield found


def _programs(submission: Submission, places: Places) -> list[str]:
    """Return the programs in the folder of the code, without libraries; that of the task alone where there is one."""
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
