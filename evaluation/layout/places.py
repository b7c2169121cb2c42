"""Find where a submission has what a rubric expects: the folder, Dockerfile and file of each container."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from common.project import ACTIVATIONBASE, CODEBASE, KNOWLEDGEBASE
from evaluation.layout.expected_layout import COMPOSE_FILES, ContainerLayout, Layout
from evaluation.layout.patterns import (
    find_files,
    find_folder,
    has_wildcard,
    is_other_name,
    matches_image,
    plain_name,
)

# Text files that may accompany a data file but are not data themselves.
NO_DATA = ("requirements.txt", "readme.txt", "notes.txt")
# The top folder of the submission, as the folder of a container.
TOP = "."
# Maximum depth of a folder that matches a pattern with ``**``.
_DEEPEST = 6
# Number of a folder's entries that a message lists.
_SHOWN = 6
# Where to look for a compose file whose name or folder differs from the rubric's.
_ANY_COMPOSE_FILE = (*COMPOSE_FILES, *(f"*/{name}" for name in COMPOSE_FILES))


@dataclass(frozen=True)
class Place:
    """One container of the rubric, as found in a submission.

    Attributes:
        name: its role: activationbase, knowledgebase, codebase or another key from the rubric.
        number: its position in the rubric, from 1.
        title: its name in the course.
        folder: its build context; if it was not found, the first folder that the rubric lists.
        exists: whether that folder exists.
        dockerfile: its Dockerfile, relative to the folder.
        file: the path of the file that it provides; empty if there is none, or if there are several and none has the
            expected name.
        expected_file: the path that the rubric expects.
        inside: the path of that file in the container.
        images: patterns of its image name.
        services: patterns of its service name.
        shared_file: the file that it delivers, relative to the shared folder; empty if it delivers none.
        instead: what its folder contains, for messages; if the folder does not exist, what the submission contains.
    """

    name: str
    number: int
    title: str
    folder: str
    exists: bool
    dockerfile: str
    file: str
    expected_file: str
    inside: str
    images: tuple[str, ...]
    services: tuple[str, ...]
    shared_file: str
    instead: str = ""

    @property
    def image(self) -> str:
        """The image name in messages and commands; derived from the folder if the rubric has only a pattern."""
        folder = self.folder.rpartition("/")[2].lower()
        if not has_wildcard(self.images[0]):
            return self.images[0]
        is_name = not has_wildcard(folder) and matches_image(folder, self.images)
        return folder if is_name else self.images[0].strip("*")

    @property
    def dockerfile_path(self) -> str:
        """The path of its Dockerfile in the submission."""
        return join(self.folder, self.dockerfile)

    @property
    def provided_file(self) -> str:
        """The path of the file that it provides; if there is none, the path that the rubric expects."""
        return self.file or self.expected_file

    def is_image(self, name: str) -> bool:
        """Return whether an image name in a compose file is that of this container's image.

        Args:
            name: the image name, with or without registry and tag.
        """
        return self.image_rank(name) is not None

    def image_rank(self, name: str) -> int | None:
        """Return the index of the first image pattern that a name matches; None if it matches none.

        Args:
            name: the image name in a compose file, with or without registry and tag.
        """
        plain = plain_name(name)
        parts = (plain, plain.rpartition("/")[2])
        ranks = (
            rank
            for rank, pattern in enumerate(self.images)
            if any(matches_image(part, [pattern]) for part in parts)
        )
        return next(ranks, None)

    def is_build(self, name: str) -> bool:
        """Return whether an image name in a compose file refers to the image built from this container's folder.

        Args:
            name: the image name; without a registry, only the tag ``latest`` (or none) refers to the built image.
        """
        tag = name.rpartition("/")[2].partition(":")[2]
        return self.is_image(name) and ("/" in plain_name(name) or tag in ("", "latest"))


@dataclass(frozen=True)
class Places:
    """The parts of a layout that were found in a submission.

    Attributes:
        containers: the containers of the rubric, in its order.
        compose_file: the path of the compose file; empty if there is none.
        remarks: what was found in place of an expected name, as pairs of location and message.
    """

    containers: tuple[Place, ...]
    compose_file: str
    remarks: tuple[tuple[str, str], ...] = ()

    def number(self, number: int) -> Place:
        """Return the container at a position in the rubric, counted from 1."""
        return self.containers[number - 1]

    @property
    def codebase(self) -> Place:
        """The container that runs the program: the one with the role codebase, else the last one."""
        return self.role(CODEBASE) or self.containers[-1]

    @property
    def data(self) -> tuple[Place, ...]:
        """The containers that deliver a file to the program."""
        return tuple(place for place in self.containers if place.shared_file and place != self.codebase)

    @property
    def rows(self) -> str:
        """The path of the rows; empty if there are none."""
        place = self.role(ACTIVATIONBASE)
        return place.file if place else ""

    @property
    def model(self) -> str:
        """The path of the knowledge; empty if there is none."""
        place = self.role(KNOWLEDGEBASE)
        return place.file if place else ""

    def role(self, role: str) -> Place | None:
        """Return the container with the given role; None if the rubric has none."""
        return next((place for place in self.containers if place.name == role), None)


def find_places(layout: Layout, files: Sequence[str]) -> Places:
    """Find the containers of a layout in a submission by file name alone.

    Args:
        layout: what the rubric expects.
        files: the paths of all files, relative to the submission.
    """
    patterns = [pattern for container in layout.containers for pattern in container.folders]
    deepest = max(_DEEPEST if "**" in pattern else pattern.count("/") for pattern in patterns)
    folders = [TOP, *folders_of(files, deepest)]
    with_dockerfile = {name.rpartition("/")[0] for name in files if name.lower().endswith("/dockerfile")}
    taken: set[str] = set()
    containers = []
    for expected in layout.containers:
        free = [name for name in folders if name not in taken]
        folder = find_folder(expected.folders, free, with_dockerfile)
        taken |= {folder} - {TOP}
        containers.append(make_place(expected, folder, files))
    compose = find_files(layout.compose_files, files) or find_files(_ANY_COMPOSE_FILE, files)
    remarks = [
        remark
        for expected, place in zip(layout.containers, containers, strict=True)
        for remark in _other_names(expected, place)
    ]
    if compose and compose[0] not in layout.compose_files and is_other_name(compose[0], layout.compose_files):
        remarks.append((compose[0], f"{compose[0]} is used as the compose file, {layout.compose_name}"))
    return Places(tuple(containers), compose[0] if compose else "", tuple(remarks))


def with_file(place: Place, expected: ContainerLayout, copied: Sequence[str]) -> Place:
    """Return a place with the file that its image copies from another folder; unchanged if no file matches.

    Args:
        place: a container whose folder lacks the expected file.
        expected: what the rubric expects of it.
        copied: the paths of the files that its image copies.
    """
    by_name = {name.rpartition("/")[2]: name for name in reversed(copied)}
    file = by_name.get(fitting_file(expected.files, list(by_name)), "")
    if not file:
        return place
    shared = expected.shared_file.replace("{name}", file.rpartition("/")[2])
    return replace(place, file=file, shared_file=shared)


def _other_names(expected: ContainerLayout, place: Place) -> Iterator[tuple[str, str]]:
    """Yield a pair of location and message for each name that differs from the rubric's."""
    if place.exists and is_other_name(place.folder, expected.folders):
        yield f"{place.folder}/", f"the folder {place.folder}/ is used as {expected.folders[0]}/"
    inner = place.file.removeprefix(f"{place.folder}/")  # the whole path in the top folder
    if inner and is_other_name(inner, expected.files):
        yield place.file, f"{place.file} is used as {expected.files[0]}"


def join(folder: str, name: str) -> str:
    """Return the path of a file in a folder of the submission.

    Args:
        folder: the path of the folder; ``.`` is the top folder.
        name: the path of the file, relative to the folder.
    """
    return name if folder == TOP else f"{folder}/{name}"


def folders_of(files: Sequence[str], deepest: int = 0) -> list[str]:
    """Return the paths of the folders that contain a file, directly or in a subfolder.

    Args:
        files: the paths of the files.
        deepest: the maximum number of parent folders of a returned folder.
    """
    folders: set[str] = set()
    for name in files:
        parts = name.split("/")[:-1][: deepest + 1]
        while parts and (folder := "/".join(parts)) not in folders:
            folders.add(folder)
            parts.pop()
    return sorted(folders)


def make_place(expected: ContainerLayout, folder: str, files: Sequence[str]) -> Place:
    """Return a container of the rubric with what its folder contains.

    Args:
        expected: what the rubric expects.
        folder: the path of the folder; empty if it was not found.
        files: the paths of all files, relative to the submission.
    """
    base = folder or expected.folders[0]
    inner = (
        list(files)
        if base == TOP
        else [name.removeprefix(f"{base}/") for name in files if name.startswith(f"{base}/")]
    )
    dockerfiles = find_files(expected.dockerfiles, inner)
    file = fitting_file(expected.files, inner)
    return Place(
        name=expected.role,
        number=expected.number,
        title=expected.title,
        folder=base,
        exists=bool(folder),
        dockerfile=dockerfiles[0] if dockerfiles else expected.dockerfiles[0],
        file=join(base, file) if file else "",
        expected_file=join(base, expected.files[0].removeprefix("**/")),
        inside=expected.inside,
        images=expected.images,
        services=expected.services,
        shared_file=expected.shared_file.replace("{name}", (file or expected.files[0]).rpartition("/")[2]),
        instead=_listed(inner if folder else [*folders_of(files), *files]),
    )


def _listed(names: Sequence[str]) -> str:
    """Return the first entries of a folder, for a message."""
    first = sorted({name.partition("/")[0] for name in names}, key=str.casefold)
    more = f" and {len(first) - _SHOWN} more" if len(first) > _SHOWN else ""
    return ", ".join(first[:_SHOWN]) + more if first else "nothing"


def fitting_file(patterns: Sequence[str], inner: Sequence[str]) -> str:
    """Return the file with one of the names, else the only file that matches the first pattern with a match.

    Args:
        patterns: names and patterns, best first.
        inner: the paths of the files, relative to the folder of the container.
    """
    named = [pattern for pattern in patterns if not has_wildcard(pattern)]
    if found := find_files(named, inner):
        return found[0]
    data = [name for name in inner if name.lower() not in NO_DATA]
    for pattern in patterns:
        if has_wildcard(pattern) and (fitting := find_files([pattern], data)):
            return fitting[0] if len(fitting) == 1 else ""
    return ""
