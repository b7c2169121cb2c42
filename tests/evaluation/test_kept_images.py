"""The images of a class are kept until its evaluation ends, within a limit on their size."""

from __future__ import annotations

import os
from typing import Any

from common.docker_command import Compose
from evaluation.engine.client_backend import ClientBackend
from evaluation.engine.kept_images import trim_images
from evaluation.engine.session import LABEL, EngineSession, session_prefix
from evaluation.quotas import DEFAULT_LIMITS

COMPOSE = Compose(("docker", "compose"), "2")
# No process has this ID.
ENDED = 2**22 + 1


class Images(ClientBackend):
    """Images in memory, with their label, size and tags."""

    def __init__(self, *images: dict[str, Any]) -> None:
        self.images = {str(image["Id"]): image for image in images}

    def ids(self, kind: str, *filters: str) -> list[str]:
        """Return the IDs of the images with a label."""
        wanted = filters[0].removeprefix(f"label={LABEL}").removeprefix("=")
        labels = {name: image["Config"]["Labels"][LABEL] for name, image in self.images.items()}
        return [name for name, label in labels.items() if kind == "image" and wanted in ("", label)]

    def inspect(self, kind: str, *names: str) -> list[dict[str, Any]]:
        """Return the properties of images."""
        return [self.images[name] for name in names]

    def labels(self, kind: str, label: str) -> list[str]:
        """Return the labels of the images."""
        return super().labels(kind, label) if kind == "image" else []

    def remove(self, kind: str, *names: str, force: bool = True) -> None:
        """Remove images."""
        for name in names:
            del self.images[name]


def image(name: str, label: str, size: int, created: str, process: int) -> dict[str, Any]:
    tags = [f"{session_prefix(process)}0123abcd:b2"]
    return {
        "Id": name,
        "Size": size,
        "Created": created,
        "RepoTags": tags,
        "Config": {"Labels": {LABEL: label}},
    }


def session(backend: ClientBackend, image_owner: str = "") -> EngineSession:
    return EngineSession("0", COMPOSE, DEFAULT_LIMITS, backend=backend, image_owner=image_owner)


def test_the_oldest_images_are_removed_except_those_of_a_running_evaluation():
    backend = Images()
    owner = session(backend)
    for name, created, process in (("c", "3", 7), ("a", "1", 8), ("b", "2", 7), ("d", "4", 7)):
        backend.images[name] = image(name, owner.id, 100, created, process)
    backend.images["x"] = image("x", "another class", 1000, "0", 7)
    assert trim_images(owner, [session_prefix(8)], limit=400) == []
    assert trim_images(owner, [session_prefix(8)], limit=250) == ["b", "c"]
    assert sorted(backend.images) == ["a", "d", "x"]
    assert trim_images(owner, [], limit=0) == ["a", "d"]


def test_images_are_removed_by_the_session_of_a_class_and_not_by_its_evaluations():
    backend = Images()
    with session(backend) as owner:
        with session(backend, owner.id) as evaluation:
            assert evaluation.image_label == owner.label != evaluation.label
            backend.images["kept"] = image("kept", owner.id, 1, "1", os.getpid())
            backend.images["own"] = image("own", evaluation.id, 1, "1", os.getpid())
        assert list(backend.images) == ["kept"]
    assert backend.images == {}


def test_images_of_a_class_whose_process_was_killed_are_removed_by_the_next_evaluation():
    left, running = f"{session_prefix(ENDED)}0123abcd", f"{session_prefix(os.getpid())}0123abcd"
    backend = Images(image("left", left, 1, "1", ENDED), image("running", running, 1, "1", ENDED))
    session(backend).remove_abandoned()
    assert list(backend.images) == ["running"]
