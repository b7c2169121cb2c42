"""With several test processes, the tests of one group share a process, and all tests run once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from common.project import PROJECT

_GROUPED = """
import os, pathlib, pytest

@pytest.mark.xdist_group("one class for all")
@pytest.mark.parametrize("number", range(8))
def test_grouped(number):
    pathlib.Path(f"worker-{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""


@pytest.mark.slow
def test_tests_of_one_group_run_in_one_process(tmp_path: Path) -> None:
    """The installed pytest and pytest-xdist must agree on where a group is kept: with pytest 9.2 they do not."""
    (tmp_path / "test_grouped.py").write_text(_GROUPED, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    command += [
        "--basetemp",
        str(tmp_path / "temporary"),
    ]  # otherwise pytest first removes the folders of earlier runs
    done = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout
    assert len(list(tmp_path.glob("worker-*"))) == 1


_CONFTEST = """
from tests.scheduling import ChunkScheduling

def pytest_xdist_make_scheduler(config, log):
    return ChunkScheduling(config, log)
"""
_SINGLE = """
import os, pytest

def told(line):
    with open("ran.txt", "a") as file:
        file.write(f"{line} {os.environ['PYTEST_XDIST_WORKER']}\\n")

@pytest.mark.parametrize("number", range(50))
def test_single(number):
    told(f"single{number}")

@pytest.mark.xdist_group("servers")
@pytest.mark.parametrize("number", range(5))
def test_grouped(number):
    told(f"grouped{number}")
"""


@pytest.mark.slow
def test_every_test_runs_once_and_chunks_and_groups_stay_together(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (tmp_path / "test_all.py").write_text(_SINGLE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "temporary"), "."],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(PROJECT.root)},
    )  # fmt: skip
    assert "55 passed" in done.stdout, done.stdout + done.stderr
    ran = [line.split() for line in (tmp_path / "ran.txt").read_text(encoding="utf-8").splitlines()]
    assert Counter(name for name, _ in ran) == Counter(
        [f"single{number}" for number in range(50)] + [f"grouped{number}" for number in range(5)]
    )
    assert len({worker for name, worker in ran if name.startswith("grouped")}) == 1
    assert len({worker for name, worker in ran if name in {f"single{number}" for number in range(8)}}) == 1
