"""The examples in docs/activation-files.md give the shown output."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from common.project import PROJECT, Layout

PAGE = (PROJECT.root / "docs" / "activation-files.md").read_text("utf-8")
SHOWN = re.findall(r"<!-- output of: python App07\.py (.*?) -->\n```\n(.*?)```", PAGE, re.DOTALL)
CONTENTS = re.findall(r"<!-- content of: (.*?) -->\n```\n(.*?)```", PAGE, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
WITH_GAPS = """\
sepal_length,sepal_width,petal_length,petal_width
5.1,3.5,1.4,0.2
6.2,n/a,5.4,2.3
5.9,3.0,5.1
6.3,2.5,5.0,1.9
"""


def masked(text: str) -> str:
    """Return a string without times, sizes and hashes that depend on the last digit."""
    text = re.sub(r"\([\d,]+ bytes\)\n( +)sha256 [0-9a-f]{64}", r"(N bytes)\n\1sha256 H", text)
    return re.sub(r"(?m)^  time  .*$", "  time", text).strip()


@pytest.fixture
def reader(checkout: Layout, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return a fresh clone as working directory, with a file that has missing values."""
    (checkout.root / "with_gaps.csv").write_text(WITH_GAPS)
    monkeypatch.chdir(checkout.root)
    return checkout


def test_the_page_contains_examples() -> None:
    assert len(SHOWN) == 3 and len(CONTENTS) == 1 and len(PROGRAMS) == 3


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_the_page_shows(
    command: str, output: str, drive: Callable[..., Any], reader: Layout
) -> None:
    seen = drive(*shlex.split(command))
    assert masked(seen.out + seen.err) == masked(output)


def test_a_file_contains_what_the_page_shows(drive: Callable[..., Any], reader: Layout) -> None:
    assert drive(*shlex.split(SHOWN[-1][0])).status == 0
    for name, content in CONTENTS:
        assert (reader.root / name).read_text() == content


@pytest.mark.slow
@pytest.mark.parametrize(("program", "output"), PROGRAMS)
def test_a_program_prints_what_the_page_shows(program: str, output: str, reader: Layout) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (output, "")


def test_every_option_of_the_command_is_on_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pipeline.cli import parse

    with pytest.raises(SystemExit):
        parse(["activate", "--help"])
    options = set(re.findall(r"--[a-z0-9-]+", capsys.readouterr().out)) - {"--help", "--debug", "--output"}
    assert len(options) > 10
    assert {option for option in options if option not in PAGE} == set()
