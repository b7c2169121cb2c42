"""Fixtures with the corpus of hostile requests and the checks of generated files."""

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
    """Parametrize tests with the parameter `group` by the groups of requests."""
    if "group" in metafunc.fixturenames:
        metafunc.parametrize("group", GROUPS.values(), ids=GROUPS)


@pytest.fixture(scope="session")
def corpus() -> ModuleType:
    """Return the module that builds the requests."""
    return CORPUS


@pytest.fixture(scope="session")
def findings():
    """Return the function that reports problems of a generated file."""
    return INSPECTION.findings
