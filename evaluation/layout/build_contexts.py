"""Find container folders by the build contexts of the compose file, where their names differ from the rubric's."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluation.layout.expected_layout import ContainerLayout, Layout
from evaluation.layout.patterns import has_wildcard, matches_image, matches_service
from evaluation.layout.places import TOP, Places, make_place


def with_build_contexts(
    places: Places, layout: Layout, files: Sequence[str], services: Mapping[str, Mapping[str, object]]
) -> Places:
    """Return the places with the folders that only the compose file identifies added, and a remark for each.

    Args:
        places: what was found by file name.
        layout: what the rubric expects.
        files: the paths of all files, relative to the submission.
        services: the services of the compose file.
    """
    above = posixpath.dirname(places.compose_file)
    taken = {place.folder for place in places.containers if place.exists}
    containers, remarks = list(places.containers), list(places.remarks)
    for index, (expected, place) in enumerate(zip(layout.containers, places.containers, strict=True)):
        service = "" if place.exists else _service(expected, services)
        folder = build_context(services[service], above) if service else ""
        new = make_place(expected, folder, files) if folder and folder not in taken else place
        if new.exists and new != place and new.dockerfile_path in files:
            taken.add(folder)
            containers[index] = new
            remarks.append(
                (
                    f"{folder}/",
                    f"the folder {folder}/, from which {service} is built, is used as {expected.folders[0]}/",
                )
            )
    return replace(places, containers=tuple(containers), remarks=tuple(remarks))


def _service(expected: ContainerLayout, services: Mapping[str, Mapping[str, object]]) -> str:
    """Return the only service with the container's image, or else with its name; empty if there is none."""
    images = [pattern for pattern in expected.images if not has_wildcard(pattern)]
    with_image = [
        name for name, service in services.items() if matches_image(str(service.get("image", "")), images)
    ]
    named = with_image or [name for name in services if matches_service(name, expected.services)]
    return named[0] if len(named) == 1 else ""


def build_context(service: Mapping[str, object], above: str) -> str:
    """Return the folder from which a service is built; empty if it is the top folder or cannot be determined.

    Args:
        service: the service.
        above: the folder of the compose file.
    """
    build = service.get("build")
    context = build.get("context", ".") if isinstance(build, Mapping) else build
    if not isinstance(context, str) or "://" in context or context.startswith(("/", "~", "git@")):
        return ""
    folder = posixpath.normpath(posixpath.join(above, context))
    return "" if folder == TOP or folder.startswith("..") else folder
