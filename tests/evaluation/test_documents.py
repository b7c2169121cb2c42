"""Documents: answers are found under headings of many styles, and must be more than their question."""

from __future__ import annotations

import io
import re
import sys
import time
import zipfile
from dataclasses import replace

import pytest

from common.project import PROJECT
from evaluation.checks import CHECKS
from evaluation.documents.document_text import read_document
from evaluation.documents.find_document import find_document
from evaluation.documents.questions import answer_below_title, answer_words, answers_in
from evaluation.grading import Grader
from evaluation.rubric import RubricLine, load_rubric

LONG = (
    "containers keep every library with the model so that a student can repeat the scenario on another day "
    * 3
)


def judged(evidence_of, changes, prefix):
    made = evidence_of(changes)
    items = [item for item in load_rubric().items if item.id.startswith(prefix)]
    return {item.id: item.check(made, **item.parameters) for item in items}


@pytest.mark.parametrize(
    "heading",
    [
        "## Question {}: why?",
        "Question {}",
        "**Question {}**",
        "Frage {}: wozu?",
        "Q{}.",
        "=== QUESTION {} ===",
        "{}. Why?",
        "{}) why",
        "({}) Why",
        "{} - Why",
        "Answer {}",
        "Antwort zu Frage {}:",
        "### Discussion Question {}",
    ],
)
def test_many_kinds_of_headings_are_found(heading):
    text = "\n\n".join(f"{heading.format(number)}\nanswer number {'i' * number}" for number in range(1, 6))
    found = answers_in(text)
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert found[3] == "answer number iii"


@pytest.mark.parametrize("heading", ["Q{}: ", "{}. ", "Question {} - ", "**Answer {}:** "])
def test_an_answer_may_begin_on_the_line_of_its_heading(heading):
    answer = "Containers carry what they need, so that a tutor can run the network on any machine without installing it."
    text = "\n".join(heading.format(number) + answer for number in range(1, 6))
    found = answers_in(text)
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert all(answer_words(body) == answer_words(answer) for body in found.values())


def test_lists_inside_an_answer_are_not_headings():
    text = "Question 1\n1. first\n2. second\n\nQuestion 2\ntext\n"
    assert answers_in(text) == {1: "1. first\n2. second", 2: "text"}


def test_repeating_the_question_does_not_answer_it():
    assert answer_words("In what scenario can your file be used and what problem is solved?\nNone.") == [
        "none"
    ]


@pytest.mark.slow
def test_the_documents_of_the_sample_get_their_points(evidence_of):
    for prefix in ("readme.", "discussion."):
        assert all(verdict.passed for verdict in judged(evidence_of, {}, prefix).values())


def test_the_documents_of_this_project_get_their_points(evidence_of):
    changes = {name: (PROJECT.root / name).read_bytes() for name in ("README.md", "discussion.txt")}
    for prefix in ("readme.", "discussion."):
        assert [
            name for name, verdict in judged(evidence_of, changes, prefix).items() if not verdict.passed
        ] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "has 0 words"),
        ("Yes.", "has 1 words"),
        ("model " * 100, "only 1 of them different"),
        ("In what scenario is a container used, and what does compose solve for a model? " * 9, "has 0 words"),
        ("lorem ipsum dolor sit amet consectetur adipiscing elit sed do ut labore et magna " * 4, "it is a list of words"),
    ],
)  # fmt: skip
def test_text_that_does_not_answer_the_question_gets_no_points(evidence_of, samples, answer, reason):
    start, _, rest = samples.DISCUSSION.partition("## Question 2")
    text = start + "## Question 2\n\n" + answer + "\n## Question 3" + rest.partition("## Question 3")[2]
    verdicts = judged(evidence_of, {"discussion.txt": text}, "discussion.")
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["discussion.2"]
    assert reason in verdicts["discussion.2"].reason


def test_the_same_text_does_not_answer_two_questions(evidence_of):
    text = "".join(f"Question {number}\n{LONG}\n" for number in (1, 2))
    assert (
        "is identical to the answer to question 2"
        in judged(evidence_of, {"discussion.txt": text}, "discussion.1")["discussion.1"].reason
    )


def test_a_missing_question_is_reported_with_the_existing_ones(evidence_of, samples):
    text = samples.DISCUSSION.replace("## Question 4", "## More")
    assert (
        "no heading for question 4; it has: 1, 2, 3, 5"
        in judged(evidence_of, {"discussion.txt": text}, "discussion.4")["discussion.4"].reason
    )


@pytest.mark.parametrize(
    ("readme", "lost"),
    [
        (None, {"readme.text", "readme.containers", "readme.build", "readme.run", "readme.result"}),
        ("short", {"readme.text", "readme.containers", "readme.build", "readme.run", "readme.result"}),
        (LONG, {"readme.text", "readme.containers", "readme.build", "readme.run", "readme.result"}),
    ],
)
def test_a_readme_without_content_gets_no_points(evidence_of, readme, lost):
    verdicts = judged(evidence_of, {"README.md": readme}, "readme.")
    assert {name for name, verdict in verdicts.items() if not verdict.passed} == lost


@pytest.mark.slow
def test_each_omission_of_a_readme_costs_its_own_points(evidence_of, samples):
    taken = {
        "readme.build": "docker build",
        "readme.run": "docker-compose up",
        "readme.containers": "container2_knowledgebase|knowledgebase",
        "readme.result": "shared_data|console",
    }
    for lost, words in taken.items():
        verdicts = judged(evidence_of, {"README.md": re.sub(words, "thing", samples.README)}, "readme.")
        assert {name for name, verdict in verdicts.items() if not verdict.passed} == {lost}


def test_missing_content_is_described_in_words(evidence_of):
    verdicts = judged(evidence_of, {"README.md": LONG}, "readme.")
    assert [verdict.reason for name, verdict in verdicts.items() if name != "readme.text"] == [
        "README.md does not mention: activationbase, knowledgebase, codebase",
        "README.md does not mention: docker build",
        "README.md does not mention: docker compose up",
        "README.md does not mention: predict, shared_data",
    ]


@pytest.mark.slow
def test_a_rubric_can_require_a_file(evidence_of):
    check = CHECKS["file_exists"]
    assert check(evidence_of({}), path="container3_codebase/pybrain/").passed
    assert not check(evidence_of({}), path="output/test_results.json").passed


@pytest.mark.slow
def test_a_short_readme_loses_only_the_points_for_its_length(evidence_of):
    text = "activationbase, knowledgebase, codebase\ndocker build .\ndocker-compose up\nThe prediction is in shared_data.\n"
    verdicts = judged(evidence_of, {"README.md": text}, "readme.")
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["readme.text"]
    missing = judged(evidence_of, {"README.md": None}, "readme.")
    assert {verdict.reason for verdict in missing.values()} == {"there is no README.md"}


@pytest.mark.parametrize(
    "heading",
    [
        "## {n}.", "# {n}", "Aufgabe {n}", "Question {word}", "Frage {n}:", "Frage Nr. {n}", "Q{n})", "A{n}:", "**{n}. Scenario of use**",
        "__Question {n}__", "### Task {n}", "Question #{n}", "Question {roman}:", "{ordinal} question", "Pregunta {n}.",
        "Réponse à la question {n}", "{n}\ufe0f\u20e3 Scenario", "| {n} |", "[{n}] why", "Question {n} (hardware)",
    ],
)  # fmt: skip
def test_more_headings_are_found(heading):
    words = ("one two three four five", "I II III IV V", "First Second Third Fourth Fifth")
    text = "Task 06 - Discussion Questions\n\n"
    for number, (word, roman, ordinal) in enumerate(zip(*map(str.split, words), strict=True), 1):
        text += f"{heading.format(n=number, word=word, roman=roman, ordinal=ordinal)}\n1. a list in answer {number}\n2. more\n\n"
    found = answers_in(text)
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert all(f"a list in answer {number}" in answer for number, answer in found.items())


def test_a_numbered_list_of_short_answers_is_read():
    found = answers_in("1. On any machine.\n2. The path.\n3. A URL.\n4. A platform.\n5. A zip.\n")
    assert found == {1: "On any machine.", 2: "The path.", 3: "A URL.", 4: "A platform.", 5: "A zip."}


def test_answers_below_titles_without_numbers_are_read():
    text = "# Discussion\n" + "".join(f"## {title}\nanswer {title}\n" for title in "abcde")
    assert answer_below_title(text, 3, "", 5) == "answer c"
    text = "**In what scenario can your docker-compose file be used?**\nHere.\n\n**What must change to apply the model?**\nThere.\n"
    asks = "In what scenario can the docker-compose file be used, and which problem does it solve?"
    assert answer_below_title(text, 1, asks, 5) == "Here."


def pdf_with(text):
    """Return a PDF of one page with lines of text."""
    lines = "".join(f"({line}) Tj 0 -14 Td " for line in text.splitlines())
    stream = f"BT /F1 12 Tf 50 800 Td {lines}ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    content, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Root 1 0 R /Size 5 >>\nstartxref\n%d\n%%%%EOF" % len(content)
    return content + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def zipped(name, markup):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, markup)
    return content.getvalue()


def paragraphs(tag):
    lines = ("Question 1", "On any machine &amp; server.", "Question 2", "Replace it.")
    return "<?xml?><body>" + "".join(f"<{tag}><r>{line}</r></{tag}>" for line in lines) + "</body>"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (zipped("word/document.xml", paragraphs("w:p")), "Word"),
        (zipped("content.xml", paragraphs("text:p")), "OpenDocument"),
        (rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Question 1\par On any machine & server.\par Question 2\par Replace it.}", "RTF"),
        ("Question 1\nOn any machine & server.\nQuestion 2\nReplace it.\n".encode("utf-16"), "text"),
    ],
    ids=["docx", "odt", "rtf", "utf-16"],
)  # fmt: skip
def test_answers_in_other_formats_are_read(content, form):
    document = read_document("discussion.docx", content)
    assert (document.form, document.problem) == (form, "")
    assert answers_in(document.text) == {1: "On any machine & server.", 2: "Replace it."}


def test_a_pdf_is_read():
    document = read_document(
        "discussion.pdf", pdf_with("Question 1\nOn any machine.\nQuestion 2\nReplace it.")
    )
    assert answers_in(document.text) == {1: "On any machine.", 2: "Replace it."}


def test_a_pdf_is_left_to_the_tutor_if_its_reader_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    document = read_document("discussion.pdf", pdf_with("Question 1\nOn any machine."))
    assert "the package pypdf, which reads it, is not installed" in document.problem
    assert document.by_a_person


@pytest.mark.parametrize("content", [b"%PDF-1.4\nnothing", b"PK\x03\x04 damaged", pdf_with("")])
def test_a_document_that_cannot_be_read_is_left_to_the_tutor(content):
    document = read_document("discussion.pdf", content)
    assert document.text == "" and document.problem and document.by_a_person


def test_a_document_is_found_by_other_names():
    files = [
        "README.md",
        "docs/discussion.pdf",
        "container3_codebase/pybrain/README.rst",
        "output/answers.txt",
    ]
    assert find_document(files, "discussion.txt") == "docs/discussion.pdf"
    assert (
        find_document(["Diskussion_Antworten.md", "liesmich.txt"], "discussion.txt")
        == "Diskussion_Antworten.md"
    )
    assert find_document(["Diskussion_Antworten.md", "liesmich.txt"], "README.md") == "liesmich.txt"
    assert find_document(["container3_codebase/README.md", "notes.txt"], "README.md") == ""


OTHER_README = """\
# Pizza Planner

Pizza Planner plans the orders of a restaurant. Clone the repository, then build the images with docker build and start
everything with docker-compose up. The result is shown in the console and saved in a database. The frontend is written in
TypeScript and the backend in Go. Every order has a state, and the cook sees the next one on a screen in the kitchen.
Contributions are welcome: open an issue first, so that we can talk about it. The output of the tests is in a log.
"""


@pytest.mark.slow
def test_the_readme_of_another_project_gets_no_points(evidence_of):
    verdicts = judged(evidence_of, {"README.md": OTHER_README}, "readme.")
    assert {verdict.passed for verdict in verdicts.values()} == {False}
    assert "says nothing about this submission: it names none of its files" in verdicts["readme.run"].reason


@pytest.mark.slow
def test_an_answer_that_cannot_be_judged_is_left_to_the_tutor_with_its_text(evidence_of, samples):
    answer = "It lets us move the whole AI application to another PC and get the same prediction there."
    start, _, rest = samples.DISCUSSION.partition("## Question 1\n")
    text = f"{start}## Question 1\n\n{answer}\n## Question 2{rest.partition('## Question 2')[2]}"
    made = evidence_of({"discussion.txt": text})
    item = next(item for item in load_rubric().items if item.id == "discussion.1")
    verdict = item.check(made, **item.parameters)
    assert verdict.for_tutor and not verdict.passed
    assert answer in str(verdict.evidence) and "please read it" in verdict.reason
    assert item.check(made, **item.parameters, unclear="pass").passed
    failed = item.check(made, **item.parameters, unclear="fail")
    assert not failed.passed and not failed.for_tutor
    grader = Grader(replace(load_rubric(), lines=(RubricLine("", "", (item,)),)), made)
    grader.carry_out()
    result = grader.results["discussion.1"]
    assert (result.status, result.points, result.undecided, result.for_tutor) == (
        "not checked",
        0,
        True,
        True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["\n", " ", "#\n", "Question 1\n", "<", "a?"])
def test_repeated_characters_are_read_in_one_pass(sign):
    """Each took minutes with regular expressions that try every end for every start."""
    text = sign * (200_000 // len(sign))
    started = time.monotonic()
    answers_in(text)
    answer_below_title(text, 1, "In what scenario can it be used?", 5)
    read_document("answers.html", text.encode())
    assert time.monotonic() - started < 15
