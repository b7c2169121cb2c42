"""Fixtures for the tests of publishing: a registry, and the command in a small checkout."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import execute, parse
from pipeline.engines.docker_command import find_daemon
from pipeline.errors import EngineUnavailable
from pipeline.project import Layout
from tests.conftest import in_ci
from tests.publishing.registries import Registry, running_registry


@pytest.fixture(scope="session")
def engine() -> None:
    """Require a container engine."""
    try:
        find_daemon()
    except EngineUnavailable as error:
        if in_ci():
            pytest.fail(f"no container engine to test with: {error}")
        pytest.skip(f"no container engine here ({error.message}); scripts/start_engine.sh brings one up")


@pytest.fixture
def registry(engine: None, tmp_path: Path) -> Iterator[Registry]:
    """Return an empty registry."""
    with running_registry(tmp_path / "registry") as running:
        yield running


@pytest.fixture
def small_checkout(checkout: Layout) -> Layout:
    """Return a checkout whose default group is one image, without a base image: it builds for every platform."""
    bake = checkout.root / "docker-bake.hcl"
    text = re.sub(
        r'(group "default" \{\n  targets = ).*', r'\1["activationbase"]', bake.read_text(encoding="utf-8")
    )
    bake.write_text(text, encoding="utf-8")
    folder = checkout.root / "container1_activationbase"
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY currentActivation.csv /\n", encoding="utf-8")
    return checkout


@dataclass(frozen=True)
class Driven:
    """The result of a command: exit status and both output streams."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def publish(capsys: pytest.CaptureFixture[str]) -> Callable[..., Driven]:
    """Return a function that runs `publish` in this process, in a checkout."""

    def run(layout: Layout, *words: str) -> Driven:
        capsys.readouterr()
        status = execute(parse(["publish", *words]), layout)
        said = capsys.readouterr()
        return Driven(status, said.out, said.err)

    return run
