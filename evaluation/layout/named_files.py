"""Choose between files that match a rubric's patterns: the one that the command or the program mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evaluation.layout.expected_layout import ContainerLayout
from evaluation.layout.patterns import find_files, has_wildcard, matches_service
from evaluation.layout.places import NO_DATA, TOP, Place, fitting_file

# Files stored beside a network: its scaling, the names of its columns.
_BESIDE = re.compile(r"scal|encod|feature|column|preproc|vectori|token|label", re.IGNORECASE)


def command_of(place: Place, services: Mapping[str, Mapping[str, object]]) -> str:
    """Return the command that the compose file sets for a container's service; empty if it sets none.

    Args:
        place: the container.
        services: the services of the compose file.
    """
    by_image = [one for one in services.values() if place.is_image(str(one.get("image") or ""))]
    by_name = [one for name, one in services.items() if matches_service(name, place.services)]
    values = [service.get(key) for service in (by_image or by_name)[:1] for key in ("entrypoint", "command")]
    texts = [" ".join(map(str, value)) if isinstance(value, list) else str(value or "") for value in values]
    return " ".join(text for text in texts if text)


def with_named_file(
    place: Place, expected: ContainerLayout, files: Sequence[str], texts: Iterable[str]
) -> Place:
    """Return a place with the file that is used, where several match; unchanged if no text mentions one of them.

    Args:
        place: a container.
        expected: what the rubric expects of it.
        files: the paths of all files, relative to the submission.
        texts: strings that may mention the file in use, the most reliable first.
    """
    if not place.exists or place.folder == TOP:
        return place
    inner = [name.removeprefix(f"{place.folder}/") for name in files if name.startswith(f"{place.folder}/")]
    fitting = [name for name in find_files(expected.files, inner) if name.casefold() not in NO_DATA]
    exact = [pattern for pattern in expected.files if not has_wildcard(pattern)]
    if len(fitting) < 2 or find_files(exact, inner):
        return place
    left = [name for name in fitting if not _BESIDE.search(name.rpartition("/")[2])]
    for text in texts:
        left = [name for name in left if _names(text, name.rpartition("/")[2])] or left
    file = fitting_file(expected.files, left)
    if not file:
        return place
    shared = expected.shared_file.replace("{name}", file.rpartition("/")[2])
    return replace(place, file=f"{place.folder}/{file}", shared_file=shared)


def _names(text: str, name: str) -> bool:
    """Return whether a string mentions a file, and not only a longer name that begins or ends with its name."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text) is not None
