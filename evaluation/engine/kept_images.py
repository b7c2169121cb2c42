"""Keep the images of a class until its end, within a limit on their size: submissions share the steps of their builds.

The engine reuses the layer of a step if the step and everything before it are identical, byte for byte. So a
submission finds in this cache exactly what its own step would have produced, and no submission can place anything else
there for another one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from evaluation.engine.backend import Backend
from evaluation.engine.image_lock import images_locked
from evaluation.quotas import MIB

# Maximum total size of the kept images in bytes, each counted with its base: the real disk usage is a fraction of it.
MOST_KEPT = 16 * 1024 * MIB
_PATIENCE = 1.0


class ImageOwner(Protocol):
    """Provides the label of the kept images; implemented by `EngineSession`."""

    @property
    def backend(self) -> Backend:
        """The backend for the engine."""

    @property
    def label(self) -> str:
        """The label of its images."""


def trim_images(owner: ImageOwner, running: Collection[str], limit: int = MOST_KEPT) -> list[str]:
    """Remove the oldest kept images if all together are too large, but never those of a running evaluation.

    Args:
        owner: the session of the class.
        running: prefixes of the names of the running evaluations.
        limit: the maximum total size in bytes.

    Returns:
        The ids of the removed images.
    """
    images = owner.backend.inspect("image", *owner.backend.ids("image", f"label={owner.label}"))
    images.sort(key=lambda image: str(image.get("Created", "")))
    size = sum(int(image.get("Size") or 0) for image in images)
    removed = []
    for image in images:
        if size <= limit:
            break
        if _is_used(image, running):
            continue
        size -= int(image.get("Size") or 0)
        removed.append(str(image["Id"]))
    if removed:
        with images_locked(_PATIENCE):
            owner.backend.remove("image", *removed)
    return removed


def _is_used(image: dict[str, Any], running: Collection[str]) -> bool:
    tags = image.get("RepoTags") or ()
    return any(str(tag).startswith(prefix) for tag in tags for prefix in running)
