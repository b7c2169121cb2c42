"""Choose between folders that match the same pattern: an older version is often kept beside the one in use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluation.layout.expected_layout import ContainerLayout, Layout
from evaluation.layout.patterns import find_files, has_wildcard, matches_path, plain_name
from evaluation.layout.places import Place, Places, folders_of, make_place


def is_ambiguous(places: Places, layout: Layout, files: Sequence[str]) -> bool:
    """Return whether several folders match for any container.

    Args:
        places: what was found.
        layout: what the rubric expects.
        files: the paths of all files, relative to the submission.
    """
    pairs = zip(layout.containers, places.containers, strict=True)
    return any(_others(expected, place, files) for expected, place in pairs)


def with_named_images(
    places: Places, layout: Layout, files: Sequence[str], services: Mapping[str, Mapping[str, object]]
) -> Places:
    """Return the places with the folders that contain the container's file and are named after an image in use.

    Args:
        places: what was found by file name.
        layout: what the rubric expects.
        files: the paths of all files, relative to the submission.
        services: the services of the compose file.
    """
    images = {_plain(plain_name(str(service.get("image") or ""))) for service in services.values()}
    taken = {place.folder for place in places.containers}
    containers = list(places.containers)
    for index, (expected, place) in enumerate(zip(layout.containers, places.containers, strict=True)):

        def fit(folder: str, expected: ContainerLayout = expected) -> tuple[bool, bool]:
            inner = [name[len(folder) + 1 :] for name in files if name.startswith(f"{folder}/")]
            return bool(find_files(expected.files, inner)), _plain(folder) in images

        others = [folder for folder in _others(expected, place, files) if folder not in taken]
        best = max([place.folder, *others], key=fit)  # the first one of several
        if best != place.folder:
            taken.add(best)
            containers[index] = make_place(expected, best, files)
    return replace(places, containers=tuple(containers))


def _others(expected: ContainerLayout, place: Place, files: Sequence[str]) -> list[str]:
    """Return the other folders with a Dockerfile that match the pattern by which a folder was found."""
    if not place.exists:
        return []
    pattern = next((one for one in expected.folders if matches_path(place.folder, one)), "")
    if not has_wildcard(pattern):
        return []
    with_dockerfile = {name.rpartition("/")[0] for name in files if name.lower().endswith("/dockerfile")}
    folders = [name for name in folders_of(files, place.folder.count("/")) if name in with_dockerfile]
    return [name for name in find_files([pattern], folders) if name != place.folder]


def _plain(name: str) -> str:
    """Return the last part of a folder or image name, without tag and word separators."""
    return re.sub(r"[^a-z0-9]", "", name.casefold().rpartition("/")[2].partition(":")[0].partition("@")[0])
