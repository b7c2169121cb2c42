"""The examples at the top of the README print what the README shows."""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.project import PROJECT, Layout

PAGE = (PROJECT.root / "README.md").read_text("utf-8")
COMMAND, OUTPUT = re.findall(
    r"<!-- output of: python App07\.py (activate .*?) -->\n```\n(.*?)```", PAGE, re.DOTALL
)[0]
EXAMPLE, PRINTED = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)[0]


def without_details(text: str) -> str:
    """Return a string without durations, and without size and hash of the prediction.

    NumPy computes `exp` with the instructions of the processor; the last digit of a number may depend on it.
    """
    for varies, stands in ((r"\d+\.\d+ s", "N s"), (r"\d+,\d+ bytes", "N bytes"), (r"[0-9a-f]{64}", "HASH")):
        text = re.sub(varies, stands, text)
    return text.strip()


def test_activate_prints_what_the_readme_shows(
    drive: Callable[..., Any], checkout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout.root)
    done = drive(*shlex.split(COMMAND))
    assert done.status == 0
    printed = done.out + done.err
    assert without_details(printed) == without_details(OUTPUT)
    content = Path("prediction.csv").read_bytes()
    assert f"({len(content):,} bytes)" in printed
    assert f"sha256 {hashlib.sha256(content).hexdigest()}\n" in printed


@pytest.mark.slow
def test_the_python_example_prints_what_the_readme_shows(checkout: Layout) -> None:
    words = [sys.executable, "-c", EXAMPLE]
    done = subprocess.run(words, cwd=checkout.root, capture_output=True, text=True, check=True)
    assert done.stdout == PRINTED


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", PAGE)
    assert len(links) > 10
    assert [link for link in links if not (PROJECT.root / link).is_file()] == []
