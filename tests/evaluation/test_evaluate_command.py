"""`evaluate` on the command line: output, files, exit status, classes and resuming."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress

import pytest

from evaluation.processes.bounded_process import OUTPUT, TIME, run_bounded
from evaluation.result import from_json

pytestmark = pytest.mark.slow


def test_no_run_carries_out_only_the_file_checks(drive, submit, tmp_path):
    status, out, _ = drive(submit(), "--no-run")
    assert status == 0
    assert "docker-compose.yml        12 of  20" in out
    assert "total                     32 of 32 decided" in out
    assert (tmp_path / "output" / "evaluation" / "submission1" / "report.html").is_file()


def test_the_same_submission_gets_the_same_report_twice(drive, submit, tmp_path):
    source = submit()
    results = []
    for number in range(2):
        assert drive(source, "--no-run", "--output", tmp_path / f"out{number}", "--format", "json")[0] == 0
        report = json.loads((tmp_path / f"out{number}" / source.name / "report.json").read_text("utf-8"))
        for result in (result for line in report["lines"] for result in line["results"]):
            result["seconds"] = 0
        results.append({key: value for key, value in report.items() if key not in ("started", "seconds")})
    assert results[0] == results[1]


def test_without_an_engine_the_exit_status_reports_skipped_checks(drive, submit, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    status, out, err = drive(submit())
    assert status == 69
    assert "checks need a container engine, and there is none" in err
    assert "total                     32 of 32 decided" in out


def test_json_output_is_json_only(drive, submit):
    status, out, _ = drive(submit(), "--no-run", "--json")
    whole = json.loads(out)
    assert (status, whole["status"], whole["points"], whole["complete"]) == (0, 0, 32.0, False)


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["--minimum", "50"], 70, "32 of 32 decided; at least 50 points are required"),
        (["--minimum", "32"], 0, ""),
        (["--rubric", "nowhere.toml"], 65, "cannot be read"),
    ],
)
def test_the_exit_status_reports_the_outcome(drive, submit, words, status, text):
    ended, _, err = drive(submit(), "--no-run", *words)
    assert ended == status
    assert text in err


def test_an_input_that_is_not_a_submission_exits_with_65_and_has_a_report(drive, tmp_path):
    (tmp_path / "empty").mkdir()
    status, _, err = drive(tmp_path / "empty", "--no-run", "--output", tmp_path / "out")
    assert status == 65
    assert "no submission was found" in err
    report = from_json(json.loads((tmp_path / "out" / "empty" / "report.json").read_text("utf-8")))
    assert (report.points, report.of, report.unchecked) == (0.0, 100.0, ())
    assert report.error == report.causes[0].title == report.results[0].reason
    assert "no submission was found" in (tmp_path / "out" / "empty" / "report.html").read_text("utf-8")


def test_no_report_and_no_message_names_the_password_in_a_url(drive, tmp_path):
    status, out, err = drive("https://tutor:geheim@127.0.0.1:1/task#main", "--no-run", "--output", tmp_path)
    assert status == 75
    assert "https://127.0.0.1:1/task cannot be cloned" in err
    assert "Not final: 0 of 0 decided" in out
    assert "Evaluate it again when this machine can reach the server" in out
    written = [file.read_text("utf-8") for file in (tmp_path / "task").iterdir()]
    assert len(written) > 5
    assert not [text for text in (out, err, *written) if "geheim" in text]


def test_a_name_that_no_file_system_accepts_is_a_missing_input(drive):
    status, _, err = drive("file:///" + "a" * 5000)
    assert status == 66
    assert "the name is too long" in err


def test_a_path_selects_one_of_several_tasks(drive, submit, tmp_path):
    tasks = tmp_path / "tasks"
    for name in ("Task06", "Task07"):
        shutil.copytree(submit({"README.md": None} if name == "Task07" else None), tasks / name)
    points = {}
    for words in ([], ["--path", "Task07"], ["--path", "task06"]):
        _, out, _ = drive(tasks, "--no-run", "--json", *words)
        points[words[1] if words else ""] = json.loads(out)["points"]
    assert points[""] == points["task06"] == points["Task07"] + 10
    status, _, err = drive(tasks, "--no-run", "--path", "Task08")
    assert status == 65
    assert "there is no folder Task08 in tasks: it has Task06/, Task07/" in err


@pytest.fixture
def class_of_three(submit, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    shutil.move(submit(), folder / "ann")
    shutil.move(submit({"README.md": None}), folder / "Bob B. (2)")
    (folder / "nothing").mkdir()
    (folder / "notes.txt").write_text("not a submission")
    shutil.make_archive(str(folder / "ann"), "zip", folder / "ann")
    return folder


def test_an_interrupted_class_evaluation_is_resumed(drive, class_of_three, tmp_path):
    out = tmp_path / "reports"
    status, said, _ = drive("--class-list", class_of_three, "--output", out, "--no-run")
    assert status == 0
    assert "Evaluation of 4 submissions" in said
    rows = (out / "overview.csv").read_text("utf-8").splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["Bob_B._2", "22"],
        ["ann", "32"],
        ["ann-2", "32"],
        ["nothing", "0"],
    ]
    assert "no submission was found" in rows[4]
    assert 'href="ann/report.html"' in (out / "overview.html").read_text("utf-8")

    before = (out / "ann" / "report.json").stat().st_mtime_ns
    (class_of_three / "Bob B. (2)" / "README.md").write_text("# now there is one\n")
    _, said, _ = drive("--class-list", class_of_three, "--output", out, "--no-run")
    assert said.count("done before") == 3
    assert (out / "ann" / "report.json").stat().st_mtime_ns == before
    _, said, _ = drive("--class-list", class_of_three, "--output", out, "--no-run", "--again", "all")
    assert "done before" not in said


def test_submissions_evaluated_without_an_engine_are_evaluated_again_with_one(
    drive, class_of_three, tmp_path, monkeypatch
):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    out = tmp_path / "reports"
    for earlier in (0, 1):  # that of the folder without a submission needs no engine
        status, said, err = drive("--class-list", class_of_three, "--output", out)
        assert status == 69
        assert "3 of 4 were evaluated without a container engine" in err
        assert said.count("done before") == earlier
    assert (out / "overview.csv").read_text("utf-8").count(",100,") == 4


def test_the_progress_of_a_class_fits_the_width_of_the_terminal(class_of_three, tmp_path):
    program = "import sys; from pipeline.cli import execute, parse; sys.exit(execute(parse(sys.argv[1:])))"
    words = ["evaluate", "--no-run", "--class-list", class_of_three, "--output", tmp_path / "out"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=theirs, stderr=theirs, env=os.environ | {"COLUMNS": "40"},
    ) as running:  # fmt: skip
        os.close(theirs)
        said = b""
        with suppress(OSError):  # a terminal without a program ends like this
            while piece := os.read(ours, 4096):
                said += piece
        assert running.wait(600) == 0
    os.close(ours)
    text = said.decode()
    drawn = [line for line in text.splitlines() if "running" in line or "have ended" in line]
    assert "  4 of 4 have ended" in text
    assert len(drawn) > 4 and max(len(line.rpartition("\x1b[J")[2]) for line in drawn) < 40
    # Each drawing is erased before the next: the cursor moves up by its number of lines.
    assert "\x1b[1A\r\x1b[J" in text


def test_the_answer_key_of_a_class_is_evaluated_first_and_must_get_all_points(
    drive, submit, class_of_three, tmp_path
):
    words = ["--class-list", class_of_three, "--output", tmp_path / "reports", "--no-run", "--answer-key"]
    status, said, _ = drive(*words, class_of_three / "ann")
    assert status == 0
    assert said.index("The answer key gets 32 of 32 decided points.") < said.index("  ann")
    status, _, err = drive(*words, class_of_three / "Bob B. (2)")
    assert status == 70
    assert "The answer key itself gets 22 of 32 decided points" in err and "README.md" in err
    assert "the same submission (ann-2)" in (tmp_path / "reports" / "overview.csv").read_text("utf-8")
    assert drive(*words, tmp_path / "nowhere")[0] == 66
    assert drive(submit(), "--no-run", "--answer-key", class_of_three / "ann")[0] == 2


def test_an_invalid_class_list_is_an_error(drive, tmp_path):
    assert drive("--class-list", tmp_path / "nowhere")[0] == 66
    (tmp_path / "empty").mkdir()
    assert "contains no folder and no archive" in drive("--class-list", tmp_path / "empty")[2]


def test_a_program_with_endless_output_is_stopped(tmp_path):
    for text in ("print('x' * 1000)", "import sys; sys.stdout.write('x' * 100000)"):
        done = run_bounded(["python3", "-c", f"while True: {text}"], seconds=30, output=1_000_000)
        assert done.end_reason == OUTPUT
        assert len(done.output) < 3_000_000


def test_only_a_program_beyond_its_time_limit_is_stopped():
    assert run_bounded(["sleep", "60"], seconds=0.5, output=1000).end_reason == TIME
    done = run_bounded(["sh", "-c", "printf 'one\\ntwo'; exit 3"], seconds=30, output=1000)
    assert (done.status, done.output, done.ok) == (3, "one\ntwo\n", False)
    assert (
        run_bounded(["sleep", "60"], seconds=30, output=1000, check=lambda: "disk", interval=0.1).end_reason
        == "disk"
    )
