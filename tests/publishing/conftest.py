"""Fixtures for the tests of publishing: a registry, and the command in a small checkout."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.docker_command import find_daemon
from common.project import Layout
from tests.conftest import engine_required
from tests.driving import Driven, driven
from tests.publishing.registries import Registry, running_registry


@pytest.fixture(scope="session")
def engine() -> None:
    """Require a container engine."""
    with engine_required():
        find_daemon()


@pytest.fixture
def registry(engine: None, tmp_path: Path) -> Iterator[Registry]:
    """Return an empty registry."""
    with running_registry(tmp_path / "registry") as running:
        yield running


@pytest.fixture
def small_checkout(clone: Layout) -> Layout:
    """Return a checkout whose default group is one image without a base image, which builds for every platform."""
    bake = clone.root / "docker-bake.hcl"
    text = re.sub(
        r'(group "default" \{\n  targets = ).*', r'\1["activationbase"]', bake.read_text(encoding="utf-8")
    )
    bake.write_text(text, encoding="utf-8")
    folder = clone.root / "container1_activationbase"
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY currentActivation.csv /\n", encoding="utf-8")
    return clone


@pytest.fixture
def publish(capsys: pytest.CaptureFixture[str]) -> Callable[..., Driven]:
    """Return a function that runs `publish` for a checkout in this process."""

    def run(layout: Layout, *words: str) -> Driven:
        return driven(capsys, layout, "publish", *words)

    return run
