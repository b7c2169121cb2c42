"""Choose between folders that fit one pattern of a rubric: an older image often lies beside the one that is used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluation.layout.layout import ContainerLayout, Layout
from evaluation.layout.patterns import find_files, has_wildcard, matches_path, plain_name
from evaluation.layout.places import Place, Places, folders_of, make_place


def is_ambiguous(places: Places, layout: Layout, files: Sequence[str]) -> bool:
    """Return whether some container has several folders that fit.

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
    """Return the places with the folders that hold the container's file and have the name of an image that is run.

    Args:
        places: what was found by the names of the files.
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
    """Return the other folders with a Dockerfile that fit the pattern by which a folder was found."""
    if not place.exists:
        return []
    pattern = next((one for one in expected.folders if matches_path(place.folder, one)), "")
    if not has_wildcard(pattern):
        return []
    with_dockerfile = {name.rpartition("/")[0] for name in files if name.lower().endswith("/dockerfile")}
    folders = [name for name in folders_of(files, place.folder.count("/")) if name in with_dockerfile]
    return [name for name in find_files([pattern], folders) if name != place.folder]


def _plain(name: str) -> str:
    """Return the last part of the name of a folder or an image, without a tag and what separates words."""
    return re.sub(r"[^a-z0-9]", "", name.casefold().rpartition("/")[2].partition(":")[0].partition("@")[0])
