"""Write, verify and evaluate an archive for `submit`, and print what was found."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from common import atomic_files, process
from common.errors import CannotWrite, InputMissing, PipelineError, UsageError
from evaluation.errors import NoSubmission, TooCostly
from evaluation.evaluate import EvaluationOptions, copy_submission
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.result import Report
from evaluation.rubric import load_rubric
from evaluation.sanitize import presentable, printable
from evaluation.submission.checklist import CHECKLIST, Contents, contents_of
from evaluation.submission.outdated_results import ADVICE, outdated_results
from evaluation.workers.tasks import Checklist
from pipeline.commands.actions.evaluation import evaluate_submission, require_outcome
from pipeline.commands.base.command import Context, Result
from pipeline.submission.archive import NAME, write_archive
from pybrain_runtime.io.paths import is_same

_SHOWN = 6
"""How many files that are not on the checklist are listed."""


@dataclass(frozen=True)
class SubmitResult(Result):
    """The result of `submit`.

    Attributes:
        archive: the archive.
        facts: the facts about the archive that ``--json`` prints.
        outdated: sentences about results that do not match the submitted files.
        report: the report of the evaluation; None if the archive was not evaluated.
    """

    archive: Path
    facts: Mapping[str, object] = field(default_factory=dict)
    outdated: tuple[str, ...] = ()
    report: Report | None = None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        document = {**self.facts, "stale": list(self.outdated)}
        if self.report is None:
            return document
        points = {
            "points": self.report.points,
            "of": self.report.of,
            "decided": self.report.decided,
            "total": self.report.total_text,
        }
        return document | points | {"complete": not self.report.unchecked}


def create(context: Context, output: Path | None) -> SubmitResult:
    """Go through the checklist and write the archive.

    Args:
        context: the command's context.
        output: the archive; None for the default name.

    Raises:
        DataError: a file holds a secret, or its name is not portable.
        InputMissing: a required file is missing.
        UsageError: the archive would overwrite one of its own files.
        CannotWrite: the archive cannot be written, or would replace another kind of file.
    """
    layout, console = context.layout, context.console
    console.heading("The checklist")
    contents = contents_of(layout.root, tracked_files(layout.root))
    _print_checklist(context, contents)
    outdated = outdated_results(layout)
    _print_outdated(context, outdated)
    target = output or layout.root / NAME
    _check_target(target, [layout.root / name for name in contents.files])
    archive = write_archive(layout, contents, target)
    console.print()
    console.print(f"  {layout.shown(archive.path)}: {archive.files:,} files, {archive.size:,} bytes")
    console.print(f"  sha256 {archive.sha256}")
    facts = {
        "archive": layout.shown(archive.path),
        "size": archive.size,
        "sha256": archive.sha256,
        "files": list(contents.files),
        "missing": _missing(contents),
        "left_out": dict(contents.left_out),
        "suspicious": [f"{name} line {line}" for name, line in contents.suspicious],
    }
    return SubmitResult(archive.path, facts, outdated)


def _check_target(target: Path, read: Sequence[Path]) -> None:
    """Check that the archive replaces nothing but an archive, and none of its own files.

    Raises:
        UsageError: the archive would overwrite one of its own files.
        CannotWrite: the archive would replace another kind of file.
    """
    for path in read if target.exists() else ():
        if is_same(str(target), str(path)):
            raise UsageError(
                f"{target} is one of the files to be archived; the archive would overwrite it.",
                hint="Choose another file with --output.",
            )
    if target.is_file() and target.stat().st_size and not zipfile.is_zipfile(target):
        raise CannotWrite(
            f"{target} exists and is not a zip archive; the archive would replace it.",
            hint="Choose another file with --output, or remove that file.",
            path=target,
        )


def tracked_files(root: Path) -> frozenset[str] | None:
    """Return the files that git tracks in a folder; None if it tracks none, or git is not installed."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    try:
        # Run no program that the folder's own configuration names.
        result = process.capture(
            ["git", "-c", "core.fsmonitor=false", "-C", str(root), "ls-files", "-z"], timeout=60
        )
    except PipelineError:
        return None
    names = frozenset(name for name in result.output.split("\0") if name)
    return names if result.ok and names else None


def _missing(contents: Contents) -> list[str]:
    return [f"{name} ({kind})" for kind, name in contents.missing]


def _print_checklist(context: Context, contents: Contents) -> None:
    write = context.console.print
    missing = {name for _, name in contents.missing}
    for category in CHECKLIST:
        write(f"  {category.title} ({category.kind})")
        missing_paths = [path for path in category.paths if path in missing]
        write(
            f"    {'✗' if missing_paths else '✓'} "
            f"{len(category.paths) - len(missing_paths)} of {len(category.paths)}"
        )
        for path in missing_paths:
            write(f"      missing: {path}")
    for name, reason in contents.left_out:
        write(f"  left out: {name} {reason}")
    for name, line in contents.suspicious:
        write(f"  warning: {name} line {line} may hold a secret; check it before you submit the archive")
    if any(kind == "recommended" for kind, _ in contents.missing):
        write("  Run python App07.py to create the test results.")


def _print_outdated(context: Context, outdated: tuple[str, ...]) -> None:
    for sentence in outdated:
        context.console.print(f"  outdated: {sentence}")
    if outdated:
        context.console.print(f"  {ADVICE}")


def print_reminder(context: Context, result: SubmitResult) -> None:
    """Repeat at the end of the output that results are outdated.

    Args:
        context: the command's context.
        result: the result of `create`.
    """
    if result.outdated:
        count = len(result.outdated)
        context.console.print(f"  outdated: {count} of the results above do not match the submitted files")


def verify(context: Context, archive: Path) -> SubmitResult:
    """Unpack an archive to a temporary folder and go through the checklist there.

    Args:
        context: the command's context.
        archive: a zip file, not trusted.

    Raises:
        InputMissing: the archive is not found, or a required file is missing in the archive.
        NoSubmission: the archive cannot be unpacked within the limits.
    """
    if not archive.is_file():
        raise InputMissing(f"{archive} not found", path=archive)
    context.console.heading(f"Verifying {archive.name}")
    with tempfile.TemporaryDirectory(prefix="app07-verify-") as folder, WorkerPool(DEFAULT_LIMITS) as workers:
        unpacked = copy_submission(
            str(archive), Path(folder) / "unpacked", DEFAULT_LIMITS, workers
        ).submission
        checked = _checked(workers, printable(archive.name), unpacked.root)
    contents, outdated = presentable(checked.contents), presentable(checked.stale)
    _print_checklist(context, contents)
    _print_outdated(context, outdated)
    additional = presentable(tuple(sorted(set(unpacked.files) - set(checked.contents.files))))
    sha256 = atomic_files.sha256_of(archive)
    context.console.print(f"  sha256 {sha256}")
    if additional:
        suffix = " and more" if len(additional) > _SHOWN else ""
        context.console.print(f"  not on the checklist: {', '.join(additional[:_SHOWN])}{suffix}")
    if contents.missing_required:
        raise InputMissing(
            f"required files are missing in {archive.name}: {', '.join(contents.missing_required)}"
        )
    facts = {
        "archive": str(archive),
        "sha256": sha256,
        "not_on_the_checklist": list(additional),
        "missing": _missing(contents),
    }
    return SubmitResult(archive, facts, outdated)


def _checked(workers: WorkerPool, name: str, root: Path) -> Checklist:
    """Go through the checklist in a worker process, because the files are not trusted."""
    try:
        return workers.call(Checklist, "checklist", name, root=root)
    except TooCostly as error:
        raise NoSubmission(error.message, hint=error.hint) from error


def evaluate_archive(
    context: Context, result: SubmitResult, *, compose: str, minimum: float | None
) -> SubmitResult:
    """Evaluate the archive of a result.

    Args:
        context: the command's context.
        result: the result of `create` or `verify`, with the path of the archive.
        compose: the version of Compose: auto, v1 or v2.
        minimum: the points that are required; None for no minimum.

    Returns:
        The result with the report of the evaluation.

    Raises:
        PointsMissed: the submission has fewer points.
    """
    folder = context.layout.output / "evaluation"
    options = EvaluationOptions(compose=compose)
    report, _ = evaluate_submission(context, str(result.archive), load_rubric(), options, folder)
    require_outcome(report, minimum=minimum)
    return replace(result, report=report)
