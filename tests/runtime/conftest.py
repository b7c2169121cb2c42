"""Fixtures for the tests of the inference library."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pybrain_runtime import Knowledge, load_knowledge

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def iris() -> Path:
    """Return the folder of the default knowledge, card and activation."""
    return FIXTURES / "default" / "iris"


@pytest.fixture
def course() -> Path:
    """Return the folder of the course network: one input, one output."""
    return FIXTURES / "default" / "course"


@pytest.fixture(scope="session")
def flower() -> Knowledge:
    """Return the default network with its card: four inputs, three classes."""
    return load_knowledge(FIXTURES / "default" / "iris" / "currentSolution.pkl")


@pytest.fixture(scope="session")
def line() -> Knowledge:
    """Return a network with one input and one output, without a card."""
    return load_knowledge(FIXTURES / "default" / "course" / "currentSolution.pkl")


@pytest.fixture
def default_pickle(iris: Path) -> bytes:
    """Return the content of the default knowledge file."""
    return (iris / "currentSolution.pkl").read_bytes()


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes bytes or text to a file."""

    def write(content: bytes | str, name: str = "currentSolution.pkl") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def ordinary_user() -> Callable[[], AbstractContextManager[None]]:
    """Run a block as an ordinary user, even if the tests run as root."""

    @contextmanager
    def as_nobody() -> Iterator[None]:
        was_root = hasattr(os, "geteuid") and os.geteuid() == 0
        if was_root:
            os.seteuid(65534)
        try:
            yield
        finally:
            if was_root:
                os.seteuid(0)

    return as_nobody
