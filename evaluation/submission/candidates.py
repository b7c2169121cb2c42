"""Find the folders of a tree that may be the submission by file name, best first."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evaluation.layout.expected_layout import ContainerLayout, Layout

# Scores for the content of a folder: a compose file, a container folder, its Dockerfile, its file, a rubric document.
_COMPOSE, _FOLDER, _DOCKERFILE, _FILE, _DOCUMENT = 3.0, 2.0, 1.0, 1.0, 0.5
# A single container that was submitted without its folder.
_ALONE = 1.0
# Of two folders with the same content, the upper one is preferred.
_PER_LEVEL = 0.01
# Every repository has this file, so it does not indicate a submission.
_README = "readme"
_NO_DATA = ("requirements.txt", "readme.txt", "notes.txt", "discussion.txt")


@dataclass(frozen=True)
class Candidate:
    """A folder that may be the submission.

    Attributes:
        path: the folder, relative to the tree; empty for the tree itself.
        score: how much of a submission the folder contains; larger is better.
        reasons: the parts of a submission that were found in it.
        alone: the role of the container if the folder is the build context of a single container; else empty.
        compose: its compose file, relative to the folder; empty if it has none.
        roles: the roles of the containers that have a folder in it.
        is_whole: whether it has a folder for each container of the layout.
    """

    path: str
    score: float
    reasons: tuple[str, ...]
    alone: str = ""
    compose: str = ""
    roles: tuple[str, ...] = ()
    is_whole: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the folder contains only documents."""
        return not (self.compose or self.roles or self.alone)

    @property
    def shown(self) -> str:
        """The folder and what was found in it, for messages."""
        return f"{self.path or 'the top folder'} ({', '.join(self.reasons)})"


@dataclass
class _Root:
    """The parts of a layout in one folder: its compose file, its container folders by role, and its documents."""

    path: str
    compose: str = ""
    containers: dict[str, str] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)


def find_candidates(
    files: Sequence[str], layout: Layout, documents: Sequence[str] = ()
) -> tuple[Candidate, ...]:
    """Return the folders that may be the submission, best first.

    Args:
        files: the paths of all files, with forward slashes, relative to the tree.
        layout: the layout that the rubric expects.
        documents: the names of the documents that the rubric reads.
    """
    by_folder = _by_folder(files)
    roots = _roots(files, by_folder, layout, documents)
    contexts = {folder for root in roots for folder in root.containers.values()}
    candidates = [_candidate(root, layout, by_folder) for root in roots]
    candidates += [
        Candidate(folder, _ALONE - _PER_LEVEL * _depth(folder), ("Dockerfile", what), role)
        for folder in by_folder
        if folder not in contexts
        for role, what in _alone(folder, by_folder[folder], layout)
    ]
    return tuple(sorted(candidates, key=lambda item: (-item.score, _depth(item.path), item.path)))


def _roots(
    files: Sequence[str], by_folder: dict[str, list[str]], layout: Layout, documents: Sequence[str]
) -> list[_Root]:
    roots: dict[str, _Root] = {}

    def root(path: str) -> _Root:
        return roots.setdefault(path, _Root(path))

    compose, texts = _Patterns(layout.compose_files), _Patterns(documents)
    for name in files:
        for above in compose.above(name):
            root(above).compose = root(above).compose or name
        for above in texts.above(name):
            if _last(name).partition(".")[0].casefold() != _README:
                root(above).documents.append(name)
    contexts = [(container.role, _Patterns(container.folders)) for container in layout.containers]
    for folder in _with_parents(by_folder):
        for role, patterns in contexts:
            for above in patterns.above(folder):
                found = root(above).containers
                if role not in found or (folder in by_folder and found[role] not in by_folder):
                    found[role] = folder  # prefer a folder with files to one with folders only
    return list(roots.values())


class _Patterns:
    """Path patterns that are matched against the end of a path; a leading ``**/`` is ignored.

    Args:
        patterns: the patterns; those that match any name are ignored.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        split = [[part for part in pattern.casefold().split("/") if part != "**"] for pattern in patterns]
        self._expected = [parts for parts in split if parts and parts[-1].strip("*?")]
        ends = "|".join(fnmatch.translate(parts[-1]) for parts in self._expected)
        self._end = re.compile(ends or r"(?!)")

    def above(self, path: str) -> Iterator[str]:
        """Yield the folders relative to which a path matches one of the patterns."""
        if not self._end.match(_last(path).casefold()):
            return
        parts = path.split("/")
        for expected in self._expected:
            tail = parts[max(0, len(parts) - len(expected)) :]
            if len(tail) == len(expected) and all(map(_fits, tail, expected)):
                yield "/".join(parts[: len(parts) - len(expected)])


def _fits(part: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(part.casefold(), pattern)


def _candidate(root: _Root, layout: Layout, by_folder: dict[str, list[str]]) -> Candidate:
    score = _COMPOSE if root.compose else 0.0
    for container in layout.containers:
        if folder := root.containers.get(container.role):
            names = by_folder.get(folder, [])
            score += _FOLDER + _DOCKERFILE * bool(_fitting(names, container.dockerfiles))
            score += _FILE * bool(_fitting(names, container.files))
    score += _DOCUMENT * len(root.documents) - _PER_LEVEL * _depth(root.path)
    above = len(root.path) + 1 if root.path else 0
    found = [root.compose, *root.containers.values(), *root.documents]
    return Candidate(
        root.path,
        score,
        tuple(name[above:] for name in found if name),
        compose=root.compose[above:],
        roles=tuple(root.containers),
        is_whole=len(root.containers) == len(layout.containers),
    )


def _alone(folder: str, names: list[str], layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield the role of a folder that is the build context of a single container, and the file that shows it."""
    if not any(_fitting(names, container.dockerfiles) for container in layout.containers):
        return
    data = [name for name in names if name.casefold() not in _NO_DATA]
    fitting = [(container, _fitting(data, container.files[:1])) for container in layout.containers]
    fitting += [(container, _fitting(data, container.files)) for container in layout.containers]
    fitting += [(container, _fitting(data, ("*.py",))) for container in layout.containers[-1:]]
    called = [(container, [folder]) for container in layout.containers if _is_called(folder, container)]
    for container, found in (*called, *fitting):
        if found:
            yield container.role, _last(found[0])
            return


def _is_called(folder: str, container: ContainerLayout) -> bool:
    return container.role in _last(folder).casefold().replace("_", "").replace("-", "")


def _by_folder(files: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of the files in each folder."""
    folders: dict[str, list[str]] = {}
    for name in files:
        folder, _, last = name.rpartition("/")
        folders.setdefault(folder, []).append(last)
    return folders


def _with_parents(folders: dict[str, list[str]]) -> list[str]:
    """Return all folders, sorted, even those that contain only folders, but not the tree itself."""
    found = set()
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(found)


def _fitting(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the names that match one of the patterns, in the order of the patterns; a leading ``**/`` is ignored."""
    plain = [pattern.casefold().removeprefix("**/") for pattern in patterns]
    return [name for pattern in plain for name in names if fnmatch.fnmatchcase(name.casefold(), pattern)]


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _depth(path: str) -> int:
    return path.count("/") + bool(path)
