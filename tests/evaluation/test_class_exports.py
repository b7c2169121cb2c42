"""Unchanged class exports: the student of each submission, duplicates, and submissions that cannot be opened."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from evaluation.cohort.class_archive import opened_class
from evaluation.cohort.members import members_in
from evaluation.cohort.student import Student
from evaluation.errors import NoSubmission
from evaluation.quotas import DEFAULT_LIMITS


def class_of(folder: Path, *names: str) -> Path:
    """Make empty folders (names that end with a slash) and files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).mkdir() if name.endswith("/") else (folder / name).write_bytes(b"")
    return folder


def found(folder: Path) -> dict[str, Student]:
    return {member.name: member.student for member in members_in(folder)}


def test_moodle_folders_are_read(tmp_path):
    class_of(
        tmp_path,
        "Anna Muster_12345_assignsubmission_file_/",
        "Anna Muster_12345_assignsubmission_onlinetext_/",
        "Äneas O'Hara_777_assignsubmission_file_/",
        "Chris Text_99_assignsubmission_onlinetext_/",
        "Participant 4_4_assignsubmission_file_/",
    )
    assert found(tmp_path) == {
        "Anna_Muster": Student("Anna Muster", "12345"),
        "Äneas_O_Hara": Student("Äneas O'Hara", "777"),
        "Chris_Text": Student("Chris Text", "99"),
        "Participant_4": Student("Participant 4", "4"),
    }


def test_moodle_files_without_folders_are_read(tmp_path):
    class_of(
        tmp_path,
        "Anna Muster_1_assignsubmission_file_task06.zip",
        "Bob B_2_assignsubmission_file_Dockerfile",
        "Bob B_2_assignsubmission_file_my_work.tar.gz",
        "grades.csv",
    )
    anna, bob = members_in(tmp_path)
    assert (anna.name, anna.source.name, anna.files) == (
        "Anna_Muster",
        "Anna Muster_1_assignsubmission_file_task06.zip",
        (),
    )
    assert [file.name for file in bob.files] == ["Dockerfile", "my_work.tar.gz"]


def test_canvas_files_are_read_with_lateness_and_attempts(tmp_path):
    class_of(
        tmp_path,
        "musteranna_101_9001_task06.zip",
        "bobb_LATE_102_9002_task06-2.zip",
        "carol_103_9003_discussion.pdf",
        "carol_103_9004_work-1.tar.gz",
        "anon_a1B2c_9005_task06.zip",
        "dave_104_9006_only.pdf",
    )
    assert found(tmp_path) == {
        "musteranna": Student("musteranna", "101"),
        "bobb": Student("bobb", "102", attempt=3, late=True),
        "carol": Student("carol", "103", attempt=2),
        "anon_a1B2c": Student("", "a1B2c"),
        "dave": Student("dave", "104"),
    }
    carol = next(member for member in members_in(tmp_path) if member.name == "carol")
    assert [file.name for file in carol.files] == ["discussion.pdf", "work-1.tar.gz"]


def test_github_classroom_clones_are_read(tmp_path):
    inside = class_of(tmp_path / "one", *(f"task06-{login}/.git/" for login in ("anna-m", "Bob2")))
    assert found(inside) == {"anna-m": Student(login="anna-m"), "Bob2": Student(login="Bob2")}
    named = class_of(tmp_path / "task-06-submissions", "task-06-anna-m/", "other/")
    assert found(named) == {"anna-m": Student(login="anna-m"), "other": Student()}
    without_git = class_of(tmp_path / "Task06", "task06-anna-m/", "task06-bob/")
    assert found(without_git) == {"anna-m": Student(login="anna-m"), "bob": Student(login="bob")}
    plain = class_of(tmp_path / "plain", "team-a/", "team-b/")
    assert found(plain) == {"team-a": Student(), "team-b": Student()}


def test_ilias_folders_and_plain_folders_are_read(tmp_path):
    ilias = class_of(tmp_path / "ilias", "Muster_Anna_amuster_2211/", "von_Berg_Bob_b.berg_2212/")
    assert found(ilias)["Muster_Anna"] == Student("Anna Muster", "2211", "amuster")
    assert len(found(ilias)) == 2
    plain = class_of(
        tmp_path / "plain", "anna/", "bob.tar.gz", "carol.7z", "Muster_Anna_amuster_2211/", "list.txt"
    )
    assert found(plain) == dict.fromkeys(("Muster_Anna_amuster_2211", "anna", "bob", "carol"), Student())


def test_students_with_the_same_name_are_distinguished_by_number(tmp_path):
    class_of(
        tmp_path,
        *(f"Anna Muster_{number}_assignsubmission_file_/" for number in (12, 7)),
        "Bob_1_assignsubmission_file_/",
    )
    assert set(found(tmp_path)) == {"Anna_Muster_12", "Anna_Muster_7", "Bob"}


def test_the_first_attempt_keeps_its_name(tmp_path):
    class_of(tmp_path, "anna_7_100_task.zip", "bob_8_102_task.zip")
    assert set(found(tmp_path)) == {"anna", "bob"}
    class_of(tmp_path, "anna_7_103_task-1.zip")
    assert {name: student.attempt for name, student in found(tmp_path).items()} == {
        "anna": 0,
        "anna-2": 2,
        "bob": 0,
    }


@pytest.mark.slow
def test_notes_without_a_submission_are_reported(drive, tmp_path):
    (tmp_path / "class" / "anna").mkdir(parents=True)
    out = tmp_path / "out"
    for name, text in (("ben", "# a template\n"), ("cem", "comment = 'good'\n")):
        (out / name).mkdir(parents=True)
        (out / name / "tutor.toml").write_text(text)
    _, output, _ = drive("--class-list", tmp_path / "class", "--output", out, "--no-run")

    assert "cem/tutor.toml has notes, but no submission has that name now" in output
    assert "ben/tutor.toml" not in output and "anna/tutor.toml" not in output


def test_an_export_in_a_subfolder_is_found(tmp_path):
    class_of(
        tmp_path / "download", *(f"Student {number}_{number}_assignsubmission_file_/" for number in (1, 2))
    )
    assert set(found(tmp_path)) == {"Student_1", "Student_2"}


@pytest.mark.slow
def test_an_export_archive_is_unpacked_and_its_copy_is_removed(tmp_path):
    path = tmp_path / "Task06 download.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for number in (1, 2):
            packed.writestr(f"Student {number}_{number}_assignsubmission_file_/task06.zip", b"")
    with opened_class(path, DEFAULT_LIMITS) as folder:
        assert found(folder) == {
            f"Student_{number}": Student(f"Student {number}", str(number)) for number in (1, 2)
        }
    assert not folder.exists()
    path.write_bytes(b"PK\x03\x04 cut")
    with (
        pytest.raises(NoSubmission, match=r"Task06 download.zip is damaged"),
        opened_class(path, DEFAULT_LIMITS),
    ):
        pass


def test_names_of_students_become_safe_folder_names(tmp_path):
    class_of(
        tmp_path,
        "a\\..\\evil_1_assignsubmission_file_/",
        "con_2_assignsubmission_file_/",
        "\x1b[2J_3_assignsubmission_file_/",
    )
    assert set(found(tmp_path)) == {"a_.._evil", "submission_con", "2J"}


def test_two_files_with_the_same_name_are_both_kept(tmp_path):
    class_of(tmp_path, "x_1_2_a.zip", "x_1_3_a.zip", "x_1_4_A.zip")
    (member,) = members_in(tmp_path)
    assert [file.name for file in member.files] == ["a.zip", "2-a.zip", "3-A.zip"] or [
        file.name for file in member.files
    ] == ["A.zip", "2-a.zip", "3-a.zip"]


@pytest.fixture
def class_of_100(tmp_path, submit):
    """Return a class of Moodle: 3 different submissions, 63 copies of them, 33 that cannot be opened, an empty folder."""
    folder = tmp_path / "class"
    folder.mkdir()
    originals = []
    for number in range(3):
        source = submit({"README.md": f"# Submission {number}\n"})
        shutil.rmtree(source / "container3_codebase" / "pybrain")
        originals.append(Path(shutil.make_archive(str(tmp_path / f"original{number}"), "zip", source)))
    good = originals[0].read_bytes()
    unusable = {
        "cut.zip": good[: len(good) // 2],
        "noise.tar.gz": b"\x1f\x8b\x08" + os.urandom(200),
        "essay.pdf": b"%PDF-1.7",
    }
    for number in range(100):
        place = folder / f"Student {number:02}_{number}_assignsubmission_file_"
        place.mkdir()
        if number < 66:
            shutil.copy(originals[number % 3], place / "task06.zip")
        elif number < 99:
            name = list(unusable)[number % 3]
            (place / name).write_bytes(unusable[name] + bytes([number]))
    return folder


@pytest.mark.slow
def test_a_class_of_100_is_prepared_within_seconds(drive, class_of_100, tmp_path):
    out = tmp_path / "out"
    before = sum(os.times()[:4])
    status, output, _ = drive("--class-list", class_of_100, "--output", out, "--no-run")
    assert status == 0
    assert sum(os.times()[:4]) - before < 30  # seconds of CPU time; it takes about 6
    assert "Evaluation of 100 submissions" in output
    reports = {path.parent.name: json.loads(path.read_text("utf-8")) for path in out.glob("*/report.json")}
    assert set(reports) == {f"Student_{number:02}" for number in range(100)}
    assert all(report["submission"] == name for name, report in reports.items())
    errors = [reports[f"Student_{number:02}"]["error"] for number in range(100)]
    assert set(errors[:66]) == {""}
    assert {error.partition(":")[0] for error in errors[66:98]} == {
        "cut.zip is damaged",
        "noise.tar.gz is damaged or not a tar archive",
        *(error.partition(":")[0] for error in errors[66:98] if "essay.pdf" in error),
    }
    assert errors[99].startswith("no submission was found in Student 99_99") and errors[99].endswith(
        "it is empty"
    )
    points = {number % 3: reports[f"Student_{number:02}"]["points"] for number in range(66)}
    assert all(reports[f"Student_{number:02}"]["points"] == points[number % 3] for number in range(66))

    _, output, _ = drive("--class-list", class_of_100, "--output", out, "--no-run")
    assert output.count("done before") == 100
