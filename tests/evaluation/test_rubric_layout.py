"""The table [layout] of a rubric: its keys are used, missing ones default to the task, and errors name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.errors import RubricError
from evaluation.layout.expected_layout import TASK06
from evaluation.rubric import load_rubric, read_rubric, shipped_rubrics

TEXT = """\
name = "Weather"

[layout]
compose_files = ["deploy/compose.yml"]
shared_folders = "exchange"
shared_path = "/exchange"
framework = "numpy"
abort_on_container_exit = false

[[layout.container]]
role = "activationbase"
folders = ["Data*"]
files = ["today.csv"]
shared_file = "today.csv"

[[layout.container]]
role = "reportbase"

[[line]]
title = "Reports"
points = 1

[[line.check]]
id = "reports.builds"
title = "The reports build"
check = "image_builds"
container = 2
points = 1
"""


def wrong(old: str, new: str) -> str:
    assert old in TEXT
    with pytest.raises(RubricError) as error:
        read_rubric("my.toml", TEXT.replace(old, new, 1).encode())
    return error.value.message


def test_missing_keys_of_a_layout_have_the_values_of_the_task():
    layout = read_rubric("my.toml", TEXT.encode()).layout
    rows, reports = layout.containers

    assert layout.compose_files == ("deploy/compose.yml",)
    assert (layout.shared_folders, layout.shared_path) == (("exchange",), "/exchange")
    assert (layout.framework.name, layout.framework.program) == ("numpy", "import numpy; print('OK')")
    assert not layout.abort_on_exit and not layout.framework.is_computed
    assert (rows.folders, rows.files, rows.inside) == (
        ("Data*",),
        ("today.csv",),
        TASK06.containers[0].inside,
    )
    assert (reports.role, reports.number, reports.images) == ("reportbase", 2, ("*reportbase*",))


@pytest.mark.parametrize(
    ("line", "files", "lines"),
    [
        ("output_files = 'kwh.csv'", ("kwh.csv",), ""),
        ("output_lines = '^kwh'", (), "^kwh"),
        ("output_files = 'kwh.csv'\noutput_lines = '^kwh'", ("kwh.csv",), "^kwh"),
        ("", TASK06.output_files, TASK06.output_lines),
    ],
)
def test_output_is_searched_only_where_the_rubric_specifies(line, files, lines):
    layout = read_rubric("my.toml", TEXT.replace("[layout]", f"[layout]\n{line}", 1).encode()).layout
    assert (layout.output_files, layout.output_lines) == (files, lines)


def test_messages_name_the_compose_file_that_a_rubric_names_first():
    text = TEXT.replace('"deploy/compose.yml"', '"compose.yaml", "docker-compose.yml"')
    assert read_rubric("my.toml", text.encode()).layout.compose_name == "compose.yaml"
    assert TASK06.compose_name == "docker-compose.yml"


def test_a_rubric_without_a_layout_has_the_layout_of_the_task():
    text = TEXT[: TEXT.index("[layout]")] + TEXT[TEXT.index("[[line]]") :]
    assert read_rubric("my.toml", text.encode()).layout == TASK06


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "shared_path =",
            "share_path =",
            "my.toml line 6, key `share_path`: unknown key; did you mean 'shared_path'?",
        ),
        ('files = ["today.csv"]', "files = []", "line 13, key `files`: is empty"),
        ('files = ["today.csv"]', "files = [3]", "line 13, key `files`: 3 is not a string"),
        (
            '["Data*"]',
            '["../Data"]',
            "line 12, key `folders`: '../Data' is not a relative path with forward slashes",
        ),
        (
            '"/exchange"',
            '"exchange"',
            "line 6, key `shared_path`: 'exchange' is not an absolute path in a container",
        ),
        ("= false", "= 0", "line 8, key `abort_on_container_exit`: 0 is not true or false"),
        (
            'role = "reportbase"',
            'role = "activationbase"',
            "line 17, key `role`: 'activationbase' is used twice",
        ),
        ('role = "reportbase"', 'title = "Reports"', "line 16, key `role`: is missing"),
        ('"numpy"', '"numpy; rm"', "line 7, key `framework`: 'numpy; rm' is not a valid name"),
        ("container = 2", "container = 3", "line 27, key `container`: the layout has 2 containers, got 3"),
        (
            "[layout]",
            '[layout]\noutput_lines = "("',
            "line 4, key `output_lines`: '(' is not a regular expression",
        ),
    ],
)
def test_an_error_in_a_layout_names_line_and_key(old, new, message):
    assert message in wrong(old, new)


def test_an_included_rubric_is_selected_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "task06" in shipped_rubrics()
    assert {load_rubric(Path(name)).name for name in ("task06", "task06.toml")} == {load_rubric().name}


def test_a_similar_name_is_suggested_for_an_unknown_rubric(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RubricError, match="no included rubric has this name; did you mean 'task06'"):
        load_rubric(Path("tsk06"))


def test_a_file_takes_precedence_over_an_included_rubric(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "task06.toml").write_text(TEXT)
    assert load_rubric(Path("task06.toml")).name == "Weather"
