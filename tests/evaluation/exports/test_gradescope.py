"""Gradescope: the documented fields, and the documented script for a container without Docker."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import subprocess
import unittest
from dataclasses import replace

import pytest

from common.project import PROJECT
from evaluation.marks import Late, Mark
from evaluation.reports.formats.gradescope import export

WHOLE = {
    "score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility",
    "stdout_visibility", "extra_data", "tests", "leaderboard",
}  # fmt: skip
TEST = {
    "score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags", "visibility",
    "extra_data",
}  # fmt: skip


def test_only_documented_fields_are_written_and_the_score_is_the_awarded_one(report):
    build, documents = report.lines
    marked = replace(
        report, lines=(replace(build, mark=Mark(8, "well tried")), documents), late=Late(1, "one hour")
    )
    whole = json.loads(export(marked))
    assert set(whole) <= WHOLE and all(set(test) <= TEST for test in whole["tests"])
    assert whole["score"] == marked.awarded == 8.5
    assert whole["extra_data"]["lines"]["Container 1 Build"] == {"points": 8, "of": 10}
    assert "Container 1 Build: Tutor (points 8 instead of 6.5): well tried" in whole["output"]
    assert "Late: one hour (-1 point)" in whole["output"]


def test_undecided_checks_are_reported_first(report):
    open_ = tuple(
        replace(result, undecided=True) if result.status == "not checked" else result
        for result in report.results
    )
    whole = json.loads(export(replace(report, lines=(replace(report.lines[0], results=open_),))))
    assert whole["output"].splitlines()[:2] == [
        "8 of 11.5 decided points",
        "Not final: 8 of 11.5 decided. The environment prevented the other checks.",
    ]
    assert [test["tags"][1] for test in whole["tests"]][-1] == "not decided"
    without = replace(report, lines=(replace(report.lines[0], results=open_),), engine="")
    assert (
        "8 of 11.5 decided. Nothing was built or run for the other checks."
        in json.loads(export(without))["output"]
    )


def test_tests_have_the_fields_that_gradescopes_own_library_writes(report):
    fields = {"name": str, "score": float, "max_score": float, "status": str, "tags": list, "output": str,
              "visibility": str, "number": str}  # fmt: skip
    if importlib.util.find_spec("gradescope_utils"):
        assert kinds_of(own_library()) == fields
    for test in json.loads(export(report))["tests"]:
        assert kinds_of(test) == fields


def kinds_of(test):
    return {name: float if type(value) is int else type(value) for name, value in test.items()}


def own_library():
    """Return the output of gradescope-utils for a test that fails."""
    from gradescope_utils.autograder_utils import decorators
    from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

    class Checks(unittest.TestCase):
        @decorators.weight(2.0)
        @decorators.number("1.1")
        @decorators.visibility("visible")
        @decorators.tags("one")
        def test_one(self):
            """One."""
            raise AssertionError

    stream = io.StringIO()
    JSONTestRunner(stream=stream, visibility="visible").run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Checks)
    )
    (test,) = json.loads(stream.getvalue())["tests"]
    return test


@pytest.mark.slow
@pytest.mark.parametrize(("number", "expected"), [(123, "results of 123"), (9, "not been evaluated yet")])
def test_the_documented_script_hands_out_finished_results(tmp_path, number, expected):
    text = (PROJECT.root / "docs" / "evaluation-exports.md").read_text("utf-8")
    (script,) = re.findall(r"```bash\n(#!/usr/bin/env bash\n.*?)```", text, re.DOTALL)
    (tmp_path / "results").mkdir()
    (tmp_path / "source" / "results" / "submission_123").mkdir(parents=True)
    (tmp_path / "source" / "results" / "submission_123" / "results.json").write_text(
        '{"output": "results of 123"}'
    )
    (tmp_path / "submission_metadata.json").write_text(json.dumps({"id": number, "users": []}))
    subprocess.run(["bash", "-c", script.replace("/autograder", str(tmp_path))], check=True)
    assert expected in json.loads((tmp_path / "results" / "results.json").read_text())["output"]
