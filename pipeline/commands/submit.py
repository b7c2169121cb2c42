"""`python create_submission.py`: checks the checklist, evaluates what is handed in, writes the archive."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.options import add_compose

if TYPE_CHECKING:
    from evaluation.processes.worker_pool import WorkerPool
    from evaluation.result import Report
    from evaluation.workers.tasks import Checklist
    from pipeline.cli import Session
    from pipeline.project import Layout

SUMMARY = "Write Task06_Submission.zip: exactly the files of the checklist, evaluated as they are handed in."


_EPILOG = (
    "The archive has the same bytes whenever and wherever it is made of the same files. The checklist is in\n"
    "docs/evaluation.md.\n\n"
    "exit status: 0 done, whatever the points, 2 wrong usage, 65 a file holds a secret or has a name that not\n"
    "every system can have, or ZIP is no submission, 66 a required file is missing, 69 no container engine,\n"
    "70 fewer points than --minimum, 73 cannot write, 130 interrupted"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command. Standard library alone."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="the archive (default: Task06_Submission.zip)"
    )
    parser.add_argument("--no-run", action="store_true", help="write it without evaluating it")
    parser.add_argument(
        "--verify",
        metavar="ZIP",
        type=Path,
        help="write nothing; unpack this archive elsewhere and evaluate it there",
    )
    add_compose(parser)
    parser.add_argument(
        "--minimum", type=float, metavar="POINTS", help="end with status 70 below that many points"
    )


def run(session: Session) -> dict[str, Any]:
    """Writes the archive, or verifies one."""
    return _verify(session, session.options.verify) if session.options.verify else _create(session)


def _create(session: Session) -> dict[str, Any]:
    from pipeline import submission_archive

    say = session.console.say
    session.console.title("The checklist")
    contents = submission_archive.contents_of(session.layout.root, tracked_in(session.layout.root))
    _show_checklist(session, contents)
    stale = _show_stale(session, session.layout)
    target = session.options.output or session.layout.root / submission_archive.NAME
    _check_target(target, [session.layout.root / name for name in contents.files])
    archive = submission_archive.create(session.layout, contents, target)
    say()
    say(f"  {session.layout.shown(archive.path)}: {archive.files:,} files, {archive.size:,} bytes")
    say(f"  sha256 {archive.sha256}")
    result: dict[str, Any] = {
        "archive": session.layout.shown(archive.path),
        "size": archive.size,
        "sha256": archive.sha256,
        "files": list(contents.files),
        "missing": [f"{name} ({kind})" for kind, name in contents.missing],
        "left_out": dict(contents.left_out),
        "suspicious": [f"{name} line {line}" for name, line in contents.suspicious],
        "stale": list(stale),
    }
    if not session.options.no_run:
        result |= _points(session, _evaluate(session, archive.path))
    if stale:
        # Once more, where it is read last.
        say(f"  stale: {len(stale)} of the results above are not those of the files handed in")
    return result


def _check_target(target: Path, read: Sequence[Path]) -> None:
    """Makes sure that the archive replaces nothing but an archive, and none of the files that go into it.

    Raises:
        UsageError: it would be written over one of these files.
        CannotWrite: there is another file.
    """
    from pipeline.errors import CannotWrite, UsageError
    from pybrain_runtime._io.paths import is_same

    for path in read if target.exists() else ():
        if is_same(str(target), str(path)):
            raise UsageError(
                f"{target} goes into the archive, which would be written over it.",
                hint="Name another file with --output.",
            )
    if target.is_file() and target.stat().st_size and not zipfile.is_zipfile(target):
        raise CannotWrite(
            f"{target} is there, and is no zip archive; the archive would replace it.",
            hint="Name another file with --output, or take that file away.",
            path=target,
        )


def tracked_in(root: Path) -> frozenset[str] | None:
    """The files that git knows in a folder; None where it knows none, or there is no git."""
    from pipeline import process
    from pipeline.errors import PipelineError

    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    try:
        # Nothing of the folder's own settings is started.
        listed = process.capture(
            ["git", "-c", "core.fsmonitor=false", "-C", str(root), "ls-files", "-z"], timeout=60
        )
    except PipelineError:
        return None
    names = frozenset(name for name in listed.output.split("\0") if name)
    return names if listed.ok and names else None


def _show_stale(session: Session, layout: Layout) -> tuple[str, ...]:
    """Says which results are not those of the files that are handed in."""
    from pipeline.stages.freshness import stale_results

    stale = stale_results(layout)
    _say_stale(session, stale)
    return stale


def _say_stale(session: Session, stale: tuple[str, ...]) -> None:
    from pipeline.stages.freshness import ADVICE

    for sentence in stale:
        session.console.say(f"  stale: {sentence}")
    if stale:
        session.console.say(f"  {ADVICE}")


def _show_checklist(session: Session, contents: Any) -> None:
    from pipeline.submission_archive import CHECKLIST

    say = session.console.say
    missing = {name for _, name in contents.missing}
    for category in CHECKLIST:
        say(f"  {category.title} ({category.kind})")
        gone = [path for path in category.paths if path in missing]
        say(f"    {'✓' if not gone else '✗'} {len(category.paths) - len(gone)} of {len(category.paths)}")
        for path in gone:
            say(f"      missing: {path}")
    for name, why in contents.left_out:
        say(f"  left out: {name} {why}")
    for name, line in contents.suspicious:
        say(f"  warning: {name} line {line} may hold a secret; look before you hand it in")
    if any(kind == "recommended" for kind, _ in contents.missing):
        say("  The results come from a run: python App07.py")


def _verify(session: Session, archive: Path) -> dict[str, Any]:
    """Unpacks an archive elsewhere, goes through the checklist there, and evaluates it."""
    from evaluation.evaluate import take_in
    from evaluation.processes.worker_pool import WorkerPool
    from evaluation.quotas import DEFAULT_LIMITS
    from evaluation.sanitize import presentable, printable
    from pipeline import atomic_files
    from pipeline.errors import InputMissing

    if not archive.is_file():
        raise InputMissing(f"there is no {archive}", path=archive)
    session.console.title(f"Verifying {archive.name}")
    with tempfile.TemporaryDirectory(prefix="app07-verify-") as folder, WorkerPool(DEFAULT_LIMITS) as workers:
        unpacked = take_in(str(archive), Path(folder) / "unpacked", DEFAULT_LIMITS, workers).submission
        checked = _checked(workers, printable(archive.name), unpacked.root)
    contents, stale = presentable(checked.contents), presentable(checked.stale)
    _show_checklist(session, contents)
    _say_stale(session, stale)
    more = presentable(tuple(sorted(set(unpacked.files) - set(checked.contents.files))))
    session.console.say(f"  sha256 {atomic_files.sha256_of(archive)}")
    if more:
        session.console.say(
            f"  not on the checklist: {', '.join(more[:6])}{' and more' if len(more) > 6 else ''}"
        )
    if contents.missing_required:
        raise InputMissing(f"{archive.name} lacks required files: {', '.join(contents.missing_required)}")
    result: dict[str, Any] = {
        "archive": str(archive), "sha256": atomic_files.sha256_of(archive), "not_on_the_checklist": list(more),
        "missing": [f"{name} ({kind})" for kind, name in contents.missing], "stale": list(stale),
    }  # fmt: skip
    if not session.options.no_run:
        result |= _points(session, _evaluate(session, archive))
    return result


def _checked(workers: WorkerPool, name: str, root: Path) -> Checklist:
    """Goes through the checklist in a worker: the files are somebody else's."""
    from evaluation.errors import NoSubmission, TooCostly
    from evaluation.workers.tasks import Checklist

    try:
        return workers.call(Checklist, "checklist", name, root=root)
    except TooCostly as error:
        raise NoSubmission(error.message, hint=error.hint) from error


def _evaluate(session: Session, archive: Path) -> Report:
    from evaluation.evaluate import Conditions
    from evaluation.rubric import load_rubric
    from pipeline.commands.evaluate import evaluate_one

    session.options.format = None
    how = Conditions(compose=session.options.compose)
    folder = session.layout.output / "evaluation"
    return evaluate_one(session, str(archive), load_rubric(), how, folder)[0]


def _points(session: Session, report: Report) -> dict[str, Any]:
    from pipeline.commands.evaluate import refuse_less

    refuse_less(session, report)
    return {"points": report.points, "of": report.of, "complete": not report.unchecked}
