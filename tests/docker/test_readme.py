"""The outputs in the README are those of real runs."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from common.project import PROJECT

README = PROJECT.root / "README.md"

# There is one image called `latest` on a machine: these tests build it, or use it, one after the other.
pytestmark = [
    pytest.mark.xdist_group("latest images"),
    pytest.mark.usefixtures("latest_images_stay_as_they_are"),
]


def masked(text: str) -> list[str]:
    """Return the lines with times and versions masked."""
    text = re.sub(r"\d+\.\d s", "N s", text)
    text = re.sub(r"docker \S+, docker compose \S+", "docker V, docker compose V", text)
    text = re.sub(r"(_app07) (built in N s|is up to date)", r"\1 built or there", text)
    text = re.sub(r"(written  |unchanged)( {3}output)", r"put\2", text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_the_output_in_the_readme_equals_that_of_a_run(copy_project, place):
    layout = copy_project(place / "app07")
    block = re.search(
        r"<!-- output of: python App07.py -->\n```\n(.*?)```", README.read_text("utf-8"), re.DOTALL
    )
    program = (
        "import sys; from pathlib import Path; from pipeline import cli; from common.project import Layout; "
        "sys.exit(cli.execute(cli.parse(['--compose', 'v2']), Layout(Path(sys.argv[1]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(layout.root)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = masked(done.stdout)
    promised = masked(block.group(1))
    # In the README only codebase's lines of the stack's output are shown.
    shown = iter(printed)
    missing = [line for line in promised if line not in shown]
    assert missing == [], done.stdout


def test_the_tutors_steps_in_the_readme_are_the_ones_that_are_tested():
    steps = README.read_text("utf-8").split("## The tutor's five steps")[1].split("```")[1]
    tested = (PROJECT.root / "tests/docker/test_tutor.py").read_text("utf-8")
    for line in ("docker run --rm activationbase_app07", "docker run --rm knowledgebase_app07"):
        assert line in steps
        assert '"' + line.replace(" ", '", "') + '"' in tested
    assert "docker-compose up --abort-on-container-exit" in steps
