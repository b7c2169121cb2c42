"""Copy a submission that was located, within limits, and find it in its files; nothing of it is executed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evaluation.layout.layout import TASK06, Layout
from evaluation.layout.patterns import matches_path
from evaluation.quotas import Limits
from evaluation.submission.choose_root import Expected, choose_root
from evaluation.submission.copying import Copy
from evaluation.submission.locate import SubmissionSource, locate_source
from evaluation.submission.submission import Remark, Submission
from evaluation.submission.unzip import unzip

AS_THE_TASK = Expected(TASK06)


def copy_submission(
    source: str, folder: Path, limits: Limits, expected: Expected = AS_THE_TASK
) -> Submission:
    """Copy a submission in this process; an evaluation does it in a worker.

    Args:
        source: a folder, a zip file or a git URL.
        folder: an empty folder of the evaluation.
        limits: limits on its size.
        expected: what is looked for in it.

    Raises:
        InputMissing: The source was not found.
        NoSubmission: It is not a submission, too large, or has paths that lead out of it.
    """
    return copy_source(locate_source(source, folder, limits), folder, limits, expected)


def copy_source(
    location: SubmissionSource, folder: Path, limits: Limits, expected: Expected = AS_THE_TASK
) -> Submission:
    """Copy or unpack a submission that was located.

    Args:
        location: its location.
        folder: an empty folder of the evaluation.
        limits: limits on its size.
        expected: what is looked for in it.

    Raises:
        NoSubmission: It is not a submission, too large, or has paths that lead out of it.
    """
    copy = Copy(folder / "files", limits)
    if location.kind == "zip":
        unzip(location.path, copy, limits)
    else:
        copy.folder(location.path)
        for submodule in location.submodules:
            copy.folder(submodule.path, submodule.parts)
    expected = replace(expected, path=expected.path or location.inner)
    choice = choose_root(copy.target, expected, location.source)
    leftovers = _remove_leftovers(choice.root, expected.layout)
    remarks = (*location.remarks, *copy.remarks, *choice.remarks, *leftovers)
    return Submission(location.name, location.source, location.kind, choice.root, remarks)


def _remove_leftovers(root: Path, layout: Layout) -> list[Remark]:
    """Remove the files of an earlier run from the shared folder: they are not results of this evaluation."""
    remarks = []
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and not folder.is_symlink() and _is_shared(folder.name, layout):
            remarks += _without_leftovers(folder)
    return remarks


def _is_shared(name: str, layout: Layout) -> bool:
    return any(matches_path(name, pattern) for pattern in layout.shared_folders if pattern.strip("*?"))


def _without_leftovers(folder: Path) -> list[Remark]:
    files = [path for path in sorted(folder.rglob("*")) if not path.is_dir() or path.is_symlink()]
    leftovers = [path for path in files if not path.name.startswith(".git")]
    for path in leftovers:
        path.unlink()
    if not leftovers:
        return []
    named = ", ".join(path.relative_to(folder.parent).as_posix() for path in leftovers[:4])
    more = " and more" if len(leftovers) > 4 else ""
    return [
        Remark(
            "leftover", f"{folder.name}/", f"{named}{more}: ignored; only the files that a run writes count"
        )
    ]
