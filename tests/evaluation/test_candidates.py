"""The folder of a submission is found by the names in it; the best one is used, and the others are reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.errors import NoSubmission
from evaluation.intake_failure import name_of_source
from evaluation.layout.expected_layout import TASK06
from evaluation.layout.places import find_places
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.submission.candidates import find_candidates
from evaluation.submission.choose_root import Expected
from tests.evaluation.submissions import copy_submission

WHOLE = (
    "docker-compose.yml",
    "discussion.txt",
    "container1_activationbase/Dockerfile",
    "container1_activationbase/currentActivation.csv",
    "container2_knowledgebase/Dockerfile",
    "container2_knowledgebase/currentSolution.pkl",
    "container3_codebase/Dockerfile",
    "container3_codebase/UE_07_App5.py",
)
EXPECTED = Expected(TASK06, ("README.md", "discussion.txt"))


def under(folder: str, names=WHOLE) -> list[str]:
    return [f"{folder}/{name}" for name in names]


def tree(path: Path, names) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("text\n")
    return path


def taken(source: Path, place: Path, **expected: str):
    return copy_submission(str(source), place, DEFAULT_LIMITS, replace(EXPECTED, **expected))


@pytest.mark.parametrize(
    ("files", "path"),
    [
        (WHOLE, ""),
        (under("Task06"), "Task06"),
        (under("a/b/c/d/e"), "a/b/c/d/e"),
        ([*under("Task06"), *under("Task05", WHOLE[2:6]), "README.md"], "Task06"),
        ([*WHOLE, *under("examples/Task06")], ""),
        ([*under("Task06"), "docker-compose.yml"], "Task06"),
        (["Abgabe/CONTAINER1_ActivationBase/dockerfile"], "Abgabe"),
        (["Abgabe/Docker-Compose.YML"], "Abgabe"),
    ],
)
def test_the_folder_with_most_of_a_submission_comes_first(files, path):
    assert find_candidates(files, TASK06)[0].path == path


def test_a_folder_without_parts_of_a_submission_has_no_candidate():
    assert (
        find_candidates(["README.md", "notes/homework.docx", "Task01/app.py"], TASK06, EXPECTED.documents)
        == ()
    )


def test_the_other_tasks_of_a_repository_are_reported(tmp_path):
    source = tree(tmp_path / "tasks", [*under("Task06"), *under("Task07", WHOLE[:4]), "README.md"])
    submission = taken(source, tmp_path / "in")
    assert submission.root.name == "Task06"
    remark = next(remark for remark in submission.remarks if remark.what == "candidates")
    assert remark.text.startswith("Task06 (docker-compose.yml, container1_activationbase")
    assert "others: Task07 (docker-compose.yml, container1_activationbase, discussion.txt)" in remark.text


@pytest.mark.parametrize("path", ["Task07", "task07", "./Task07/", "wrapped\\Task07"])
def test_a_requested_folder_is_used(tmp_path, path):
    source = tree(tmp_path / "tasks", [*under("wrapped/Task06"), *under("wrapped/Task07", WHOLE[:4])])
    submission = taken(source, tmp_path / "in", path=path)
    assert submission.root.name == "Task07"
    assert "candidates" not in [remark.what for remark in submission.remarks]


def test_a_missing_requested_folder_is_an_error_that_lists_the_candidates(tmp_path):
    source = tree(tmp_path / "tasks", under("Task06"))
    with pytest.raises(NoSubmission, match=r"there is no folder Task09 in .*: it has Task06/"):
        taken(source, tmp_path / "in", path="Task09")
    with pytest.raises(NoSubmission, match="there is no folder"):
        taken(source, tmp_path / "again", path="../..")


@pytest.mark.parametrize(
    ("names", "folder"),
    [
        (["Dockerfile", "currentActivation.csv"], "container1_activationbase"),
        (["Dockerfile", "currentSolution.pkl", "notes.txt"], "container2_knowledgebase"),
        (["Dockerfile", "UE_07_App5.py", "requirements.txt"], "container3_codebase"),
        (["Dockerfile", "app.py", "requirements.txt"], "container3_codebase"),
    ],
)
def test_the_files_of_a_single_container_are_used_as_that_container(tmp_path, names, folder):
    submission = taken(tree(tmp_path / "handed-in", names), tmp_path / "in")
    assert submission.has_folder(folder)
    assert submission.has(f"{folder}/Dockerfile")
    assert "only one container" in submission.remarks[-1].text


def test_the_first_container_in_its_own_folder_is_enough(tmp_path):
    submission = taken(tree(tmp_path / "handed-in", under("Task06", WHOLE[2:4])), tmp_path / "in")
    assert submission.files == WHOLE[2:4]


@pytest.mark.parametrize(
    ("compose", "root"),
    [
        ("docker-compose.yml", ""),
        ("work/compose.yaml", "work"),
        ("scenarios/apply/docker-compose.yml", ""),
        ("work/run [1]/docker-compose.yml", "work"),
    ],
)
def test_a_compose_file_outside_the_folder_of_the_containers_is_found(tmp_path, compose, root):
    source = tree(tmp_path / "in-two-places", [*under("work/containers", WHOLE[2:]), compose, "README.md"])
    submission = taken(source, tmp_path / "in")
    assert submission.root == tmp_path / "in" / "files" / root
    places = find_places(submission.layout, submission.files)
    assert (submission.root / places.compose_file).relative_to(
        tmp_path / "in" / "files"
    ).as_posix() == compose
    folders = [
        (submission.root / place.folder).relative_to(tmp_path / "in" / "files").as_posix()
        for place in places.containers
    ]
    assert folders == [
        f"work/containers/{name}"
        for name in ("container1_activationbase", "container2_knowledgebase", "container3_codebase")
    ]
    assert submission.has("README.md")


def test_a_compose_file_of_another_task_is_not_used(tmp_path):
    source = tree(
        tmp_path / "tasks", [*under("Task06", WHOLE[2:]), *under("Task05", WHOLE[2:6]), "Task04/compose.yml"]
    )
    submission = taken(source, tmp_path / "in")
    assert submission.root.name == "Task06"
    assert submission.layout == TASK06


def test_documents_above_the_only_submission_belong_to_it(tmp_path):
    source = tree(tmp_path / "one", [*under("Task06", (WHOLE[0], *WHOLE[2:])), "README.md", "discussion.txt"])
    submission = taken(source, tmp_path / "in")
    assert submission.has("README.md") and submission.has("discussion.txt")
    source = tree(tmp_path / "two", [*under("Task06"), *under("Task05", WHOLE[2:6]), "README.md"])
    assert not taken(source, tmp_path / "again").has("README.md")


@pytest.mark.slow
def test_thousands_of_candidates_are_listed_briefly(tmp_path):
    files = [f"f{number:05}/docker-compose.yml" for number in range(10_000)]
    assert len(find_candidates(files, TASK06)) == 10_000
    submission = taken(tree(tmp_path / "many", files[:50]), tmp_path / "in")
    remark = next(remark for remark in submission.remarks if remark.what == "candidates")
    assert "and 44 more" in remark.text and len(remark.text) < 400


def test_a_folder_passed_as_a_dot_gets_its_own_name(tmp_path, monkeypatch):
    (tmp_path / "anna" / "task").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "anna" / "task")
    assert [name_of_source(source) for source in (".", "./", "..", "/x/anna.tar.gz")] == [
        "task", "task", "anna", "anna",
    ]  # fmt: skip
