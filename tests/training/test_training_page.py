"""docs/training.md shows what the command prints, and names every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.project import PROJECT
from tests.training.runs import command
from training.options import flag, table
from training.search.ranges import DEFAULTS
from training.search_options import search_table

PAGE = (PROJECT.root / "docs" / "training.md").read_text("utf-8")


@pytest.mark.slow
def test_train_prints_what_the_page_shows(tmp_path: Path) -> None:
    shown = re.findall(
        r"<!-- output of: python App07.py train --engine local --no-plots -->\n```\n(.*?)```", PAGE, re.DOTALL
    )[0]
    done = command("train", "--no-plots", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace(str(tmp_path / "out"), "output/training/current").strip() == shown.strip()


@pytest.mark.slow
def test_tune_prints_what_the_page_shows(tmp_path: Path) -> None:
    words, shown = re.findall(
        r"<!-- output of: python App07.py (tune .*?) -->\n```\n(.*?)```", PAGE, re.DOTALL
    )[0]
    done = command(*words.split(), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace(str(tmp_path / "out"), "output/training/tuned").strip() == shown.strip()


def test_the_page_has_the_default_ranges() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| `(\S+)` \|$", PAGE, re.MULTILINE))
    assert {name: text.replace("\\|", "|") for name, text in rows.items()} == DEFAULTS


def test_every_option_is_on_the_page() -> None:
    assert [flag(row.name) for row in (*table(), *search_table()) if f"`{flag(row.name)}" not in PAGE] == []
