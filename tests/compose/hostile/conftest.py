"""The corpus of requests, and what holds for every generated text."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"hostile_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CORPUS, INSPECTION = _load("corpus"), _load("inspection")
GROUPS = {}
for case in CORPUS.cases():
    GROUPS.setdefault(case.name, []).append(case)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test with the parameter `group` every group of requests."""
    if "group" in metafunc.fixturenames:
        metafunc.parametrize("group", GROUPS.values(), ids=GROUPS)


@pytest.fixture(scope="session")
def corpus() -> ModuleType:
    """Return the module that makes the requests."""
    return CORPUS


@pytest.fixture(scope="session")
def findings():
    """Return the function that reports what is wrong with a text."""
    return INSPECTION.findings
