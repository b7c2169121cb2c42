"""Choose the folder of a submission in a copied tree, and record the alternatives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.layout.expected_layout import ContainerLayout, Layout
from evaluation.submission.candidates import Candidate, find_candidates
from evaluation.submission.split_layout import join_spread
from evaluation.submission.submission import Remark

_MOST_NAMED = 5
_MOST_FILES = 8


@dataclass(frozen=True)
class Expected:
    """What to look for in a tree.

    Attributes:
        layout: the layout that the rubric expects.
        documents: the names of the documents that the rubric reads.
        path: the requested folder, relative to the tree; empty to find the submission.
    """

    layout: Layout
    documents: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True)
class Choice:
    """The folder that was chosen for the evaluation.

    Attributes:
        root: the folder.
        layout: the layout that the rubric expects, with the folders where its parts were found.
        is_only: whether there is no alternative in the tree.
        remarks: where the submission was found, and the alternatives.
    """

    root: Path
    layout: Layout
    is_only: bool = True
    remarks: tuple[Remark, ...] = ()


def files_of(tree: Path) -> tuple[str, ...]:
    """Return the sorted paths of all files of a tree, with forward slashes; links are not followed."""
    paths = []
    for folder, folders, names in os.walk(tree):
        folders.sort()
        paths += [(Path(folder) / name).relative_to(tree).as_posix() for name in names]
    return tuple(sorted(paths))


def candidates_in(tree: Path, expected: Expected) -> tuple[Candidate, ...]:
    """Return the folders of a tree that may be the submission, best first.

    Args:
        tree: the copied tree.
        expected: what to look for.
    """
    files = files_of(tree)
    if not expected.path:
        return find_candidates(files, expected.layout, expected.documents)
    top = find_folder(files, expected.path)
    if top is None:
        return ()
    above = len(top) + 1 if top else 0
    inner = [name[above:] for name in files if not top or name.startswith(f"{top}/")]
    found = find_candidates(inner, expected.layout, expected.documents)
    # The user requested this folder: it is evaluated whatever it contains.
    return tuple(_below(top, candidate) for candidate in found) or (Candidate(top, 0.0, ("asked for",)),)


def find_folder(files: Sequence[str], path: str) -> str | None:
    """Return the folder with a path, else the uppermost whose path ends with it, ignoring case only as a last resort.

    Args:
        files: the paths of all files.
        path: the path that the user typed.

    Returns:
        The folder; None if there is none.
    """
    wanted = "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", "."))
    folders = {name.rpartition("/")[0] for name in files}
    folders |= {
        "/".join(folder.split("/")[:depth]) for folder in folders for depth in range(folder.count("/") + 1)
    }
    ordered = sorted(folders, key=lambda folder: (folder.count("/"), folder))
    for fold in (str, str.casefold):
        for fits in (_is_same, _ends_with):
            for folder in ordered:
                if fits(fold(folder), fold(wanted)):
                    return folder
    return None


def _is_same(folder: str, wanted: str) -> bool:
    return folder == wanted


def _ends_with(folder: str, wanted: str) -> bool:
    return bool(wanted) and folder.endswith(f"/{wanted}")


def choose_root(
    tree: Path, expected: Expected, source: str, candidates: Sequence[Candidate] | None = None
) -> Choice:
    """Choose the folder of the submission.

    Args:
        tree: the copied tree.
        expected: what to look for.
        source: the name of the submission in messages.
        candidates: the candidates of the tree, if known; None to find them.

    Raises:
        NoSubmission: the tree contains nothing that belongs to a submission.
    """
    if candidates is None:
        candidates = candidates_in(tree, expected)
    if not candidates:
        raise NoSubmission(_nothing_found(tree, expected, source), hint=_HINT)
    best, layout = join_spread(candidates, expected.layout) or (candidates[0], expected.layout)
    remarks = []
    if best.path and best.path != expected.path:
        remarks.append(Remark("nested", best.path, f"its files are in {best.path}/, not at the top level"))
    others = [candidate for candidate in candidates if _is_apart(candidate.path, best.path)]
    if others:
        remarks.append(_other_candidates(best, others))
    root = tree / best.path
    if best.alone:
        root, remark = _with_its_folder(tree, best, expected.layout)
        remarks.append(remark)
    return Choice(root, layout, not others, tuple(remarks))


_HINT = "Specify the folder that contains the compose file with --path, or submit the whole project."


def _nothing_found(tree: Path, expected: Expected, source: str) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in tree.iterdir())
    more = f" and {len(names) - _MOST_FILES} more" if len(names) > _MOST_FILES else ""
    found = f"it has {', '.join(names[:_MOST_FILES])}{more}" if names else "it is empty"
    if expected.path:
        return f"there is no folder {expected.path} in {source}: {found}"
    folders = [container.folders[0] for container in expected.layout.containers if container.folders]
    named = f"{', '.join(folders[:-1])} and {folders[-1]}" if len(folders) > 1 else "".join(folders)
    return (
        f"no submission was found in {source}: expected a compose file "
        f"({expected.layout.compose_name}) or one of the folders {named}; {found}"
    )


def _other_candidates(best: Candidate, others: Sequence[Candidate]) -> Remark:
    named = "; ".join(candidate.shown for candidate in others[:_MOST_NAMED])
    more = f"; and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    text = f"{best.shown} was evaluated, because it contains the most parts of a submission; others: {named}{more}"
    return Remark("candidates", best.path, text)


def _is_apart(path: str, chosen: str) -> bool:
    """Return whether a candidate is another submission: neither a parent nor a part of the chosen one."""
    return (
        bool(path)
        and bool(chosen)
        and not f"{path}/".startswith(f"{chosen}/")
        and not f"{chosen}/".startswith(f"{path}/")
    )


def _below(top: str, candidate: Candidate) -> Candidate:
    path = "/".join(part for part in (top, candidate.path) if part)
    return replace(candidate, path=path)


def _with_its_folder(tree: Path, best: Candidate, layout: Layout) -> tuple[Path, Remark]:
    """Move a single container to a separate folder with the name that the rubric expects."""
    container = layout.container(best.alone)
    name = _folder_name(container) if container else best.alone
    root = tree.with_name(f"{tree.name}-alone")
    root.mkdir()
    (tree / best.path).rename(root / name)
    text = f"contains only one container; it was evaluated as {name}/ ({', '.join(best.reasons)})"
    return root, Remark("alone", best.path or "the top folder", text)


def _folder_name(container: ContainerLayout) -> str:
    """Return the name of a container's folder in the rubric, or its role if the name is a pattern."""
    plain = [name for name in container.folders[:1] if not any(sign in name for sign in "*?[/")]
    return plain[0] if plain else container.role
