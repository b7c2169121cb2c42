"""Find Dockerfiles named after a container, for example all in one folder: ``docker/codeBase_Dockerfile``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evaluation.layout.expected_layout import ContainerLayout, Layout
from evaluation.layout.patterns import matches_image
from evaluation.layout.places import TOP, Places, make_place

_SEPARATORS = "._-"


def with_role_dockerfiles(places: Places, layout: Layout, files: Sequence[str]) -> Places:
    """Return the places with the Dockerfiles that are named after a container, and a remark for each.

    Args:
        places: what was found by folder name.
        layout: what the rubric expects.
        files: the paths of all files, relative to the submission.
    """
    containers, remarks = list(places.containers), list(places.remarks)
    for index, (expected, place) in enumerate(zip(layout.containers, places.containers, strict=True)):
        named = [] if place.exists else [path for path in files if _is_named(path, expected)]
        if len(named) == 1:
            folder, _, dockerfile = named[0].rpartition("/")
            own = replace(expected, dockerfiles=(dockerfile,))
            containers[index] = make_place(own, folder or TOP, files)
            remarks.append((named[0], f"{named[0]} is used as the Dockerfile of {expected.role}"))
    return replace(places, containers=tuple(containers), remarks=tuple(remarks))


def _is_named(path: str, expected: ContainerLayout) -> bool:
    """Return whether a file is a Dockerfile with the name of a container or of its image."""
    name = path.rpartition("/")[2].casefold()
    if "dockerfile" not in name or name.endswith((".md", ".txt", ".py", ".dockerignore")):
        return False
    rest = name.replace("dockerfile", "", 1).strip(_SEPARATORS)
    plain = re.sub(r"[._-]", "", rest)
    return bool(plain) and (plain == expected.role or matches_image(plain, expected.images))
