"""Rubrics and notes of any origin: anything but a small, valid TOML file is refused at once, with a reason."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from evaluation.errors import RubricError, TutorError
from evaluation.result import Report
from evaluation.rubric import load_rubric, read_rubric
from evaluation.toml_file import LARGEST, TomlError, parse
from evaluation.tutor.notes import read_notes

REPORT = Report("anna", "anna.zip", "zip", "ab", 1, 1, "Task", "cd", ())
RUBRIC = """
name = "Task"
[[line]]
title = "Files"
points = 1
[[line.check]]
id = "one"
title = "there is a compose file"
check = "file_exists"
path = "docker-compose.yml"
points = 1
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" + ".a" * 100_000 + " = 1", "a key has more than 20 parts (at line 1)"),
        ("b = 1\n[" + '"x" . ' * 5000 + "y]", "a key has more than 20 parts (at line 2)"),
        ("a = {" + ".".join(["'k'"] * 30) + " = 1}", "a key has more than 20 parts"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "{a = " * 20_000, "nested too deeply"),
        ("a = " + "9" * 5000, "4300 digits"),
        ("a = 1\na = 2", "Cannot overwrite a value"),
    ],
)
def test_a_document_that_would_exhaust_the_reader_is_refused(text, message):
    with pytest.raises(TomlError) as error:
        parse(text)
    assert message in str(error.value)


def test_strings_with_many_dots_are_not_keys():
    text = "a.b.'c' = 'one. two. three.' # " + "so. " * 100 + "\nd = '" + "1.2." * 50 + "'\n"
    assert parse(text)["a"]["b"]["c"] == "one. two. three."


def test_only_regular_files_up_to_a_size_are_read(tmp_path):
    large, pipe = tmp_path / "large.toml", tmp_path / "pipe.toml"
    large.write_bytes(b"#" * (LARGEST + 1))
    os.mkfifo(pipe)
    for path, reason in (
        (large, "1,048,576 bytes"),
        (pipe, "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
    ):
        with pytest.raises(RubricError, match=reason):
            load_rubric(path)
        with pytest.raises(TutorError, match=reason):
            read_notes(path, REPORT)


@pytest.mark.parametrize("number", ["nan", "inf", "1e300", "0x" + "f" * 600])
def test_points_are_ordinary_numbers(number, tmp_path):
    with pytest.raises(RubricError, match=r"line 5, key `points`: .* is not a number up to 1,000,000,000"):
        read_rubric("my.toml", RUBRIC.replace("points = 1", f"points = {number}", 1).encode())
    path = tmp_path / "tutor.toml"
    path.write_text(f"[late]\npoints = {number}\n")
    with pytest.raises(TutorError, match=r"`late.points`: .* is not a number from 0"):
        read_notes(path, REPORT)


def test_two_lines_with_the_same_title_are_refused():
    again = RUBRIC[RUBRIC.index("[[line]]") :].replace('"one"', '"two"')
    with pytest.raises(RubricError, match="line 13, key `title`: 'Files' is used twice"):
        read_rubric("my.toml", (RUBRIC + again).encode())


@pytest.mark.parametrize("label", [r"a\u007fb", r"a\nb", r"\u202eb", " ", "  a", "x" * 201])
@pytest.mark.parametrize("key", ["name", "title", "id"])
def test_names_titles_and_ids_are_one_line_without_control_characters(key, label):
    text = re.sub(rf"(?m)^{key} = .*", lambda match: f'{key} = "{label}"', RUBRIC, count=1)
    with pytest.raises(RubricError, match=rf"key `{key}`: .* is not a line of 1 to 200 characters"):
        read_rubric("my.toml", text.encode())


def test_a_pattern_with_many_double_stars_is_refused():
    layout = "[layout]\ncompose_files = '" + "**/" * 9 + "compose.yaml'\n[[line]]"
    with pytest.raises(RubricError, match="more than 3 times"):
        read_rubric("my.toml", RUBRIC.replace("[[line]]", layout, 1).encode())
