"""The guide docs/own-course.md matches the behaviour of the evaluation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evaluation.checks import CHECKS
from evaluation.errors import RubricError
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.layout.places import find_places
from evaluation.rubric import load_rubric, read_rubric, shipped_rubrics
from evaluation.rubric_format.layout_table import CONTAINER_KEYS, LAYOUT_KEYS
from pipeline.cli import parse

LOOK = EvaluationOptions(run=False)


@pytest.fixture(scope="module")
def guide(courses):
    return courses.GUIDE.read_text(encoding="utf-8")


def test_the_example_rubric_matches_the_file_tree_above_it(guide, courses):
    tree = guide[guide.index("deploy/stack.yml  ") : guide.index("Each of the first three")]
    shown = {line.split()[0] for line in tree.splitlines() if line.startswith(("deploy", "parts"))}
    assert shown == {"deploy/stack.yml"} | {
        name.rpartition("/")[0] + "/" for name in courses.WEATHER if "parts" in name
    }


@pytest.mark.slow
def test_the_documented_message_is_that_of_a_renamed_folder(guide, courses, tmp_path):
    files = {
        name.replace("parts/normals", "parts/climate"): content for name, content in courses.WEATHER.items()
    }
    rubric = read_rubric("weather.toml", courses.WEATHER_RUBRIC.encode())
    report = evaluate(str(courses.write_files(tmp_path / "weather", files)), rubric, LOOK)

    result = report.lines[0].results[0]
    assert f"✗    0/2  {result.title}\n            {result.reason}\n" in guide


def test_the_documented_error_is_that_of_a_misspelt_key(guide, courses):
    with pytest.raises(RubricError) as error:
        read_rubric(
            "weather.toml", courses.WEATHER_RUBRIC.replace("compose_files", "compose_file", 1).encode()
        )
    assert " ".join(error.value.message.split()) in " ".join(guide.split())


def test_exactly_the_keys_of_the_layout_are_documented(guide):
    tables = guide[guide.index("| `[layout]` |") : guide.index("All of them are **patterns**")]
    assert set(re.findall(r"^\| `(\w+)` \|", tables, re.MULTILINE)) == (
        {*LAYOUT_KEYS, *CONTAINER_KEYS} - {"container"}
    )


def test_the_pattern_example_finds_the_documented_folders(guide, courses):
    (folders,) = re.findall(r"`folders = (\[.*\])` finds", guide)
    layout = read_rubric(
        "weather.toml", courses.WEATHER_RUBRIC.replace('["parts/weights"]', folders).encode()
    ).layout
    for name in ("Weights", "my-weights", "part2_learned"):
        assert f"`{name}`" in guide
        places = find_places(layout, [path.replace("parts/weights", name) for path in courses.WEATHER])
        assert places.number(2).folder == name
        assert (f"{name}/", f"the folder {name}/ is used as weights/") in places.remarks


def test_the_commands_of_the_guide_are_accepted(guide):
    commands = re.findall(r"^python App07\.py (evaluate .*)$", guide, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        parse(command.split())


def test_the_checks_and_rubrics_that_the_guide_names_exist(guide):
    assert set(re.findall(r"`((?:output|imports|prediction)_\w+)`", guide)) - set(CHECKS) == {
        "output_files",
        "output_lines",
    }
    for name in re.findall(r"rubrics/([\w-]+)\.toml", guide):
        assert name in shipped_rubrics()
        assert load_rubric(Path(name)).items
