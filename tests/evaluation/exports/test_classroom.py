"""GitHub Classroom: the points and messages of its reporter action for the exported variables."""

from __future__ import annotations

import base64
import json
import operator
import os
import re
import subprocess
from dataclasses import replace
from functools import reduce

import pytest
import yaml

from common.project import PROJECT
from evaluation.marks import Late, Mark
from evaluation.reports.formats.classroom import RUNNERS, export
from evaluation.rubric import load_rubric


def variables(report):
    return dict(line.split("=", 1) for line in export(report).splitlines())


def runners(report):
    """Read the variables as the reporter does: the upper-case name of each runner, then base64, then JSON."""
    environment = variables(report)
    return {
        name: json.loads(base64.b64decode(environment[f"{name.upper()}_RESULTS"], validate=True))
        for name in environment[RUNNERS].split(",")
    }


def table_score(runner):
    """Return the score in the reporter's table: the share of passed tests, times the points of the runner."""
    passed = sum(test["status"] == "pass" for test in runner["tests"])
    return passed / len(runner["tests"]) * runner["max_score"]


def printed(runner):
    """Return the output of version 1 of the reporter for the tests of a runner, without colours."""
    text = []
    for test in runner["tests"]:
        where = "" if test["line_no"] == 0 else f" - line {test['line_no']}"
        if test["status"] == "pass":
            text.append(f"✅ {test['name']}{where}")
        elif test["status"] == "error":
            text.append(f"Error: {test['message']}\n")
        else:
            text.append(f"❌ {test['name']}{where}")
        if test["test_code"]:
            text.append(f"Test code:\n{test['test_code']}\n")
    return "\n".join(text)


def test_the_table_the_total_and_the_reported_points_match_the_rubric(report):
    read = runners(report)
    assert {name: table_score(runner) for name, runner in read.items()} == {
        "container_1_build": pytest.approx(6.5),
        "erganzung": pytest.approx(1.5),
    }
    tests = [test for runner in read.values() for test in runner["tests"]]
    assert sum(test["status"] == "pass" for test in tests) / len(tests) == pytest.approx(8 / 20)
    assert sum(test["score"] for test in tests) == pytest.approx(8)
    assert sum(runner["max_score"] for runner in read.values()) == 20


def test_every_check_has_one_test_per_point(report):
    items = load_rubric().items
    line = report.lines[0]
    failing = [replace(line.results[1], id=item.id, title=item.title, of=item.points) for item in items]
    (runner,) = runners(replace(report, lines=(replace(line, results=tuple(failing)),))).values()
    assert len(runner["tests"]) == sum(item.points for item in items) == 100


def test_reasons_and_hints_are_printed_once(report):
    first, second = runners(report).values()
    failed = [test for test in first["tests"] if test["status"] == "fail"]
    assert "<script>" in failed[0]["message"] and "What to do: Write `COPY`." in failed[0]["message"]
    assert {test["message"] for test in failed[1:]} == {"See above."}
    assert {test["message"] for test in first["tests"] if test["status"] == "pass"} == {None}
    assert (first["status"], second["status"]) == ("fail", "error")
    log = printed(first) + printed(second)
    assert log.count("What to do: Write `COPY`.") == 1
    assert "❌ c1.holds holds (1 of 7)\nTest code:\nReason: <script>" in log
    assert "Error: answers holds (1 of 17): Not checked: no engine" in log
    assert "Error: answers holds (2 of 17): See above." in log
    assert "✅ c1.builds holds (1 of 10)\n✅ c1.builds holds (2 of 10)\n" in log
    assert " - line " not in log


def test_the_reason_is_kept_if_the_tutor_awards_some_points_of_a_check(report):
    line = report.lines[0]
    (runner, _) = runners(
        replace(report, lines=(replace(line, mark=Mark(8, "well tried")), report.lines[1]))
    ).values()
    assert table_score(runner) == pytest.approx(8)
    log = printed(runner)
    assert "✅ c1.holds holds (3 of 7)\n❌ c1.holds holds (4 of 7)\nTest code:\nReason: <script>" in log
    assert log.count("What to do: Write `COPY`.") == 1


def test_no_string_of_a_submission_becomes_a_workflow_command(report):
    log = printed(runners(report)["container_1_build"])
    assert ": :add-path::/x" in log
    assert not re.search(r"^\s*::|##\[", log, re.MULTILINE)


@pytest.mark.slow
def test_each_variable_fits_into_the_environment_and_has_a_unique_name(report):
    line = report.lines[0]
    long = replace(line, results=tuple(replace(result, reason="日" * 100_000) for result in line.results))
    titles = ["Runner A", "Runner A", "路径", "1. Build", "GitHub", "A" * 90]
    whole = replace(report, lines=tuple(replace(long, title=title) for title in titles))
    names = variables(whole)[RUNNERS].split(",")
    assert names == [
        "line_1_runner_a", "line_2_runner_a", "line_3", "line_4_1_build", "line_5_github", "a" * 40,
    ]  # fmt: skip
    many = replace(
        report,
        lines=(
            replace(
                line, results=tuple(replace(long.results[1], of=0.4, title="日" * 999) for _ in range(700))
            ),
        ),
    )
    for text in (export(whole) + export(many)).splitlines():
        assert len(text) < 128 * 1024
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*=[\w+/=,-]+", text)


def test_the_sums_include_marks_and_lateness(report):
    build, documents = report.lines
    results = (build.results[0], replace(build.results[1], mark=Mark(2.25, "half of it")), build.results[2])
    marked = replace(
        report,
        lines=(replace(build, results=results), replace(documents, mark=Mark(4, "read by hand"))),
        late=Late(1.5, "one day"),
    )
    read = runners(marked)
    assert marked.awarded == 11.25
    assert sum(table_score(runner) for runner in read.values()) == pytest.approx(11.25)
    assert table_score(read["container_1_build"]) == pytest.approx(8.75)
    tests = [test for runner in read.values() for test in runner["tests"]]
    assert sum(test["score"] for test in tests) == pytest.approx(11.25)
    messages = "\n".join(test["message"] or "" for test in tests)
    assert "Tutor (points 2.25 instead of 0): half of it" in messages
    assert "Late: one day" in messages


@pytest.mark.parametrize(("late", "expected"), [(2.5, 6.5), (2.7, 6.3), (0.1, 8.9)])
def test_the_table_adds_up_if_lateness_costs_a_fraction_of_a_point(report, late, expected):
    """The reporter adds floating-point numbers one by one, both in the table and in the reported points."""
    items = load_rubric().lines[-1].items
    line = report.lines[0]
    results = tuple(
        replace(line.results[0], id=item.id, title=item.title, points=item.points, of=item.points)
        for item in items
    )
    other = replace(line, title="Other", results=tuple(replace(line.results[1], of=10.0) for _ in range(9)))
    late_report = replace(
        report,
        lines=(replace(line, results=results, mark=Mark(9)), other),
        late=Late(late, "one day"),
    )
    first, second = runners(late_report).values()
    assert late_report.awarded == expected
    assert table_score(first) == pytest.approx(expected, abs=1e-9)
    assert reduce(operator.add, (test["score"] for test in first["tests"])) == expected
    assert table_score(second) == 0
    # Half points result in two tests per point; for tenths, the other line is not split into a thousand tests.
    assert (len(first["tests"]), len(second["tests"])) == ((20, 180) if late == 2.5 else (100, 45))


def test_fractional_points_do_not_create_thousands_of_tests(report):
    line = report.lines[0]
    odd = replace(line.results[1], points=1.234, of=3.333)
    results = (odd, replace(line.results[0], points=7, of=7))
    (runner,) = runners(replace(report, lines=(replace(line, results=results),))).values()
    assert len(runner["tests"]) == 10
    assert sum(test["score"] for test in runner["tests"]) == pytest.approx(8.234)


def workflows():
    """Return the documented workflows: the graded one, and the one that only shows the student's own run."""
    text = (PROJECT.root / "docs" / "evaluation-exports.md").read_text("utf-8")
    graded, own = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    return graded, own


def test_the_documented_workflow_is_graded_only_by_the_tutors_evaluation():
    graded_workflow, own_workflow = workflows()
    jobs = graded_workflow["jobs"]
    # According to the reporter, no points reach GitHub Classroom without this name or with a second job.
    assert (graded_workflow["name"], list(jobs)) == ("Autograding Tests", ["run-autograding-tests"])
    graded = jobs["run-autograding-tests"]["steps"]
    checkouts = {step["with"]["path"]: step["with"] for step in graded if "checkout" in step.get("uses", "")}
    assert "repository" not in checkouts["submission"] and "ref" in checkouts["evaluation"]
    (commands,) = (step["run"] for step in graded if "run" in step)
    assert commands.startswith('cd evaluation\npython App07.py evaluate ../submission --output "$RUNNER_TEMP')
    assert 'classroom.env >> "$GITHUB_ENV"' in commands
    assert graded[-1]["with"]["runners"] == f"${{{{ env.{RUNNERS} }}}}"
    # YAML 1.1 parses the key `on` as true.
    assert own_workflow[True] == {
        "workflow_run": {"workflows": ["Autograding Tests"], "types": ["completed"]}
    }
    assert own_workflow["permissions"] == {"contents": "read"}
    (own,) = own_workflow["jobs"].values()
    assert own["steps"][0]["with"]["persist-credentials"] is False
    assert "App07.py" in str(own["steps"]) and "docker compose up" in str(own["steps"])


@pytest.mark.parametrize(
    ("status", "reported"), [(0, True), (65, True), (69, False), (75, False), (130, False)]
)
def test_the_documented_workflow_reports_only_final_points(tmp_path, status, reported):
    """GitHub runs a step with ``bash -e``; the reporter runs only if this step ends with 0."""
    (evaluation,) = (
        step["run"] for step in workflows()[0]["jobs"]["run-autograding-tests"]["steps"] if "run" in step
    )
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "out" / "submission").mkdir(parents=True)
    (tmp_path / "out" / "submission" / "classroom.env").write_text("CLASSROOM_RUNNERS=a\n")
    (tmp_path / "out" / "submission" / "report.md").write_text("# Report\n")
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\nexit {status}\n")
    python.chmod(0o755)
    variables = {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ENV": str(tmp_path / "env"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", evaluation],
        cwd=tmp_path,
        env=variables,
        check=False,
    )
    assert ended.returncode == (0 if reported else status)
    assert (tmp_path / "env").exists() == reported
    assert (tmp_path / "summary").read_text() == "# Report\n"
