"""Copy or unpack an upload within limits, and find the submission in it; no code of it is executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.layout.expected_layout import TASK06, Layout
from evaluation.layout.patterns import matches_path
from evaluation.quotas import Limits
from evaluation.submission.archives.nested import NestedArchives
from evaluation.submission.archives.target import Target
from evaluation.submission.archives.unpack import unpack
from evaluation.submission.candidates import Candidate
from evaluation.submission.choose_root import Choice, Expected, candidates_in, choose_root
from evaluation.submission.copying import Copy
from evaluation.submission.locate import SubmissionSource
from evaluation.submission.submission import Remark, Submission

AS_THE_TASK = Expected(TASK06)
# Maximum nesting depth of archives.
_NESTED = 3


def copy_source(location: SubmissionSource, folder: Path, limits: Limits, expected: Expected) -> Submission:
    """Copy or unpack a submission after it was located.

    Args:
        location: the location of the submission.
        folder: an empty working folder of the evaluation.
        limits: limits on the size of the submission.
        expected: what to look for in the submission.

    Raises:
        NoSubmission: the source contains no submission, is too large, or has paths that lead out of it.
    """
    copy = Copy(folder / "files", limits)
    _fill(copy, location, folder)
    expected = replace(expected, path=expected.path or location.inner)
    nested = NestedArchives(copy, limits, location.tools)
    candidates = _unpack_nested(nested, copy.target, expected)
    try:
        choice = choose_root(copy.target, expected, location.name, candidates)
    except NoSubmission:
        if nested.errors:  # these errors are the reason
            raise nested.errors[0] from None
        raise
    loose = _bring_loose_documents(copy.target, choice, expected, nested)
    leftovers = _remove_leftovers(choice.root, expected.layout)
    remarks = (*location.remarks, *copy.remarks, *choice.remarks, *loose, *leftovers)
    return Submission(location.name, location.source, location.kind, choice.root, remarks, choice.layout)


def _fill(copy: Copy, location: SubmissionSource, folder: Path) -> None:
    """Copy or unpack the upload."""
    if location.kind in ("folder", "git"):
        copy.folder(location.path)
        for submodule in location.submodules:
            copy.folder(submodule.path, submodule.parts)
    elif location.kind == "files":
        for file in location.files:
            copy.single_file(file.path, file.name)
    else:
        unpack(location.path, Target(copy), copy.limits, location.tools, folder / "output-of-a-program")


def _unpack_nested(nested: NestedArchives, tree: Path, expected: Expected) -> tuple[Candidate, ...]:
    """Unpack archives until the submission is complete, or there are no more archives that may contain it.

    Returns:
        The folders that may be the submission.
    """
    candidates = candidates_in(tree, expected)
    for _ in range(_NESTED):
        best = next(iter(candidates), None)
        if best is not None and best.is_whole:
            break
        # Archives in deeper folders belong to the containers.
        folders = None if best is None or best.is_text else [best.path, *_parents(best.path)]
        if not nested.unpack_in(folders):
            break
        candidates = candidates_in(tree, expected)
    return candidates


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(len(parts))]


def _bring_loose_documents(
    tree: Path, choice: Choice, expected: Expected, nested: NestedArchives
) -> Iterator[Remark]:
    """Move documents from the folders above into the submission, unless it has one of the same name.

    Documents beside an archive belong to the submission in it; documents further up, only if it is the only one.
    """
    inside = choice.root.relative_to(tree).as_posix() if choice.root.is_relative_to(tree) else "."
    if inside == ".":
        return
    beside = {above for folder, above in nested.folders.items() if f"{inside}/".startswith(f"{folder}/")}
    taken = {path.name.casefold() for path in choice.root.iterdir()}
    for above in reversed(_parents(inside)):  # the nearest first
        if not choice.is_only and above not in beside:
            continue
        for path in sorted((tree / above).iterdir()):
            name = path.name
            if path.is_symlink() or not path.is_file() or name.casefold() in taken:
                continue
            if any(matches_path(name, pattern) for pattern in expected.documents):
                path.rename(choice.root / name)
                taken.add(name.casefold())
                where = f"{above}/{name}" if above else name
                yield Remark(
                    "loose", where, f"{where} is outside {inside}/; it was read as part of the submission"
                )


def _remove_leftovers(root: Path, layout: Layout) -> list[Remark]:
    """Remove files of an earlier run from the shared folder, because they are not results of this evaluation."""
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
