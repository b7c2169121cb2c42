"""With several test processes, the tests of one group share a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    ]  # else it first removes the folders of earlier runs
    done = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout
    assert len(list(tmp_path.glob("worker-*"))) == 1
