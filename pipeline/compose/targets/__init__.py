"""The targets: what each runs, and the text that it takes. A new one is a module here and an entry in `RENDERERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.compose.stack import Stack, Warning
from pipeline.compose.targets import compose, kubernetes, swarm

Renderer = Callable[[Stack], tuple[str, tuple[Warning, ...]]]

RENDERERS: Mapping[str, Renderer] = {
    "compose": compose.render,
    "swarm": swarm.render,
    "kubernetes": kubernetes.render,
}
"""The targets by name; each returns the text, and what could not be carried over."""
