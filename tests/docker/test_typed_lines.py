"""The Compose lines of the pages with other networks and rows run as shown, one after the other."""

from __future__ import annotations

import json
import re

import pytest

from common.project import PROJECT
from tests.docker.conftest import Stack

PAGES = ("README.md", "models/README.md")
OWN_FILES = ("elsewhere/", "alternative_model", "x_min", "rows.parquet")
"""Placeholders for the reader's own files."""


def lines_of_the_pages() -> list[str]:
    """Return the lines that set variables before the command and need no file of the reader's own."""
    text = "\n".join((PROJECT.root / page).read_text("utf-8") for page in PAGES)
    found = re.findall(
        r"^(?:.*\| `)?((?:[A-Z_]+=\S+ )+docker-compose up [^`\n]*?)(?:`.*)?$", text, re.MULTILINE
    )
    return [line for line in dict.fromkeys(found) if not any(name in line for name in OWN_FILES)]


@pytest.mark.parametrize("generation", ["v1"])
def test_the_lines_with_other_networks_and_rows_run_unchanged(stack: Stack) -> None:
    lines = lines_of_the_pages()
    assert len(lines) >= 5, lines
    for line in lines:
        done = stack.type(["bash", "-c", line])
        assert done.status == 0, f"{line}\n{done.output}"
        report = json.loads(stack.shared("prediction.json").read_text("utf-8"))
        variables = dict(word.split("=", 1) for word in line.split() if "=" in word)
        assert ("kept" in report["activation"]["columns_used"]) == ("KEEP_COLUMNS" in variables)
        course = variables.get("MODEL_NAME") == "course.pkl"
        assert report["knowledge"]["indim"] == (1 if course else 4)
        assert report["activation"]["rows"] == {"course_80": 80, "iris_150": 150}.get(
            variables.get("DATA_PATH", "").rpartition("/")[2].removesuffix(".csv"), 1
        )
