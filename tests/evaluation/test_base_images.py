"""An official image is refused where it was built on an image of this project, and only there."""

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
        """Return the image of this project; from the second time on, nothing if it is removed meanwhile."""
        gone, self._asked = self._removed and self._asked, True
        return [] if gone else [OWN]

    def history_length(self, image: str) -> int:
        """Return the number of steps, 0 where there is no answer."""
        return self._steps.get(image, 0)


@pytest.mark.parametrize(
    "engine",
    [Engine({"busybox": 2, "own": 3}), Engine({"busybox": 2}, removed=True)],
    ids=["base", "removed"],
)
def test_the_base_of_an_image_is_allowed_also_where_that_image_is_removed_meanwhile(engine: Engine) -> None:
    refuse_by_origin(engine, "busybox:latest", BUSYBOX, "label")


@pytest.mark.parametrize("steps", [{"busybox": 4, "own": 3}, {"busybox": 2}], ids=["built on it", "unknown"])
def test_an_image_with_the_steps_of_ours_is_refused_also_where_these_are_unknown(
    steps: dict[str, int],
) -> None:
    with pytest.raises(ImageRefused, match="was made from knowledgebase_app07:latest"):
        refuse_by_origin(Engine(steps), "busybox:latest", BUSYBOX, "label")
