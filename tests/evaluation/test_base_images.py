"""An official image is refused only if it was built on an image of this project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from evaluation.engine.base_images import refuse_by_origin
from evaluation.errors import ImageRefused

LAYERS = {"RootFS": {"Layers": ["sha256:base"]}}
BUSYBOX = {"Id": "busybox", "RepoTags": ["busybox:latest"], "Config": {}} | LAYERS
OWN = {"Id": "own", "RepoTags": ["knowledgebase_app07:latest"]} | LAYERS


class Engine:
    """An engine with BusyBox, and an image of this project that adds no layer to it."""

    def __init__(self, steps: Mapping[str, int], *, removed: bool = False) -> None:
        self.backend: Any = self
        self._steps, self._removed, self._asked = steps, removed, False

    def ids(self, kind: str, *filters: str) -> list[str]:
        """Return the images of this project."""
        return [OWN["Id"]]

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """Return the image of this project; from the second call on, nothing if it is removed in the meantime."""
        gone, self._asked = self._removed and self._asked, True
        return [] if gone else [OWN]

    def history_length(self, image: str) -> int:
        """Return the number of steps; 0 if unknown."""
        return self._steps.get(image, 0)


@pytest.mark.parametrize(
    "engine",
    [Engine({"busybox": 2, "own": 3}), Engine({"busybox": 2}, removed=True)],
    ids=["base", "removed"],
)
def test_a_base_image_is_allowed_even_if_the_image_built_on_it_is_removed_meanwhile(engine: Engine) -> None:
    refuse_by_origin(engine, "busybox:latest", BUSYBOX, "label")


@pytest.mark.parametrize("steps", [{"busybox": 4, "own": 3}, {"busybox": 2}], ids=["built on it", "unknown"])
def test_an_image_with_the_layers_of_a_project_image_is_refused_even_if_its_steps_are_unknown(
    steps: dict[str, int],
) -> None:
    with pytest.raises(ImageRefused, match="was built from knowledgebase_app07:latest"):
        refuse_by_origin(Engine(steps), "busybox:latest", BUSYBOX, "label")
