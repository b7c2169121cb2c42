"""Genuine answers of every style keep their points; filler gets none."""

from __future__ import annotations

import pytest

from common.project import PROJECT
from evaluation.documents.prose import copied_from, filler, same_answer, without_code, without_question
from evaluation.documents.questions import answers_in
from evaluation.rubric import load_rubric


def judged(evidence_of, discussion, number, readme=None):
    changes = {"discussion.txt": discussion} | ({"README.md": readme} if readme else {})
    item = next(one for one in load_rubric().items if one.id == f"discussion.{number}")
    return item.check(evidence_of(changes), **item.parameters)


def with_answer(samples, number, answer):
    head, _, rest = samples.DISCUSSION.partition(f"## Question {number}\n")
    _, mark, after = rest.partition(f"## Question {number + 1}")
    return f"{head}## Question {number}\n\n{answer}\n\n{mark}{after}"


def honest(answers):
    return pytest.mark.parametrize(("number", "answer"), answers)


@pytest.mark.slow
def test_genuine_answers_of_every_style_keep_their_points(evidence_of, samples, answers):
    for number, answer in answers.HONEST:
        verdict = judged(evidence_of, with_answer(samples, number, answer), number)
        assert verdict.passed, (number, answer, verdict.reason)


@pytest.mark.slow
def test_filler_gets_no_points_and_the_reason_names_it(evidence_of, samples, answers):
    for name, (answer, reason) in answers.FILLER.items():
        verdict = judged(evidence_of, with_answer(samples, 1, answer), 1)
        assert not verdict.passed, name
        assert reason in verdict.reason, (name, verdict.reason)


@pytest.mark.slow
def test_an_answer_with_some_changed_words_is_a_duplicate(evidence_of, samples):
    first = answers_in(samples.DISCUSSION)[1]
    changed = (
        first.replace("model", "network")
        .replace("teaching", "private")
        .replace("server", "gpu platform image")
    )
    text = with_answer(samples, 4, changed + " cpu")
    assert "is the answer to question" in judged(evidence_of, text, 4).reason
    assert "is the answer to question" in judged(evidence_of, text, 1).reason


@pytest.mark.slow
def test_an_answer_copied_from_the_readme_gets_no_points(evidence_of, samples):
    readme = samples.README
    text = with_answer(samples, 5, readme.replace("#", "").replace("\n    ", "\n") + " submit the zip file")
    assert "is copied from README.md" in judged(evidence_of, text, 5, readme).reason


TERSE = """\
# Task 06

## Structure
- container1_activationbase: Dockerfile, currentActivation.csv (data)
- container2_knowledgebase: Dockerfile, currentSolution.pkl (model)
- container3_codebase: Dockerfile, UE_07_App5.py, pybrain library
- docker-compose.yml
- shared_data: exchange folder

## Build
docker build -t activationbase_app07 container1_activationbase
docker build -t knowledgebase_app07 container2_knowledgebase
docker build -t codebase_app07 container3_codebase

## Run
docker-compose up --abort-on-container-exit

## Result
Prediction is printed on the console and saved in shared_data. Model and data are copied there first.

## Requirements
- Docker 20.10 or newer
- docker-compose 1.29 or newer
- no Python needed on the host

## Authors
Anna Muster, Ben Beispiel, group 7
"""
GERMAN = """\
# Aufgabe 06

Dieses Projekt aktiviert ein trainiertes Netz in drei Containern. activationbase enthält die Daten, knowledgebase das
Modell und codebase den Code. Gebaut wird mit docker build, gestartet mit docker-compose up. Die Vorhersage erscheint
auf der Konsole und liegt danach im Ordner shared_data. Voraussetzung ist nur Docker; alles andere steckt in den Images.
Wer ein anderes Modell verwenden möchte, tauscht die Datei currentSolution.pkl aus und baut das zweite Image noch einmal.
Probleme gab es bei uns mit den Zeilenenden unter Windows und mit der Reihenfolge der Container, die jetzt durch einen
Healthcheck geregelt wird.
"""


def readme_verdicts(evidence_of, readme):
    made = evidence_of({"README.md": readme})
    items = [one for one in load_rubric().items if one.id.startswith("readme.")]
    return [one.check(made, **one.parameters) for one in items]


@pytest.mark.slow
@pytest.mark.parametrize("readme", [TERSE, GERMAN])
def test_a_terse_and_a_german_readme_keep_all_points(evidence_of, readme):
    assert [verdict.reason for verdict in readme_verdicts(evidence_of, readme) if not verdict.passed] == []


@pytest.mark.slow
def test_a_readme_of_filler_gets_no_points(evidence_of, samples):
    words = "activationbase knowledgebase codebase docker build docker-compose up prediction shared_data"
    for readme, why in (
        (f"{words}\n" * 12, "it repeats the same words"),
        (samples.COMPOSE * 2 + words, "it is copied from docker-compose.yml"),
        (
            words + " apple quartz lantern bicycle meadow violin harbour compass glacier pepper saddle thunder orchard mirror "
            "canyon feather anchor blanket cactus dolphin engine falcon garden hammer island jungle kitten ladder magnet "
            "needle ocean parrot quiver rocket silver tunnel umbrella valley window yellow zebra basket copper desert "
            "eagle forest granite hazel indigo jasmine kernel lemon marble nectar olive pillow quill raven sapphire "
            "timber ultra velvet walnut xenon yogurt zenith amber bronze cedar",
            "it is a list of words without sentences",
        ),
    ):  # fmt: skip
        verdicts = readme_verdicts(evidence_of, readme)
        assert [verdict.passed for verdict in verdicts] == [False] * 5
        assert all(why in verdict.reason for verdict in verdicts), verdicts[0].reason


@pytest.mark.slow
def test_the_pages_of_this_project_are_not_filler():
    for page in (PROJECT.root / "docs").glob("*.md"):
        assert filler(without_code(page.read_text("utf-8"))) is None, page


def test_a_readme_with_much_code_is_judged_by_its_sentences():
    code = "```\n" + "docker build -t codebase_app07 .\n" * 40 + "```\n"
    text = "This is how the image is built. It takes a minute, because NumPy has to be fetched.\n" + code
    assert filler(without_code(text)) is None


def test_different_answers_about_one_subject_are_not_duplicates(answers):
    texts = [answer for _, answer in answers.HONEST]
    assert [(a[:20], b[:20]) for a in texts for b in texts if a is not b and same_answer(a, b)] == []


def test_only_sentences_that_repeat_the_question_are_ignored():
    asked = "Which files have to be submitted so that tutors can evaluate the work?"
    answer = "The files that have to be submitted for tutors to evaluate the work. We hand in the zip with three folders."
    assert without_question(answer, asked) == "We hand in the zip with three folders."
    assert without_question("Yes, files.", asked) == "Yes, files."


def test_a_quoted_sentence_is_not_a_copy():
    source = "They share the folder shared_data. First the data are copied. Then the code loads the model."
    answer = "They share the folder shared_data. That is a bind mount, which I chose because the tutor can look into it."
    assert not copied_from(answer, source)
    assert copied_from(source, source)
