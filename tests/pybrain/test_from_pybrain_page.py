"""docs/from-pybrain.md: its programs print what its comments say, and its links are valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "from-pybrain.md").read_text("utf-8")


def test_the_programs_print_what_their_comments_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    exec(compile(program, "from-pybrain.md", "exec"), {})  # the page is part of this repository
    expected = re.findall(r"# (.+)$", program, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == expected
    assert len(expected) == 6


def test_every_page_that_is_linked_exists() -> None:
    links = re.findall(r"\]\(([\w-]+\.md)\)", PAGE)
    assert len(links) >= 3
    assert all((DOCS / link).is_file() for link in links)
