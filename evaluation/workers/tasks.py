"""The tasks that workers carry out: a mapping of names to functions. This module runs in a worker."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.errors import NoSubmission
from evaluation.layout.expected_layout import Layout
from evaluation.processes.messages import decode, encode, hints_of
from evaluation.quotas import Limits
from evaluation.submission.archives.tools import Tools
from evaluation.submission.checklist import Contents
from evaluation.submission.choose_root import Expected
from evaluation.submission.intake import copy_source
from evaluation.submission.locate import LooseFile, SubmissionSource
from evaluation.submission.submission import Submission

if TYPE_CHECKING:  # each task imports what it needs: a worker that unpacks a zip file does not load NumPy
    from evaluation.evidence.evidence import DetectorResult
    from evaluation.evidence.remote import Ask, RemoteEvidence
    from evaluation.fault import Fault
    from evaluation.images.build_plan import BuildPlan, PreparedContext
    from evaluation.result import Verdict
    from evaluation.sandbox.volumes import VolumeEntry
else:
    Ask = RemoteEvidence = DetectorResult = Fault = BuildPlan = PreparedContext = Verdict = VolumeEntry = (
        object
    )


class TaskRunner:
    """Runs a task by name: decodes its arguments and returns its result as JSON data.

    Args:
        context: the data that each worker receives; empty if there is no submission yet.
        ask: sends a request to the evaluation and returns the response.
    """

    def __init__(self, context: Mapping[str, object], ask: Ask) -> None:
        self._context = context
        self._ask = ask

    def carry_out(self, name: str, arguments: Mapping[str, object]) -> object:
        """Carry out one task.

        Args:
            name: the name of the task.
            arguments: the arguments of the task as JSON data.
        """
        if name in EVIDENCE_TASKS:
            return encode(_call(EVIDENCE_TASKS[name], {"evidence": self.evidence}, arguments))
        return encode(_call(TASKS[name], {}, arguments))

    @cached_property
    def evidence(self) -> RemoteEvidence:
        """The evidence collected for the submission, kept from one task to the next."""
        from evaluation.evidence.remote import RemoteEvidence

        known = self._context
        return RemoteEvidence(
            decode(Submission, known["submission"]), decode(Limits, known["limits"]),
            decode(Path, known["folder"]), self._ask, decode(Layout, known["layout"]),
        )  # fmt: skip


def _call(
    function: Callable[..., object], fixed: dict[str, object], arguments: Mapping[str, object]
) -> object:
    types = {name: type_ for name, type_ in hints_of(function).items() if name not in ("evidence", "return")}
    return function(**fixed, **{name: decode(type_, arguments[name]) for name, type_ in types.items()})


# --- tasks without a submission


@dataclass(frozen=True)
class CopiedSubmission:
    """A copied submission, with the facts for its report.

    Attributes:
        submission: the copy.
        files: the paths of its files, sorted.
        size: the total size of the files in bytes.
        sha256: hash of the names and contents of the files.
        compose_name: the path of its compose file.
    """

    submission: Submission
    files: tuple[str, ...]
    size: int
    sha256: str
    compose_name: str


def copy_submission(
    source: SubmissionSource, folder: Path, limits: Limits, expected: Expected
) -> CopiedSubmission:
    """Copy a folder or unpack an archive, find the submission in it, and return the facts for the report.

    Args:
        source: where the submission comes from.
        folder: an empty folder for the copy.
        limits: limits on the size of the submission.
        expected: what to look for in the submission.
    """
    submission = copy_source(source, folder, limits, expected)
    return CopiedSubmission(
        submission,
        submission.files,
        submission.size,
        submission.sha256,
        submission.compose_name,
    )


def unpack_class(source: Path, folder: Path, limits: Limits, tools: Tools) -> int:
    """Unpack a class export and return the number of files and folders in it.

    Args:
        source: the archive.
        folder: a new folder for the submissions.
        limits: limits on the total size of the submissions.
        tools: the programs of this machine that unpack 7z and rar archives.
    """
    from evaluation.submission.archives.target import Target
    from evaluation.submission.archives.unpack import unpack
    from evaluation.submission.copying import Copy

    copy = Copy(folder, limits)
    unpack(source, Target(copy), limits, tools, folder.with_name("output-of-a-program"))
    return copy.counted[0]


def key_of(source: Path, files: tuple[LooseFile, ...], limits: Limits) -> str:
    """Return a hash of the names and contents of a folder, a file, or several files.

    Args:
        source: the folder or file.
        files: the files, if there are several; else empty.
        limits: limits on the total size.
    """
    from evaluation.submission.copying import LEFT_OUT

    digest, size = hashlib.sha256(), 0
    for count, (path, name) in enumerate(_named(source, files, LEFT_OUT)):
        size += path.lstat().st_size
        if count > limits.files or size > limits.total_size:
            raise NoSubmission(
                f"{source.name} is larger than a submission may be: "
                f"{limits.files:,} files and {limits.total_size // 1024**2} MB"
            )
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + _digest(path))
    return digest.hexdigest()


def _named(
    source: Path, files: tuple[LooseFile, ...], left_out: frozenset[str]
) -> Iterator[tuple[Path, str]]:
    """Yield each file with its name in the copy; the name of a single archive is omitted."""
    if files:
        yield from ((file.path, file.name) for file in files)
        return
    for path in _regular(source, left_out):
        yield path, "" if path == source else path.relative_to(source).as_posix()


def _regular(source: Path, left_out: frozenset[str]) -> Iterator[Path]:
    from evaluation.submission.copying import ENVIRONMENT

    if not source.is_dir():
        yield source
        return
    for folder, folders, names in os.walk(source):
        if ENVIRONMENT in names and Path(folder) != source:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(names):
            path = Path(folder) / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _digest(path: Path) -> bytes:
    """Return the hash of a file, opened without blocking, because a pipe may have replaced it."""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NoSubmission(f"{path} is not a regular file")
        return hashlib.file_digest(file, "sha256").digest()


@dataclass(frozen=True)
class Checklist:
    """An unpacked archive compared with the checklist of a submission.

    Attributes:
        contents: the contents that a submission of this folder would have.
        stale: results that do not belong to the submitted files.
    """

    contents: Contents
    stale: tuple[str, ...]


def checklist(root: Path) -> Checklist:
    """Compare an unpacked archive with the checklist of a submission."""
    from common.project import Layout
    from evaluation.submission.checklist import contents_of
    from evaluation.submission.outdated_results import outdated_results

    return Checklist(contents_of(root), outdated_results(Layout(root)))


def read_volume(archive_path: Path, folder: Path, limit: int) -> tuple[VolumeEntry, ...]:
    """Return the entries of a volume.

    Args:
        archive_path: the archive of the volume.
        folder: a new folder for the contents of its files.
        limit: the limit on the total size of the files in bytes.
    """
    from evaluation.sandbox import volume_archive

    return volume_archive.read_volume(archive_path, folder, limit)


def search(archive_path: Path, file: Path, usual_path: str) -> tuple[str, ...]:
    """Return the paths in an image archive that have the content of a file.

    Args:
        archive_path: the archive of the image.
        file: the file to search for.
        usual_path: a path that is returned whatever its content is.
    """
    from evaluation.images import image_archive

    return image_archive.search(archive_path, file, usual_path)


def why_not_interpreter(archive_path: Path) -> str:
    """Return why the file in an archive is not an interpreter; empty if it is one."""
    from evaluation.images import image_archive

    return image_archive.why_not_interpreter(archive_path)


# --- tasks for one submission


def fact(evidence: RemoteEvidence, name: str, arguments: dict[str, object]) -> object:
    """Compute a fact from the files of the submission.

    Args:
        evidence: the evidence of the submission.
        name: the name of the fact.
        arguments: the arguments of the fact as JSON data.
    """
    return evidence.compute(name, arguments)


def plan_build(evidence: RemoteEvidence, request: dict[str, object]) -> BuildPlan:
    """Read the Dockerfile of a build: whether it may be built, and from which images.

    Args:
        evidence: the evidence of the submission.
        request: the `BuildRequest` as JSON data.
    """
    from evaluation.compose.safe_stack import BuildRequest
    from evaluation.images.build_plan import BuildPlanner

    return BuildPlanner(evidence.submission, evidence.limits).plan(decode(BuildRequest, request))


def prepare_context(
    evidence: RemoteEvidence, request: dict[str, object], folder: Path, variables: dict[str, dict[str, str]]
) -> PreparedContext:
    """Copy the context of a build and write the Dockerfile that is built.

    Args:
        evidence: the evidence of the submission.
        request: the `BuildRequest` as JSON data.
        folder: the folder for the copy.
        variables: the environment variables of each image, by image name.
    """
    from evaluation.compose.safe_stack import BuildRequest
    from evaluation.images.build_plan import BuildPlanner

    return BuildPlanner(evidence.submission, evidence.limits).prepare(
        decode(BuildRequest, request), folder, variables
    )


def verdict(evidence: RemoteEvidence, check: str, parameters: dict[str, object]) -> Verdict:
    """Carry out a check.

    Args:
        evidence: the evidence of the submission.
        check: the name of the check function.
        parameters: the parameters of the check from the rubric.
    """
    from evaluation.checks import CHECKS

    return CHECKS[check](evidence, **CHECKS[check].read_parameters(parameters))


def detect(evidence: RemoteEvidence, detector: str, limit: int) -> DetectorResult:
    """Look for a trap.

    Args:
        evidence: the evidence of the submission.
        detector: the id of the trap.
        limit: the maximum number of findings.
    """
    from evaluation.traps import DETECTORS

    return evidence.detect(detector, DETECTORS[detector].function, limit)


def diagnose(evidence: RemoteEvidence, name: str) -> tuple[Fault, ...]:
    """Look for faults of a submission.

    Args:
        evidence: the evidence of the submission.
        name: the name of the diagnosis.
    """
    from evaluation.causes.diagnosis import DIAGNOSES

    return evidence.diagnose(name, DIAGNOSES[name])


_BEFORE = (copy_submission, unpack_class, key_of, checklist, read_volume, search, why_not_interpreter)
_OF_ONE = (fact, plan_build, prepare_context, verdict, detect, diagnose)
TASKS: Mapping[str, Callable[..., object]] = {task.__name__: task for task in _BEFORE}
EVIDENCE_TASKS: Mapping[str, Callable[..., object]] = {task.__name__: task for task in _OF_ONE}
