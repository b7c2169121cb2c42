"""Explain a COPY that fails: a path that is not in the build context, is excluded from it, or leads out of it."""

from __future__ import annotations

import difflib
import re

from evaluation.evidence.evidence import Evidence
from evaluation.images.build_plan import BuildResult
from evaluation.images.context_folder import files_in
from evaluation.layout.places import TOP, Place, join

_COPY = re.compile(
    r"(?:COPY|ADD) failed: (?:file not found in build context or excluded by \.dockerignore: stat |stat )?"
    r"/?(?P<path>[^\s:]+): (?:file does not exist|no such file or directory)|"
    r"\"/(?P<buildkit>[^\"]+)\": not found|(?:COPY|ADD) failed: no source files were specified"
)
_COMMENT = re.compile(r"\s*(?:COPY|ADD)\s[^#\"\[]*\s#\s*\w", re.IGNORECASE)
_PARENT = re.compile(r"\s*(?:COPY|ADD)\s.*\.\./", re.IGNORECASE)
_OUTSIDE = re.compile(r"orbidden path outside the build context|outside (?:of )?the build context")


def explain_copy(evidence: Evidence, role: Place, build: BuildResult) -> tuple[str, str, str] | None:
    """Return the title, the advice and the location of a COPY that failed; None if none did.

    Args:
        evidence: the evidence collected for the submission.
        role: the container.
        build: its failed build.
    """
    return _outside(evidence, role, build) or _missing_source(evidence, role, build)


def _outside(evidence: Evidence, role: Place, build: BuildResult) -> tuple[str, str, str] | None:
    line = line_that_fits(evidence, role, _PARENT)
    if not line or not _OUTSIDE.search(build.output):
        return None
    return (
        f"COPY names a file outside {role.folder}/",
        "A build sees only the folder of its Dockerfile: put the file into it, and COPY it without `..`.",
        f"{role.dockerfile_path}:{line}",
    )  # fmt: skip


def _missing_source(evidence: Evidence, role: Place, build: BuildResult) -> tuple[str, str, str] | None:
    match = _COPY.search(build.output)
    if not match:
        return None
    path = match.group("path") or match.group("buildkit") or ""
    where = line_with(evidence, role, path.rpartition("/")[2])
    context = evidence.build_request(role).context
    inner = files_in(evidence.submission, context)
    if ".dockerignore" in inner and any(file == path or file.startswith(f"{path}/") for file in inner):
        return (
            f"COPY names {path}, which {join(context, '.dockerignore')} excludes",
            f"Remove the line of {join(context, '.dockerignore')} that matches {path}.", where,
        )  # fmt: skip
    if line := line_that_fits(evidence, role, _COMMENT):
        return (
            "A comment follows COPY on the same line, and Docker reads its words as file names",
            "Write the comment on a line of its own.", f"{role.dockerfile_path}:{line}",
        )  # fmt: skip
    if path.rpartition("/")[2] == "pybrain":
        return (
            "The pybrain folder is missing",
            f"Put the library into {role.folder}/pybrain: its Python files themselves, not a link or a git "
            f"pointer.", where,
        )  # fmt: skip
    return _not_there(role, context, inner, path, where)


def _not_there(role: Place, context: str, inner: list[str], path: str, where: str) -> tuple[str, str, str]:
    there = sorted({file.split("/")[0] for file in inner})
    spelled = [file for file in inner if file.casefold() == path.casefold()]
    like = spelled or difflib.get_close_matches(path.rpartition("/")[2], there, 1, 0.6)
    folder = "the top folder of the submission" if context == TOP else f"{context}/"
    holder = "The top folder" if context == TOP else folder
    hint = f"{holder} contains: {', '.join(there[:8]) or 'nothing'}. "
    hint += f"Did you mean {like[0]}? " if like else ""
    begin = "the folder of the Dockerfile" if context == role.folder else "the build context"
    return (
        f"COPY names {path or 'a file'}, which is not in {folder}",
        f"{hint}COPY paths are relative to {begin}, and file names on Linux are case-sensitive.", where,
    )  # fmt: skip


def line_with(evidence: Evidence, role: Place, part: str) -> str:
    """Return the Dockerfile line that contains a string, as FILE:LINE; only the file if there is none.

    Args:
        evidence: the evidence collected for the submission.
        role: the container.
        part: the string.
    """
    name = role.dockerfile_path
    for number, line in enumerate(evidence.submission.text(name).splitlines(), 1):
        if part and part.lower() in line.lower():
            return f"{name}:{number}"
    return name


def line_that_fits(evidence: Evidence, role: Place, pattern: re.Pattern[str]) -> int:
    """Return the number of the first line of the Dockerfile that matches a pattern; 0 if none does.

    Args:
        evidence: the evidence collected for the submission.
        role: the container.
        pattern: matched at the beginning of each line.
    """
    lines = evidence.submission.text(role.dockerfile_path).splitlines()
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line[:1000])), 0)
