"""Evaluate one submission: copy it, carry out the rubric, and return the report."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from common import process
from common.docker_command import find_docker
from common.errors import EngineUnavailable, PipelineError
from evaluation.documents.document_text import install_pdf_reader
from evaluation.engine.session import EngineSession, is_running, session_prefix
from evaluation.errors import NoSubmission, TooCostly
from evaluation.evidence.evidence import Evidence
from evaluation.evidence.guarded import GuardedEvidence
from evaluation.grading import Grader
from evaluation.intake_failure import unopened_report
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import DEFAULT_LIMITS, MIB, Limits
from evaluation.result import Protection, Report, Result
from evaluation.rubric import Rubric
from evaluation.sanitize import printable, without_credentials
from evaluation.similarity.fingerprint import Fingerprint
from evaluation.submission.choose_root import Expected
from evaluation.submission.deep_folders import remove_folder
from evaluation.submission.intake import AS_THE_TASK
from evaluation.submission.locate import LooseFile, locate_source
from evaluation.workers.tasks import CopiedSubmission


@dataclass(frozen=True)
class EvaluationOptions:
    """How an evaluation is carried out.

    Attributes:
        limits: the resource limits of a submission.
        run: whether to build and run anything; otherwise only the files are checked.
        compose: which version of Compose: auto, v1 or v2.
        allowed_images: base images that are allowed in addition to the built-in list.
        allowed_hosts: hosts that builds may reach beyond the package indexes.
        path: the submission's folder within the upload; empty to find it.
    """

    limits: Limits = DEFAULT_LIMITS
    run: bool = True
    compose: str = "auto"
    allowed_images: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = field(default=())
    path: str = ""


def evaluate(
    source: str,
    rubric: Rubric,
    options: EvaluationOptions,
    *,
    files: Sequence[LooseFile] = (),
    on_progress: Callable[[str], None] = lambda text: None,
    on_result: Callable[[Result], None] = lambda result: None,
    image_owner: str = "",
) -> Report:
    """Evaluate one submission.

    Args:
        source: a folder, an archive or a git URL.
        rubric: the checks to carry out.
        options: the limits and settings.
        files: the files of a folder that are the submission; empty for the whole folder.
        on_progress: called with progress messages.
        on_result: called with each result.
        image_owner: the id of the session that removes the built images; empty to remove them at the end.

    Returns:
        The report; after Ctrl-C a partial one, marked as interrupted. All started containers are removed. A submission
        that could not be opened has a report as well, whose `error` says why.

    Raises:
        InputMissing: the source was not found.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_PrivateTemporaryDirectory()))
        workers = stack.enter_context(WorkerPool(options.limits))
        expected = Expected(rubric.layout, rubric.documents, options.path)
        try:
            copied = copy_submission(
                source, folder / "submission", options.limits, workers, expected, files=files
            )
        except NoSubmission as error:
            return unopened_report(
                without_credentials(source), rubric, error, started, time.monotonic() - clock
            )
        submission = copied.submission
        engine, why_no_engine = open_engine(options, on_progress, workers, image_owner)
        if engine is not None:
            stack.enter_context(engine)
        evidence = stack.enter_context(GuardedEvidence(
            submission, options.limits, engine, folder, workers=workers,
            why_no_engine=why_no_engine, allowed_hosts=options.allowed_hosts, layout=submission.layout or rubric.layout,
        ))  # fmt: skip
        install_pdf_reader(copied.files, rubric.documents, on_progress)
        grader = Grader(rubric, evidence, on_result)
        grader.carry_out()
        return _report(source, copied, grader, engine, started, clock)


def _report(
    source: str,
    copied: CopiedSubmission,
    grader: Grader,
    engine: EngineSession | None,
    started: datetime,
    clock: float,
) -> Report:
    """Return the report of a submission whose rubric has been carried out.

    Args:
        source: the submission as the user typed it.
        copied: its copy.
        grader: has the results.
        engine: the session that it was built and run in; None where there was none.
        started: when the evaluation began.
        clock: the monotonic time at which it began, in seconds.
    """
    submission, rubric, evidence = copied.submission, grader.rubric, grader.evidence
    fingerprints = () if grader.interrupted else _fingerprints(evidence)
    with process.ignore_signals():
        return Report(
            submission=submission.name,
            source=without_credentials(source),
            kind=submission.kind,
            sha256=copied.sha256,
            files=len(copied.files),
            size=copied.size,
            rubric=rubric.name,
            rubric_sha256=rubric.sha256,
            lines=grader.lines,
            findings=grader.findings,
            protections=protections(evidence, engine, evidence.limits),
            engine=engine.describe() if engine else "",
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - clock, 1),
            interrupted=grader.interrupted,
            fingerprints=fingerprints,
            causes=grader.causes,
        )


def _fingerprints(evidence: Evidence) -> tuple[Fingerprint, ...]:
    """Return the fingerprints for the comparison with other submissions, without those that exceed the limits."""
    found: tuple[Fingerprint, ...] = ()
    with suppress(PipelineError, KeyboardInterrupt):  # the report is complete without them
        found += evidence.fingerprints
    with suppress(PipelineError, KeyboardInterrupt):
        found += evidence.discussion_fingerprint
    return found


def copy_submission(
    source: str,
    folder: Path,
    limits: Limits,
    workers: WorkerPool,
    expected: Expected = AS_THE_TASK,
    *,
    files: Sequence[LooseFile] = (),
) -> CopiedSubmission:
    """Copy a submission in a worker, which also reads the facts about it for the report.

    Args:
        source: a folder, an archive or a git URL.
        folder: an empty folder that only this evaluation uses.
        limits: the limits on its size.
        workers: the pool that provides the worker.
        expected: the layout to look for.
        files: the files of a folder that are the submission; empty for the whole folder.

    Raises:
        InputMissing: the source was not found.
        NoSubmission: the source is not a submission, is too large or too costly to read, or contains paths that lead
            outside it.
    """
    try:
        location = locate_source(source, folder, limits, files)
    except NoSubmission as error:  # the message comes from git, and from the server that it contacted
        raise type(error)(printable(without_credentials(error.message)), hint=error.hint) from error
    try:
        copied = workers.call(
            CopiedSubmission, "copy_submission", printable(location.path.name),
            cpu=limits.intake_cpu, seconds=limits.intake_seconds, source=location, folder=folder, limits=limits,
            expected=expected,
        )  # fmt: skip
    except TooCostly as error:
        raise NoSubmission(error.message, hint=error.hint) from error
    # These cached properties were computed by the worker; this process neither lists nor hashes the files.
    vars(copied.submission).update(
        files=copied.files, size=copied.size, sha256=copied.sha256, compose_name=copied.compose_name
    )
    return copied


class _PrivateTemporaryDirectory(tempfile.TemporaryDirectory[str]):
    """A temporary folder that only this user can enter."""

    def __init__(self) -> None:
        remove_left_folders(Path(tempfile.gettempdir()))
        super().__init__(prefix=session_prefix(os.getpid()), ignore_cleanup_errors=True)

    def __exit__(self, *error: object) -> None:
        with process.ignore_signals():
            remove_folder(Path(self.name))
            super().cleanup()


def remove_left_folders(parent: Path) -> None:
    """Remove the folders that this user's killed evaluations have left behind.

    Args:
        parent: the folder for temporary files.
    """
    pattern = re.compile(session_prefix("(\\d+)") + "[a-z0-9_]{8}")
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            match = pattern.fullmatch(entry.name)
            if not match or is_running(int(match.group(1))) or not entry.is_dir(follow_symlinks=False):
                continue
            if not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid():
                remove_folder(Path(entry.path))


def open_engine(
    options: EvaluationOptions,
    on_progress: Callable[[str], None] = lambda text: None,
    workers: WorkerPool | None = None,
    image_owner: str = "",
) -> tuple[EngineSession | None, str]:
    """Return a session of the container engine, or None and why there is none.

    Args:
        options: the limits and settings.
        on_progress: called with progress messages.
        workers: the workers that read archives of containers and images; None for new ones.
        image_owner: the id of the session that removes the built images; empty for the new one.
    """
    if not options.run:
        return None, "building and running are disabled"
    try:
        version, compose = find_docker(compose=options.compose)
    except EngineUnavailable as error:
        return None, error.message
    session = EngineSession(
        version, compose, options.limits,
        allowed_images=options.allowed_images, on_progress=on_progress, workers=workers, image_owner=image_owner,
    )  # fmt: skip
    session.remove_abandoned()
    return session, ""


def protections(evidence: Evidence, engine: EngineSession | None, limits: Limits) -> tuple[Protection, ...]:
    """Return what isolated the submission, and what could not be enforced.

    Args:
        evidence: the evidence collected for the submission.
        engine: the engine session; None if nothing was built or run.
        limits: the resource limits of the submission.
    """
    copied = Protection(
        "Its files were copied first, and none of its code ran on the host", True,
        f"at most {limits.files:,} files and {limits.total_size // MIB} MB, no link that leads outside",
    )  # fmt: skip
    if engine is None or evidence.build_network is None:
        return (copied, _reading(limits))
    return (
        copied,
        _reading(limits),
        evidence.build_network.protection(),
        Protection(
            "Builds are limited", True,
            f"{limits.build_seconds:g} s, {limits.build_memory // MIB} MB of memory and {limits.build_processes} "
            f"processes per step, {limits.build_disk // MIB} MB written (checked every second)",
        ),
        Protection("Containers have no network when they run", True, "network_mode: none"),
        Protection(
            "Containers are limited", True,
            f"{limits.memory // MIB} MB of memory, {limits.processes} processes, {limits.cpus:g} CPUs, "
            f"{limits.alone_seconds:g} s for a single container, {limits.stack_seconds:g} s for the stack, "
            f"{limits.output // MIB} MB of output",
        ),
        Protection(
            "Nothing of the host can be written", True,
            f"shared folders are volumes in memory of {limits.volume // MIB} MB and {limits.volume_files:,} files; "
            "other folders of the submission's copy are mounted read-only",
        ),
        Protection(
            "What a container writes to its own file system is limited", True,
            f"{limits.disk // MIB} MB: single files by the kernel, all together by a check every second",
        ),
        Protection(
            "Root in a container has few privileges", True,
            "no device, no raw network, no new privileges; requests of the compose file for more are refused",
        ),
    )  # fmt: skip


def _reading(limits: Limits) -> Protection:
    clock = f"{limits.read_seconds:g} s of wall time, {limits.intake_seconds:g} s to copy the submission"
    if process.WINDOWS:
        return Protection(
            "The processes that read it are limited in memory", False,
            f"this system cannot limit a process from within; time is limited: {clock}",
        )  # fmt: skip
    return Protection(
        "The processes that read it are limited", True,
        f"separate processes: {limits.read_memory // MIB} MB of memory, {limits.read_cpu} s of CPU time "
        f"per task, {clock}",
    )  # fmt: skip
