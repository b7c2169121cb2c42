"""The scripts for a Debian machine and for continuous integration: syntax, help and options."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from common.project import PROJECT

SCRIPTS = sorted((PROJECT.root / "scripts").glob("*.sh"))
CI = PROJECT.root / ".ci" / "run"
# Sourced by others, never started.
STARTED = [path for path in SCRIPTS if path.read_text(encoding="utf-8").startswith("#!")]

by_name = {"ids": lambda path: path.name}


def started(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([script, *words], capture_output=True, text=True, check=False)


def test_continuous_integration_only_runs_scripts() -> None:
    used = re.findall(r"\bscripts/(\w+\.sh)", CI.read_text(encoding="utf-8"))
    assert {"start_engine.sh", "install_compose.sh", "make_base_images.sh", "stop_engine.sh"} <= set(used)
    assert set(used) <= {path.name for path in STARTED}


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    assert re.search(r"^(\S+=\S+ )*python App07\.py test", CI.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("script", [*SCRIPTS, CI], **by_name)
def test_bash_can_parse_a_script(script: Path) -> None:
    assert b"\r" not in script.read_bytes()
    read = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize("script", [*STARTED, CI], **by_name)
def test_a_script_can_be_started_and_stops_at_the_first_error(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("script", STARTED, **by_name)
def test_help_of_a_script_describes_purpose_and_exit_status(script: Path) -> None:
    done = started(script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: {script.name}")
    assert "Exit status: 0 " in done.stdout


@pytest.mark.parametrize("script", STARTED, **by_name)
def test_a_script_refuses_an_unknown_option(script: Path) -> None:
    done = started(script, "--no-such-option")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Usage: {script.name}" in done.stderr
