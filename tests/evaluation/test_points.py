"""Real containers: correct submissions of several kinds get all points; different failures are distinguished."""

from __future__ import annotations

import json
import os
import re

from common.check_status import NOT_CHECKED
from common.project import PROJECT
from evaluation.result import from_json
from evaluation.submission.checklist import contents_of
from pipeline.submission.archive import write_archive

C1, C3 = "container1_activationbase", "container3_codebase"
SHOWN = re.compile(r"<!-- output of: python App07.py evaluate -->\n```\n(.*?)```", re.DOTALL)


def masked(text):
    """Return a string with the folder of the reports masked."""
    return re.sub(r"output/evaluation/[^/]+/", "output/evaluation/NAME/", text)


def trap_names(report):
    return {finding.id for finding in report.findings}


def result(report, name):
    return next(one for one in report.results if one.id == name)


def test_this_projects_own_archive_gets_all_points_as_shown_in_the_readme(
    own_project, drive, left_of, tmp_path
):
    # With 1.29.2; the class below is evaluated with 2.x.
    contents = contents_of(own_project.root)
    archive = write_archive(own_project, contents, tmp_path / "Task06_Submission.zip")
    status, out, _ = drive(archive.path, "--compose", "v1")
    assert status == 0
    assert left_of(os.getpid()) == []
    shown = SHOWN.search((PROJECT.root / "README.md").read_text("utf-8"))
    assert shown is not None and masked(shown.group(1)) in masked(out)

    written = tmp_path / "output" / "evaluation" / "Task06_Submission" / "report.json"
    report = from_json(json.loads(written.read_text("utf-8")))
    assert {one.id: one.reason for one in report.results if one.status != "passed"} == {}
    assert report.points == 100
    assert trap_names(report) <= {"unpinned"}
    assert all(one.enforced for one in report.protections)


def test_a_correct_submission_in_the_courses_style_gets_all_points_and_advice(reports, failed):
    report = reports["course-style"]
    assert failed(report) == {}
    assert report.points == 100
    assert trap_names(report) == {
        "root-leftovers",
        "root-user",
        "unpinned",
        "obsolete-version",
        "fixed-names",
    }


def test_a_correct_submission_with_volume_healthchecks_and_buildkit_gets_all_points(reports, failed):
    report = reports["named-volume"]
    assert failed(report) == {}
    assert report.points == 100
    assert "RUN <<END" in str(result(report, "container3.builds").evidence)
    assert [finding.text.partition("`: ")[0] for finding in report.findings if finding.id == "stand-in"] == [
        "volumes.exchange: `external: true",
        "answer: `platform: linux/s390x",
        "answer: `deploy.resources.reservations.devices",
    ]


def test_the_stack_that_stops_at_the_first_exit_loses_orchestration_and_prediction(reports, failed):
    report = reports["first-exit"]
    assert failed(report) == {
        "compose.orchestration": "failed",
        "compose.status": NOT_CHECKED,
        "activation.prediction": "failed",
    }
    assert report.points == 100 - 5 - 3 - 15
    assert "first container's exit" in result(report, "compose.orchestration").reason
    found = next(one for one in report.findings if one.id == "first-exit")
    assert found.where == "docker-compose.yml:4"
    assert "Without that flag, the same stack makes the right prediction" in found.text


def test_for_the_courses_own_example_the_crash_is_reported_before_the_first_exit(reports, failed):
    report = reports["own-example"]
    assert set(failed(report)) == {"compose.orchestration", "compose.status", "activation.prediction"}
    crash, first_exit = report.causes
    assert (crash.id, crash.where) == ("nested-activate", f"{C3}/UE_07_App5.py:14")
    assert "`x_input` is a table (a list in a list, or an array of two dimensions) on line 13" in crash.what
    assert "`model.activate(x_input[0])`" in crash.do_first
    assert "ValueError" in crash.evidence[-1].text.splitlines()[-1]
    assert (first_exit.id, first_exit.lost) == ("first-exit", ("compose.orchestration", "compose.status"))
    assert "print" not in result(report, "activation.prediction").hint.lower()


def test_files_that_codebase_writes_while_the_stack_stops_are_kept(reports, failed):
    report = reports["first-exit-with-a-file"]
    assert failed(report) == {"compose.orchestration": "failed", "compose.status": NOT_CHECKED}
    assert "shared_data/result.json" in result(report, "activation.prediction").reason


def test_checks_that_depend_on_a_failed_build_are_skipped(reports, failed):
    report = reports["not-built"]
    lost = failed(report)
    assert lost["container1.builds"] == lost["container2.builds"] == "failed"
    assert result(report, "container1.builds").reason == (
        f"{C1}/Dockerfile was not found; {C1}/ contains: currentActivation.csv"
    )
    assert "exited with status 1" in result(report, "container2.builds").reason
    # Not downloaded: the person who runs the evaluation decides.
    assert lost["container3.builds"] == NOT_CHECKED
    assert "--allow-image node:20" in result(report, "container3.builds").hint
    assert report.total_text == f"{4 + 4 + 4 + 10 + 10} of {100 - 6 - 2 - 7} decided"


def test_an_image_that_no_service_builds_is_reported(reports, failed):
    report = reports["image-of-nobody"]
    assert failed(report)["compose.services"] == "failed"
    assert (
        "codebase_app07:v2, which nothing in the submission builds"
        in result(report, "compose.services").reason
    )
    assert report.points == 100 - 4 - 5 - 3 - 10 - 15


def test_a_hard_coded_prediction_gets_no_points(reports, failed):
    report = reports["written-down"]
    assert failed(report) == {"activation.prediction": "failed"}
    assert report.points == 85
    assert "fixed-answer" in trap_names(report)


def test_a_shared_folder_outside_the_submission_loses_its_points(reports, failed):
    report = reports["own-machine"]
    assert failed(report) == {"compose.services": "failed"}
    assert report.points == 96
    assert (
        "the three share /home/bob/task06, a folder that exists on one machine only"
        in result(report, "compose.services").reason
    )
    assert "own-machine-path" in trap_names(report)


def test_files_of_the_project_are_not_results_if_the_whole_project_is_shared(reports, failed):
    report = reports["whole-project"]
    assert failed(report) == {}
    assert report.points == 100
    assert "the output of codebase" in result(report, "activation.prediction").reason
