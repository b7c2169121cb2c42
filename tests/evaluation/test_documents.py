"""Documents: answers are found under headings of many styles, and must be more than their question."""

from __future__ import annotations

import re

import pytest

from evaluation.checks import CHECKS
from evaluation.checks.questions import answer_words, answers_in
from evaluation.rubric import load_rubric
from pipeline.project import PROJECT

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
def test_headings_of_many_kinds_are_found(heading):
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


def test_the_samples_documents_get_their_points(evidence_of):
    for prefix in ("readme.", "discussion."):
        assert all(verdict.passed for verdict in judged(evidence_of, {}, prefix).values())


def test_this_projects_documents_get_their_points(evidence_of):
    changes = {name: (PROJECT.root / name).read_bytes() for name in ("README.md", "discussion.txt")}
    for prefix in ("readme.", "discussion."):
        assert [
            name for name, verdict in judged(evidence_of, changes, prefix).items() if not verdict.passed
        ] == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "has 0 words"),
        ("Yes.", "has 1 words"),
        ("model " * 100, "1 different ones"),
        ("In what scenario is a container used, and what does compose solve for a model? " * 9, "has 0 words"),
        ("lorem ipsum dolor sit amet consectetur adipiscing elit sed do ut labore et magna " * 4, "says nothing about"),
    ],
)  # fmt: skip
def test_a_text_that_does_not_answer_the_question_gets_no_points(evidence_of, samples, answer, reason):
    start, _, rest = samples.DISCUSSION.partition("## Question 2")
    text = start + "## Question 2\n\n" + answer + "\n## Question 3" + rest.partition("## Question 3")[2]
    verdicts = judged(evidence_of, {"discussion.txt": text}, "discussion.")
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["discussion.2"]
    assert reason in verdicts["discussion.2"].reason


def test_the_same_text_does_not_answer_two_questions(evidence_of):
    text = "".join(f"Question {number}\n{LONG}\n" for number in (1, 2))
    assert (
        "are the same text"
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


def test_a_rubric_can_require_a_file(evidence_of):
    check = CHECKS["file_exists"]
    assert check(evidence_of({}), path="container3_codebase/pybrain/").passed
    assert not check(evidence_of({}), path="output/test_results.json").passed


def test_a_short_readme_loses_only_the_points_for_its_length(evidence_of):
    text = "activationbase, knowledgebase, codebase\ndocker build .\ndocker-compose up\nThe prediction is in shared_data.\n"
    verdicts = judged(evidence_of, {"README.md": text}, "readme.")
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["readme.text"]
    missing = judged(evidence_of, {"README.md": None}, "readme.")
    assert {verdict.reason for verdict in missing.values()} == {"there is no README.md"}
