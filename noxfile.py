"""Development sessions: ``nox -l`` lists them, ``nox -s lint types`` runs two of them.

All sessions use ``.venv``, which the project makes from ``requirements-test.lock`` by itself: what runs here has
the versions that continuous integration has. nox itself may be installed anywhere (``pipx install nox``).
"""

from __future__ import annotations

from pathlib import Path

import nox

from pipeline.environment import bootstrap

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests-fast"]

DOCUMENTATION_TESTS = (
    "tests/pipeline/test_architecture_page.py",
    "tests/pipeline/test_readme_page.py",
    "tests/pipeline/test_activation_files_page.py",
    "tests/pipeline/test_knowledge_files_page.py",
    "tests/pybrain/test_compatibility_page.py",
)


def python() -> str:
    """Return the path of the test environment's Python; create the environment where it is missing."""
    return str(bootstrap.prepare("test"))


@nox.session(name="tests-fast")
def tests_fast(session: nox.Session) -> None:
    """Run every test that needs no container engine."""
    session.run(python(), "App07.py", "test", "-m", "not docker", *session.posargs)


@nox.session(name="tests-containers")
def tests_containers(session: nox.Session) -> None:
    """Run the tests in real containers; they fail where no engine answers."""
    session.run(python(), "App07.py", "test", "-m", "docker", *session.posargs, env={"CI": "true"})


@nox.session
def tests(session: nox.Session) -> None:
    """Run the whole suite."""
    session.run(python(), "App07.py", "test", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the fast tests and report the lines that they do not reach."""
    options = ("--cov", "--cov-report", "term:skip-covered", "--cov-report", "html:output/coverage")
    session.run(python(), "App07.py", "test", "-m", "not docker", *options, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and the direction of imports."""
    session.run(python(), "-m", "ruff", "check", ".")
    session.run(python(), "-m", "ruff", "format", "--check", ".")
    session.run(str(Path(python()).with_name("lint-imports")))


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy."""
    session.run(python(), "-m", "mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Run the examples and check the facts that the documentation states."""
    session.run(python(), "App07.py", "test", *DOCUMENTATION_TESTS, *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Run all benchmarks and print the tables of docs/benchmarks.md."""
    session.run(python(), "benchmarks/all.py", *session.posargs)
