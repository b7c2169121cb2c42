"""docs/installation.md lists all optional parts and checks, and shows the actual messages."""

from __future__ import annotations

import re

from common.extras import EXTRAS
from common.project import PROJECT
from pipeline.cli import parse
from pipeline.commands.registry import COMMANDS
from pipeline.diagnosis.run_checks import CHECKS

PAGE = (PROJECT.root / "docs" / "installation.md").read_text(encoding="utf-8")


def rows_of(heading: str) -> list[str]:
    """Return the first cells of the table of a section."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return [cell.strip("` ") for cell in cells[1:]]


def test_every_optional_part_is_listed() -> None:
    assert sorted(rows_of("Optional packages")) == sorted(EXTRAS)


def test_every_check_of_doctor_is_listed() -> None:
    assert set(rows_of("doctor")) == {*CHECKS, "images"}


def test_the_shown_commands_exist() -> None:
    shown = set(re.findall(r"^app07 (\w+)", PAGE, re.MULTILINE)) | set(re.findall(r"App07\.py (\w+)", PAGE))
    assert shown <= {command.name for command in COMMANDS}
    assert {"inspect", "init", "doctor", "clean", "completion"} <= shown


def test_the_commands_that_need_a_checkout_are_listed() -> None:
    section = PAGE.partition("Some commands need a checkout:")[2].partition("they exit with status 66")[0]
    for words in (
        "run",
        "prepare",
        "check",
        "compose",
        "submit",
        "publish --registry x",
        "control",
        "clean",
        "test",
    ):
        assert parse(words.split()).needs_checkout()
        assert f"`{words.split()[0]}`" in section
    for words in (
        "inspect a",
        "convert a --to npz",
        "activate a b",
        "evaluate a",
        "generate --default",
        "doctor",
    ):
        assert not parse(words.split()).needs_checkout()
