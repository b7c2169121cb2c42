"""Answers that somebody wrote keep their points, whatever their style; what only fills space has none."""

from __future__ import annotations

import pytest

from pipeline.evaluation.prose import copied_from, filler, same_answer, without_code, without_question
from pipeline.evaluation.questions import answers_in
from pipeline.evaluation.rubric import load_rubric
from pipeline.layout import PROJECT


def judged(lab, discussion, number, readme=None):
    changes = {"discussion.txt": discussion} | ({"README.md": readme} if readme else {})
    item = next(one for one in load_rubric().items if one.id == f"discussion.{number}")
    return item.check.function(lab(changes), item.parameters)


def with_answer(samples, number, answer):
    head, _, rest = samples.DISCUSSION.partition(f"## Question {number}\n")
    _, mark, after = rest.partition(f"## Question {number + 1}")
    return f"{head}## Question {number}\n\n{answer}\n\n{mark}{after}"


def honest(answers):
    return pytest.mark.parametrize(("number", "answer"), answers)


def test_honest_answers_of_every_style_keep_their_points(lab, samples, answers):
    for number, answer in answers.HONEST:
        verdict = judged(lab, with_answer(samples, number, answer), number)
        assert verdict.passed, (number, answer, verdict.reason)


def test_filler_has_no_points_and_the_reason_says_what_it_is(lab, samples, answers):
    for name, (answer, reason) in answers.FILLER.items():
        verdict = judged(lab, with_answer(samples, 1, answer), 1)
        assert not verdict.passed, name
        assert reason in verdict.reason, (name, verdict.reason)


def test_one_answer_with_other_words_in_it_is_not_two_answers(lab, samples):
    first = answers_in(samples.DISCUSSION)[1]
    changed = (
        first.replace("model", "network")
        .replace("teaching", "private")
        .replace("server", "gpu platform image")
    )
    text = with_answer(samples, 4, changed + " cpu")
    assert "it is the answer to question" in judged(lab, text, 4).reason
    assert "it is the answer to question" in judged(lab, text, 1).reason


def test_an_answer_that_is_copied_from_the_readme_is_none(lab, samples):
    readme = samples.README
    text = with_answer(samples, 5, readme.replace("#", "").replace("\n    ", "\n") + " submit the zip file")
    assert "it is copied from README.md" in judged(lab, text, 5, readme).reason


def test_a_readme_of_filler_has_no_points_at_all(lab):
    words = "activationbase knowledgebase codebase docker build docker-compose up prediction shared_data"
    made = lab({"README.md": f"{words}\n" * 12})
    items = [one for one in load_rubric().items if one.id.startswith("readme.")]
    verdicts = [one.check.function(made, one.parameters) for one in items]
    assert not any(verdict.passed for verdict in verdicts)
    assert {verdict.reason for verdict in verdicts} == {
        "README.md is filler: it is a list of words and no sentences: 9% of its words join others"
    }


def test_the_projects_own_pages_are_no_filler():
    for page in (PROJECT.root / "docs").glob("*.md"):
        assert filler(without_code(page.read_text("utf-8"))) == "", page


def test_a_readme_with_much_code_is_judged_by_its_sentences():
    code = "```\n" + "docker build -t codebase_app07 .\n" * 40 + "```\n"
    text = "This is how the image is built. It takes a minute, because NumPy has to be fetched.\n" + code
    assert filler(without_code(text)) == ""


def test_different_answers_about_the_same_thing_are_not_the_same(answers):
    texts = [answer for _, answer in answers.HONEST]
    assert [(a[:20], b[:20]) for a in texts for b in texts if a is not b and same_answer(a, b)] == []


def test_only_sentences_that_repeat_the_question_are_left_out():
    asked = "Which files have to be submitted so that tutors can evaluate the work?"
    answer = "The files that have to be submitted for tutors to evaluate the work. We hand in the zip with three folders."
    assert without_question(answer, asked) == "We hand in the zip with three folders."
    assert without_question("Yes, files.", asked) == "Yes, files."


def test_a_quoted_sentence_is_no_copy():
    source = "They share the folder shared_data. First the data are copied. Then the code loads the model."
    answer = "They share the folder shared_data. That is a bind mount, which I chose because the tutor can look into it."
    assert not copied_from(answer, source)
    assert copied_from(source, source)
