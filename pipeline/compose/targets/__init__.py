"""The targets of a generated file. To add one, add a module to this package and an entry to `RENDERERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.compose.stack import Stack, StackWarning
from pipeline.compose.targets import compose, kubernetes, swarm

Renderer = Callable[[Stack], tuple[str, tuple[StackWarning, ...]]]

RENDERERS: Mapping[str, Renderer] = {
    "compose": compose.render,
    "swarm": swarm.render,
    "kubernetes": kubernetes.render,
}
"""The renderers by target name; each returns the content of the file and the warnings."""
