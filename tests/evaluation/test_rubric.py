"""The task's rubric has 100 points, and errors in rubrics are reported with line and key."""

from __future__ import annotations

from importlib import resources

import pytest

from common.check_status import FAILED, NOT_CHECKED, PASSED
from common.project import PROJECT
from evaluation.checks import CHECKS
from evaluation.compose.keys import CAPABILITIES
from evaluation.engine.image_names import ALLOWED_IMAGES
from evaluation.errors import RubricError
from evaluation.grading import Grader
from evaluation.quotas import DEFAULT_LIMITS, MIB
from evaluation.rubric import load_rubric, read_rubric
from evaluation.sandbox.stack import LOOK_SECONDS
from evaluation.traps import TRAPS

TEXT = resources.files("evaluation").joinpath("rubrics", "task06.toml").read_text("utf-8")
SMALL = """\
name = "small"

[[line]]
title = "Text"
points = 3

[[line.check]]
id = "text"
title = "There is a text"
check = "document"
file = "README.md"
points = 1

[[line.check]]
id = "more"
title = "It says more"
check = "mentions"
file = "README.md"
all_of = ["unheard of"]
needs = ["text"]
hint = "Say something unheard of."
points = 2
"""


def wrong(text: str) -> str:
    with pytest.raises(RubricError) as error:
        read_rubric("my.toml", text.encode())
    assert error.value.status == 65
    return str(error.value)


@pytest.mark.slow
def test_a_rubric_may_count_a_fault_once(evidence_of):
    text = f'faults = "once"\n{SMALL}'
    assert (read_rubric("a", SMALL.encode()).faults, load_rubric().faults) == ("each", "each")
    points = {}
    for name, rubric in (("each", SMALL), ("once", text)):
        grader = Grader(read_rubric("a", rubric.encode()), evidence_of({"README.md": None}))
        grader.carry_out()
        points[name] = [(result.points, result.excused) for result in grader.results.values()]
        assert [cause.lost for cause in grader.causes] == [("text", "more")]
        assert grader.results["more"].follows == "text"
    assert points == {"each": [(0, False), (0, False)], "once": [(0, False), (2, True)]}


def test_the_built_in_rubric_has_the_hundred_points_of_the_task():
    rubric = load_rubric()
    points = {line.title: sum(item.points for item in line.items) for line in rubric.lines}
    assert points == {
        "Container 1 Build": 10,
        "Container 2 Build": 10,
        "Container 3 Build": 15,
        "docker-compose.yml": 20,
        "File Copying": 10,
        "Model Activation": 15,
        "Documentation": 10,
        "Discussion Answers": 10,
    }
    assert sum(points.values()) == 100


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "small"', 'name = "small"\nfaults = "never"', "line 2, key `faults`: expected 'each' or 'once', got 'never'"),
        ('title = "Text"', 'titel = "Text"', "my.toml line 4, key `titel`: unknown key; did you mean"),
        ('check = "document"', 'check = "dokument"', "line 10, key `check`: unknown check 'dokument'; did you"),
        ("points = 1\n", "points = 2\n", "line 5, key `points`: 'Text' has 3 points, but its checks add up to 4"),
        ("points = 1\n", 'points = "1"\n', "line 12, key `points`: '1' is not a number"),
        ("points = 1\n", "points = true\n", "line 12, key `points`: True is not a number"),
        ("points = 1\n", "points = -1\n", "line 12, key `points`: the points of a check must not be negative"),
        ('needs = ["text"]', 'needs = ["texts"]', "line 20, key `needs`: unknown check 'texts'; did you"),
        ('id = "text"', 'id = "more"', "line 15, key `id`: 'more' is used twice"),
        ('file = "README.md"\npoints', "points", "line 7, key `file`: is missing"),
        ('file = "README.md"\npoints', 'fil = "README.md"\npoints', "line 11, key `fil`: unknown key"),
        ('["unheard of"]', '["("]', "line 19, key `all_of`: '(' is not a regular expression"),
        ('name = "small"', "", "key `name`: is missing"),
        ('name = "small"', 'name = "small', "my.toml: Illegal character"),
        ('id = "text"\n', "", "line 7, key `id`: is missing"),
    ],
)  # fmt: skip
def test_an_invalid_key_is_reported_with_its_line(old, new, message):
    assert old in SMALL
    assert message in wrong(SMALL.replace(old, new, 1))


def test_a_check_can_depend_only_on_earlier_checks():
    lines = SMALL.replace('check = "document"\n', 'check = "document"\nneeds = ["more"]\n')
    assert "line 11, key `needs`: 'more' is defined later" in wrong(lines)


def test_an_unknown_container_is_refused():
    assert "key `container`: the layout has 3 containers, got 4" in wrong(
        TEXT.replace("container = 3", "container = 4", 1)
    )


def test_a_missing_or_binary_rubric_is_an_error(tmp_path):
    with pytest.raises(RubricError, match="cannot be read"):
        load_rubric(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RubricError, match="is not UTF-8"):
        load_rubric(tmp_path / "binary.toml")


@pytest.mark.slow
def test_a_check_whose_dependency_failed_is_not_checked(evidence_of):
    for changes, expected in (
        ({}, {"text": PASSED, "more": FAILED}),
        ({"README.md": None}, {"text": FAILED, "more": NOT_CHECKED}),
        ({"README.md": "unheard of"}, {"text": PASSED, "more": PASSED}),
    ):
        judge = Grader(read_rubric("small", SMALL.encode()), evidence_of(changes))
        judge.carry_out()
        assert {name: result.status for name, result in judge.results.items()} == expected
        points = {PASSED: 1.0, FAILED: 0.0, NOT_CHECKED: 0.0}[expected["text"]]
        assert judge.results["text"].points == points
    assert judge.lines[0].points == 3


@pytest.mark.slow
def test_the_hint_of_the_rubric_replaces_the_hint_of_the_check(evidence_of):
    judge = Grader(read_rubric("small", SMALL.encode()), evidence_of({}))
    judge.carry_out()
    assert judge.results["more"].hint == "Say something unheard of."
    assert "There is a text" not in judge.results["more"].reason


@pytest.mark.slow
def test_ctrl_c_marks_the_remaining_checks_as_not_checked(evidence_of):
    def stop(result):
        raise KeyboardInterrupt

    judge = Grader(read_rubric("small", SMALL.encode()), evidence_of({}))
    judge.on_result = lambda result: stop(result) if result.id == "text" and not judge.interrupted else None
    judge.carry_out()
    assert judge.interrupted
    assert judge.results["text"].status == PASSED
    assert judge.results["more"].reason == "the evaluation was interrupted"


def test_a_check_that_raises_does_not_stop_the_others(evidence_of):
    rubric = read_rubric("small", SMALL.replace('"unheard of"', '"x"').encode())
    made = evidence_of({})
    (made.submission.root / "README.md").unlink()
    (made.submission.root / "README.md").symlink_to("/etc/passwd")
    judge = Grader(rubric, made)
    judge.carry_out()
    assert judge.results["text"].status == NOT_CHECKED
    assert "internal error of the evaluation, not of the submission" in judge.results["text"].reason


def test_the_documentation_names_every_check_and_every_line_of_the_rubric():
    text = (PROJECT.root / "docs" / "evaluation.md").read_text("utf-8")
    assert [name for name in CHECKS if f"`{name}`" not in text] == []
    points = {line.title: sum(item.points for item in line.items) for line in load_rubric().lines}
    assert [title for title, of in points.items() if f"| {title} | {of} |" not in text] == []


def test_the_documentation_names_every_trap_and_the_limits():
    text = (PROJECT.root / "docs" / "evaluation.md").read_text("utf-8")
    assert [name for name in TRAPS if f"| `{name}` |" not in text] == []
    kept = DEFAULT_LIMITS
    for told in (
        f"{kept.files:,} files, {kept.total_size // MIB} MB, {kept.file_size // MIB} MB for one, {kept.depth} folders",
        f"({kept.ratio} times its size)",
        f"{kept.clone_seconds:g} s; {2 * kept.total_size // MIB // 1024} GB",
        f"{kept.build_seconds:g} s, {kept.build_memory // MIB // 1024} GB of memory and {kept.build_processes} processes",
        f"{kept.build_disk // MIB // 1024} GB written",
        f"{kept.memory // MIB // 1024} GB of memory, {kept.processes} processes, {kept.cpus:g} CPUs",
        f"{kept.alone_seconds:g} s for a single container, {kept.stack_seconds:g} s for the stack",
        f"{kept.output // MIB} MB of output",
        f"{kept.volume // MIB} MB, {kept.volume_files:,} files",
        f"| {kept.disk // MIB} MB | each file by the kernel",
        f"({LOOK_SECONDS:g} s at most)",
        ", ".join(name for name in ALLOWED_IMAGES if name != "scratch"),
        "beyond " + ", ".join(CAPABILITIES),
    ):
        assert told in " ".join(text.split()), told
