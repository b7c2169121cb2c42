"""Refuse base images that no option can allow: images of this project, of an evaluation, or built from them."""

from __future__ import annotations

import re
from typing import Any, Protocol

from common.project import SERVICES
from evaluation.engine.backend import Backend
from evaluation.errors import ImageRefused
from evaluation.layout.patterns import plain_name

_OWN = tuple(role.image for role in SERVICES)
_EVALUATIONS = "app07eval-"
_ID = re.compile(r"(sha256:|@).*|[0-9a-f]{64}", re.DOTALL)


class ImageStore(Protocol):
    """Provides the images of this machine; implemented by `EngineSession`."""

    @property
    def backend(self) -> Backend:
        """The backend for the engine."""

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """Return what the engine knows about objects of one kind.

        Args:
            *names: the names or ids of the objects.
            kind: container, image, network or volume.
        """


def refuse_by_name(image: str) -> None:
    """Refuse an image by its name: images of this project, of an evaluation, and image ids.

    Raises:
        ImageRefused: the image is not allowed.
    """
    name = plain_name(image).partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    if name in _OWN or name.endswith("_app07"):
        raise ImageRefused(f"{image} is an image of this project; a submission must contain its own files")
    if name.startswith(_EVALUATIONS):
        raise ImageRefused(f"{image} is an image of an evaluation")
    if _ID.fullmatch(image):
        raise ImageRefused(f"{image} is an image id; use an image name with a tag")


def refuse_by_origin(engine: ImageStore, image: str, details: dict[str, Any], label: str) -> None:
    """Refuse an image whose name is allowed, but which was built on this machine from one of the project's images.

    Args:
        engine: the store that provides the images.
        image: the name of the image.
        details: the image as ``docker image inspect`` reports it.
        label: the label of everything that evaluations create; images inherit it from their base.

    Raises:
        ImageRefused: the image is not allowed.
    """
    config = details.get("Config") or {}
    if not _has_name(image, details):
        raise ImageRefused(f"{image} is not the name of a local image, but the prefix of an image id")
    if label in (config.get("Labels") or {}):
        raise ImageRefused(f"the local image {image} was built by an evaluation")
    if config.get("OnBuild"):
        raise ImageRefused(f"the image {image} has ONBUILD instructions, which are not executed")
    for project_image in _project_images(engine):
        if project_image["Id"] == details["Id"] or _is_built_on(engine, details, project_image):
            name = (project_image.get("RepoTags") or ["one"])[0]
            raise ImageRefused(f"the local image {image} was built from {name}, an image of this project")


def _has_name(image: str, details: dict[str, Any]) -> bool:
    plain = plain_name(image)
    name, _, digest = plain.partition("@")
    folder, slash, last = name.rpartition("/")
    if digest:
        known = {plain_name(reference) for reference in details.get("RepoDigests") or ()}
        return f"{folder}{slash}{last.partition(':')[0]}@{digest}" in known
    known = {plain_name(reference) for reference in details.get("RepoTags") or ()}
    return (name if ":" in last else f"{name}:latest") in known


def _project_images(engine: ImageStore) -> list[dict[str, Any]]:
    ids = engine.backend.ids("image", *(f"reference={name}" for name in _OWN))
    return engine.inspect(*ids, kind="image")


def _is_built_on(engine: ImageStore, details: dict[str, Any], project_image: dict[str, Any]) -> bool:
    """Return whether an image has all layers of another one and is not its base."""
    layers, inner = _layers(details), _layers(project_image)
    if not inner or layers[: len(inner)] != inner:
        return False
    steps = _steps(engine, project_image["Id"])
    if not steps and not engine.inspect(project_image["Id"], kind="image"):
        return False  # the image has been removed meanwhile
    return _steps(engine, details["Id"]) >= steps


def _layers(details: dict[str, Any]) -> list[str]:
    return list((details.get("RootFS") or {}).get("Layers") or ())


def _steps(engine: ImageStore, image: str) -> int:
    return engine.backend.history_length(image)
