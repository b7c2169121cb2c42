"""Development sessions: ``nox -l`` lists them, ``nox -s lint types`` runs two of them.

All sessions use ``.venv``, which the project creates from ``requirements-test.lock`` itself, so that they run the same
versions as continuous integration. nox itself may be installed anywhere (``pipx install nox``).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests-fast"]

NUMERICAL_TESTS = ("tests/pybrain", "tests/runtime", "tests/training")
CORES = {"Sandybridge": "avx", "Haswell": "avx2", "SkylakeX": "avx512f"}
"""Core types of OpenBLAS, and the instructions that a processor needs to run their kernels."""

DOCUMENTATION_TESTS = sorted(str(path) for path in Path("tests").rglob("test_*_page.py"))


def processor_flags() -> set[str]:
    """Return the instruction sets of this processor, as Linux names them; empty on other systems."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return {flag for line in lines if line.startswith("flags") for flag in line.split()}


def run(session: nox.Session, tool: str, *arguments: str, **environment: str) -> None:
    """Run a tool of ``.venv``; create the environment if it is missing or outdated.

    Args:
        session: the nox session.
        tool: the name of the program.
        arguments: the arguments of the program.
        environment: environment variables to set.
    """
    prepare = "from pipeline.environment.bootstrap import prepare; prepare('test')"
    session.run(sys.executable, "-c", prepare, external=True, log=False)
    folder = "Scripts" if os.name == "nt" else "bin"
    session.run(str(Path(".venv", folder, tool)), *arguments, env=environment, external=True)


@nox.session(name="tests-fast")
def tests_fast(session: nox.Session) -> None:
    """Run the tests that need no container engine and are not slow."""
    run(session, "python", "App07.py", "test", "-m", "not docker and not slow", *session.posargs)


@nox.session(name="tests-local")
def tests_local(session: nox.Session) -> None:
    """Run every test that needs no container engine."""
    run(session, "python", "App07.py", "test", "-m", "not docker", *session.posargs)


@nox.session(name="tests-containers")
def tests_containers(session: nox.Session) -> None:
    """Run the tests in real containers; they fail without an engine."""
    run(session, "python", "App07.py", "test", "-m", "docker", *session.posargs, CI="true")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the whole suite."""
    run(session, "python", "App07.py", "test", *session.posargs)


@nox.session
@nox.parametrize("core", list(CORES))
def kernels(session: nox.Session, core: str) -> None:
    """Run the numerical tests with the matrix kernels that OpenBLAS has for another processor."""
    if CORES[core] not in processor_flags():
        session.skip(f"this processor has no {CORES[core]}")
    words = ("App07.py", "test", *NUMERICAL_TESTS, "-m", "not docker and not slow", *session.posargs)
    run(session, "python", *words, OPENBLAS_CORETYPE=core)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests without containers and report the lines that they do not cover."""
    options = ("--cov", "--cov-report", "term:skip-covered", "--cov-report", "html:output/coverage")
    run(session, "python", "App07.py", "test", "-m", "not docker", *options, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and the direction of imports."""
    run(session, "ruff", "check", ".")
    run(session, "ruff", "format", "--check", ".")
    run(session, "lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy."""
    run(session, "mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Run the examples and check the facts that the documentation states."""
    run(session, "python", "App07.py", "test", *DOCUMENTATION_TESTS, *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Run all benchmarks and print the tables of docs/benchmarks.md."""
    run(session, "python", "benchmarks/all.py", *session.posargs)


@nox.session
def contract(session: nox.Session) -> None:
    """Send many of the requests that schemathesis generates from the OpenAPI documents to the servers."""
    words = ("App07.py", "test", "tests/pipeline/test_openapi_contracts.py", *session.posargs)
    run(session, "python", *words, CONTRACT_EXAMPLES="200")


@nox.session
def swarm(session: nox.Session) -> None:
    """Deploy a generated stack to a Swarm on this machine, which must not run other containers meanwhile."""
    words = ("App07.py", "test", "tests/compose/test_swarm_target.py", "-n0", *session.posargs)
    run(session, "python", *words, TEST_SWARM="1")
