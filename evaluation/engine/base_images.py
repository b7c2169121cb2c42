"""Which images a submission may be made from: official ones, and none that this machine has made itself."""

from __future__ import annotations

import re
from typing import Any, Protocol

from evaluation.engine.image_names import plain_name
from evaluation.errors import ImageRefused
from pipeline import process
from pipeline.project import SERVICES

_OWN = tuple(role.image for role in SERVICES)
_EVALUATIONS = "app07eval-"
_ID = re.compile(r"(sha256:|@).*|[0-9a-f]{64}", re.DOTALL)


class ImageStore(Protocol):
    """What knows the images of this machine: an `EngineSession`."""

    def docker(self, *words: str, timeout: float = 60.0) -> process.Ended:
        """Run a command of the engine's client."""

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """Return what the engine knows of objects of one kind."""


def refuse_by_name(image: str) -> None:
    """Refuses what no option allows: this project's own images, another evaluation's, and ids.

    Raises:
        ImageRefused: with the reason.
    """
    name = plain_name(image).partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    if name in _OWN or name.endswith("_app07"):
        raise ImageRefused(f"{image} is an image that this project makes; a submission brings its own files")
    if name.startswith(_EVALUATIONS):
        raise ImageRefused(f"{image} is an image that an evaluation made")
    if _ID.fullmatch(image):
        raise ImageRefused(f"{image} is the id of an image of this machine; name an image and its tag")


def refuse_by_origin(engine: ImageStore, image: str, about: dict[str, Any], label: str) -> None:
    """Refuses an image whose name is allowed, but which this machine has made out of one of ours.

    Args:
        workshop: the engine.
        image: its name.
        about: what the engine knows of it.
        label: the label that evaluations put on what they make; children of an image inherit it.

    Raises:
        ImageRefused: with the reason.
    """
    config = about.get("Config") or {}
    if not _is_called(image, about):
        raise ImageRefused(f"{image} is no name that an image has here, but the beginning of an id")
    if label in (config.get("Labels") or {}):
        raise ImageRefused(f"the image that is called {image} here was made by an evaluation")
    if config.get("OnBuild"):
        raise ImageRefused(
            f"the image {image} has instructions of its own (ONBUILD), which are not carried out"
        )
    for own in _own_images(engine):
        if own["Id"] == about["Id"] or _is_made_of(engine, about, own):
            name = (own.get("RepoTags") or ["one"])[0]
            raise ImageRefused(
                f"the image that is called {image} here was made from {name}, which this project makes"
            )


def _is_called(image: str, about: dict[str, Any]) -> bool:
    plain = plain_name(image)
    name, _, digest = plain.partition("@")
    folder, slash, last = name.rpartition("/")
    if digest:
        known = {plain_name(one) for one in about.get("RepoDigests") or ()}
        return f"{folder}{slash}{last.partition(':')[0]}@{digest}" in known
    known = {plain_name(one) for one in about.get("RepoTags") or ()}
    return (name if ":" in last else f"{name}:latest") in known


def _own_images(engine: ImageStore) -> list[dict[str, Any]]:
    words = [word for name in _OWN for word in ("--filter", f"reference={name}")]
    listed = engine.docker("image", "ls", "--quiet", "--no-trunc", *words).output.split()
    return engine.inspect(*dict.fromkeys(listed), kind="image")


def _is_made_of(engine: ImageStore, about: dict[str, Any], own: dict[str, Any]) -> bool:
    """Whether an image holds all layers of another and was not what that one was made from."""
    layers, inner = _layers(about), _layers(own)
    if not inner or layers[: len(inner)] != inner:
        return False
    return _steps(engine, about["Id"]) >= _steps(engine, own["Id"])


def _layers(about: dict[str, Any]) -> list[str]:
    return list((about.get("RootFS") or {}).get("Layers") or ())


def _steps(engine: ImageStore, image: str) -> int:
    return len(engine.docker("history", "--quiet", image).output.split())
