"""One report in many formats; text of a submission is escaped in each of them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from common.console import Console
from evaluation.cohort.overview import to_csv, to_page
from evaluation.cohort.row import Row
from evaluation.cohort.summary import ClassSummary
from evaluation.marks import Late, Mark
from evaluation.reports.export import EXPORTERS, write
from evaluation.result import (
    FORMAT,
    Cause,
    Finding,
    Line,
    Observation,
    Protection,
    Report,
    Result,
    as_json,
    from_json,
)
from evaluation.rubric import load_rubric
from pipeline.commands.actions.report import print_report

EVIL = "<script>alert(1)</script> `code` | [x](javascript:1) \x1b[31m \x00 ]]> & \"'"


def result(name: str, status: str, of: float, **more: object) -> Result:
    points = of if status == "passed" else 0.0
    return Result(name, f"{name} holds", status, points, of, reason=EVIL, **more)  # type: ignore[arg-type]


REPORT = Report(
    submission=EVIL, source="x.zip", kind="zip", sha256="ab" * 32,
    files=3, size=1234, rubric="Task", rubric_sha256="cd" * 32,
    lines=(
        Line(
            "Container 1 Build", "it builds",
            (result("c1.builds", "passed", 5, seconds=1.5), result("c1.shows", "failed", 5, hint="do `x`")),
        ),
        Line("Documentation", "", (result("readme", "not checked", 10, evidence=(Observation("log", EVIL),)),)),
    ),
    findings=(Finding("root-user", "Runs as root", "advice", EVIL, "Use `USER`.", "Dockerfile:3"),),
    protections=(Protection("No network", True, "none"), Protection("Other", False, "why")),
    engine="docker", started="2026-01-02T03:04:05+00:00", seconds=4.5,
)  # fmt: skip


# The same with a cause, and after a tutor.
MARKED = replace(
    REPORT,
    lines=(
        replace(REPORT.lines[0], mark=Mark(8, "well tried")),
        replace(
            REPORT.lines[1], results=(replace(REPORT.lines[1].results[0], mark=Mark(3, EVIL), follows="build"),)
        ),
    ),
    causes=(Cause("build", "It does not build", EVIL, "Do `this`.", "Dockerfile:2", (Observation("log", EVIL),), ("c1.shows", "readme")),),
    late=Late(2, "one day late"),
    comment=EVIL,
)  # fmt: skip


@pytest.fixture(params=sorted(set(EXPORTERS) - {"classroom"}))
def form(request):
    return EXPORTERS[request.param].export(REPORT)


def test_every_format_contains_the_lines_of_the_report(form):
    assert form.endswith("\n") or form.startswith("# ")
    assert "Container 1 Build" in form


def test_names_and_output_of_a_submission_are_escaped():
    html = EXPORTERS["html"].export(REPORT)
    assert "<script" not in html
    assert "javascript:" not in re.sub(r"&[#\w]+;", "", html).replace("[x](javascript:1)", "")
    assert "default-src 'none'" in html
    assert not re.findall(r"(?:src|href|url)\s*[=(]", html)
    markdown = EXPORTERS["markdown"].export(REPORT)
    assert "\\<script\\>" in markdown
    assert "\\[x\\](javascript:1)" in markdown
    assert "(1)\\</script\\> `code` \\| " in markdown


def test_the_page_shows_points_reasons_hints_and_what_was_not_enforced():
    html = EXPORTERS["html"].export(REPORT)
    assert "<b>5</b> of 20 points" in html
    assert '<p class="hint">do <code>x</code></p>' in html
    assert "not enforced: Other" in html
    assert "prefers-color-scheme: dark" in html and "@media print" in html and "@media (max-width" in html


def test_the_page_shows_the_evidence_of_a_failure_and_each_reason_once():
    seen = (Observation("log", "last words"),)
    line = Line(
        "Stack", "",
        (
            replace(result("a", "failed", 5), evidence=seen),
            replace(result("b", "not checked", 2), reason="a did not pass"),
            replace(result("c", "not checked", 3), reason="a did not pass"),
            replace(result("d", "passed", 1), evidence=seen),
        ),
    )  # fmt: skip
    html = EXPORTERS["html"].export(replace(REPORT, lines=(line,)))
    above, below = html.split("<h2>Every check</h2>")
    assert above.count("<pre>last words</pre>") == 1
    assert above.count("a did not pass") == 1
    assert "<h3>2 checks</h3>" in above and "5 points</span>" in above
    assert "c holds (3)" in above
    assert "<details open>" not in html and below.count("last words") == 2


FIRST = Cause(
    "crash", "It crashes", "Line 3 fails.", "Repair line 3.", "app.py:3",
    (Observation("command", "docker-compose up"), Observation("log", "a long way\nValueError: no")),
    ("c1.shows", "readme"),
)  # fmt: skip
SECOND = Cause("other", "It has no README", "", "Write one.", "", (), ("readme.text",))


def printed(report):
    out = io.StringIO()
    print_report(Console(out, out), report, {"html": "x/report.html"})
    return out.getvalue()


@pytest.mark.parametrize("form", [EXPORTERS["markdown"].export, EXPORTERS["html"].export, printed])
def test_reports_begin_with_what_to_do_first_and_agree_in_their_order(form):
    follows = replace(REPORT.lines[1].results[0], follows="crash")
    lines = (REPORT.lines[0], Line("Documentation", "", (follows, result("readme.text", "failed", 2))))
    text = form(replace(REPORT, lines=lines, causes=(FIRST, SECOND), late=Late(1, "a day")))
    told = [
        "Do this first", "It crashes", "-15 points, 10 of them in checks that only follow", "Line 3 fails.",
        "Repair line 3.", "Then", "It has no README", "-2 points", "Points", "Container 1 Build", "Known traps",
    ]  # fmt: skip
    text = text[text.index("Do this first") :]
    places = [text.index(part) for part in told]
    assert places == sorted(places)
    for part in ("app.py:3", "ValueError: no", "c1.shows holds (0 of 5)", "readme holds (0 of 10)"):
        assert part in text


@pytest.mark.parametrize("form", [EXPORTERS["markdown"].export, EXPORTERS["html"].export])
def test_an_answer_that_the_tutor_has_to_judge_is_shown_in_the_report(form):
    answer = (Observation("log", "Because <b>containers</b> are isolated."),)
    unclear = replace(result("q1", "not checked", 2), undecided=True, for_tutor=True, evidence=answer)
    text = form(replace(REPORT, lines=(Line("Discussion", "", (unclear,)),), findings=()))
    assert "1 check for the tutor to read (2 points: Discussion)" in text
    assert "The tutor decides the other checks" in text
    told, _, _ = text.partition("Every check")
    assert "are isolated." in told


@pytest.mark.parametrize("form", [EXPORTERS["markdown"].export, EXPORTERS["html"].export, printed])
def test_the_headline_shows_lost_and_undecided_points(form):
    open_ = replace(result("open", "not checked", 4), undecided=True)
    lines = (replace(REPORT.lines[0], results=(*REPORT.lines[0].results, open_)),)
    text = form(replace(REPORT, lines=lines, causes=(replace(FIRST, lost=("c1.shows",)),)))
    assert "5 points lost in 1 check, by 1 fault · 1 check undecided (4 points: Container 1 Build)" in text


def test_a_report_is_unchanged_after_a_json_round_trip():
    text = EXPORTERS["json"].export(REPORT)
    assert from_json(json.loads(text)) == REPORT
    assert json.loads(text)["points"] == 5
    assert from_json(json.loads(EXPORTERS["json"].export(MARKED))) == MARKED
    with pytest.raises(ValueError, match="format 99"):
        from_json(as_json(REPORT) | {"format": 99})
    with pytest.raises(ValueError, match="not a valid report"):
        from_json({"format": FORMAT})


def test_marks_replace_points_and_lateness_is_deducted_from_the_whole():
    assert (MARKED.points, MARKED.awarded) == (5, 9)
    assert [line.awarded for line in MARKED.lines] == [8, 3]
    assert replace(MARKED, late=Late(50, "much too late")).awarded == 0


def test_gradescope_gets_a_test_for_each_check_and_the_same_total():
    whole = json.loads(EXPORTERS["gradescope"].export(REPORT))
    assert whole["score"] == sum(test["score"] for test in whole["tests"]) == 5
    assert [test["status"] for test in whole["tests"]] == ["passed", "failed", "failed"]
    assert whole["tests"][2]["output"].startswith("Not checked: ")
    assert {test["visibility"] for test in whole["tests"]} == {"visible"}


def test_gradescope_gets_only_documented_keys():
    whole = json.loads(EXPORTERS["gradescope"].export(REPORT))
    assert set(whole) <= {
        "score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility",
        "stdout_visibility", "extra_data", "tests", "leaderboard",
    }  # fmt: skip
    assert isinstance(whole["execution_time"], int)
    assert {whole["visibility"], whole["stdout_visibility"]} <= {
        "hidden",
        "after_due_date",
        "after_published",
        "visible",
    }
    assert {whole["output_format"], whole["test_output_format"]} <= {
        "text",
        "html",
        "simple_format",
        "md",
        "ansi",
    }
    for test in whole["tests"]:
        assert set(test) <= {
            "score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags",
            "visibility", "extra_data",
        }  # fmt: skip
        assert test["status"] in ("passed", "failed")
        assert 0 <= test["score"] <= test["max_score"]
        assert isinstance(test["number"], str) and all(isinstance(tag, str) for tag in test["tags"])


def test_all_formats_are_written_into_one_folder(tmp_path):
    written = write(REPORT, tmp_path / "one")
    assert sorted(path.name for path in written.values()) == [
        "classroom.env", "junit.xml", "report.html", "report.json", "report.md", "results.json",
    ]  # fmt: skip


def test_the_overview_has_a_row_for_each_submission_and_no_formula(tmp_path):
    rubric = load_rubric()
    rows = [Row("=cmd|x", REPORT), Row("broken", None, "no submission")]
    table = list(csv.reader(io.StringIO(to_csv(rows, rubric))))
    assert table[0][:3] == ["submission", "points", "of"]
    assert table[1][0] == "'=cmd|x"
    assert table[1][1:5] == ["5", "20", "20", "5"]
    assert table[2][table[0].index("error")] == "no submission"
    page = to_page(ClassSummary(tuple(rows)), rubric)
    assert "2 submissions, 1 evaluated" in page
    assert "c1.shows holds" in page
    assert "Runs as root" in page
    assert page.count("<script") == 1 and "alert(1)<" not in page


@pytest.mark.slow
def test_workers_and_the_help_of_the_command_do_not_import_jinja2():
    for module in (
        "evaluation.workers.tasks",
        "evaluation.evidence.remote",
        "evaluation.checks",
        "evaluation.traps",
    ):
        program = f"import sys, {module}; sys.exit('jinja2' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    program = "import sys; from pipeline.cli import main; main(['evaluate', '--help'])"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program], check=True, capture_output=True, text=True
    )
    assert "evaluation.reports" in done.stderr
    assert not re.search(r"\b(jinja2|yaml|numpy)\b", done.stderr)
