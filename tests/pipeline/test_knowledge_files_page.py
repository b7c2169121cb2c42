"""The examples in docs/knowledge-files.md give the shown output."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from common.project import PROJECT, Layout

PAGE = (PROJECT.root / "docs" / "knowledge-files.md").read_text("utf-8")
SHOWN = re.findall(r"<!-- output of: python App07\.py (.*?) -->\n```\n(.*?)```", PAGE, re.DOTALL)
EXAMPLE, ANSWER = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)[0]
EVIL = b"cposix\nsystem\n(S'touch touched'\ntR."


def masked(text: str) -> str:
    """Return a string without sizes and hashes that depend on the zlib version."""
    text = re.sub(r"\([\d,]+ bytes\)\n( +)sha256 [0-9a-f]{64}", r"(N bytes)\n\1sha256 H", text)
    return text.strip()


@pytest.fixture
def reader(checkout: Layout, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return a fresh clone as working directory, with an untrusted file."""
    (checkout.models / "evil.pkl").write_bytes(EVIL)
    monkeypatch.chdir(checkout.root)
    return checkout


def test_the_page_contains_examples() -> None:
    assert [command.partition(" ")[0] for command, _ in SHOWN] == ["inspect", "inspect", "convert"]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_the_page_shows(
    command: str, output: str, drive: Callable[..., Any], reader: Layout
) -> None:
    seen = drive(*shlex.split(command))
    assert masked(seen.out + seen.err) == masked(output)


def test_inspect_prints_first_what_the_readme_shows(drive: Callable[..., Any], reader: Layout) -> None:
    readme = (PROJECT.root / "README.md").read_text("utf-8")
    shown = re.findall(
        r"<!-- output of: python App07\.py (inspect .*?) -->\n```\n(.*?)```", readme, re.DOTALL
    )
    assert len(shown) == 1
    command, output = shown[0]
    assert drive(*shlex.split(command)).out.lstrip().startswith(output)


def test_the_drawing_on_the_page_equals_that_of_inspect(drive: Callable[..., Any], reader: Layout) -> None:
    assert drive("inspect", "models/iris.pkl", "--drawing", "iris.svg").status == 0
    assert (reader.root / "iris.svg").read_bytes() == (PROJECT.root / "docs" / "iris.svg").read_bytes()


@pytest.mark.slow
def test_the_numpy_example_prints_what_the_page_shows(drive: Callable[..., Any], reader: Layout) -> None:
    assert drive("convert", "models/iris.pkl", "--to", "npz").status == 0
    done = subprocess.run([sys.executable, "-c", EXAMPLE], capture_output=True, text=True, check=True)
    assert done.stdout == ANSWER
