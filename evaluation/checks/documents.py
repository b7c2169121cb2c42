"""The checks of the documents: each can be read, says what a tutor looks for, and answers every question."""

from __future__ import annotations

import re
from typing import Annotated

from evaluation.checks.base import Patterns, check, head, observed
from evaluation.documents.answers import Grade, Question, Surroundings, judge, readable
from evaluation.documents.document_text import NOT_TEXT, DocumentText, read_document
from evaluation.documents.find_document import find_document
from evaluation.documents.identifiers import Identifiers
from evaluation.documents.languages import in_unknown_script
from evaluation.documents.prose import OF_A_PAGE, copied_from, filler, without_code
from evaluation.documents.questions import answer_below_title, answers_in
from evaluation.evidence.evidence import Evidence
from evaluation.result import Verdict

_WORD = re.compile(r"[^\W\d_]{2,}")
# A document with this many words is judged as prose; a shorter one is a note, which is judged by the names in it.
_LONG = 60
# A document about a submission mentions this many of its names.
_NAMES = 2
_IN_SENTENCES = (
    "Describe in your own sentences what the project does, how it is built and run, and what it outputs."
)
_OF_THIS_PROJECT = "Write about this submission: its containers, files, images and commands by their names."
_FULL_SENTENCES = "Answer in full sentences, with an example of your own: a file, a command, a setting."
TUTOR, PASS, FAIL = "tutor", "pass", "fail"
_SHOWN_LINES = 40


def _not_unclear(value: object) -> str:
    choices = (TUTOR, PASS, FAIL)
    return "" if value in choices else f"must be one of {', '.join(choices)}, got {value!r}"


Unclear = Annotated[str, _not_unclear]
"""What happens to a document that a machine cannot judge: the tutor decides, or it passes or fails."""


@check
def document(evidence: Evidence, file: str, minimum_words: int = 1, unclear: Unclear = TUTOR) -> Verdict:
    """Check that a document exists, can be read, has enough words, and is about this submission.

    Args:
        evidence: the evidence collected for the submission.
        file: the name of the document in the rubric.
        minimum_words: the minimum number of words.
        unclear: what happens to a document that a machine cannot judge.
    """
    path, document, refused = _read(evidence, file, f"Write {file}.", unclear)
    if refused:
        return refused
    words = _WORD.findall(document.text)
    observations = observed(file=path, log=head(document.text, 4))
    if in_unknown_script(document.text):
        return _for_tutor(
            unclear, f"{path} is in a writing system that cannot be judged", path, document.text
        )
    if len(words) < minimum_words:
        return Verdict(
            False, f"{path} has {len(words)} words; {minimum_words} or more are expected",
            "Describe what the project does, how it is built and run, and what it outputs.", observations,
        )  # fmt: skip
    if why := _no_page(evidence, document.text):
        return Verdict(False, f"{path} is filler: {why}", _IN_SENTENCES, observations)
    if len(words) >= _LONG and (why := _other_project(evidence, document.text)):
        return Verdict(False, f"{path} {why}", _OF_THIS_PROJECT, observations)
    form = "" if document.form == "text" else f" ({document.form})"
    return Verdict(True, f"{path}{form} has {len(words)} words", "", observations)


@check
def mentions(evidence: Evidence, file: str, all_of: Patterns, unclear: Unclear = TUTOR) -> Verdict:
    """Check that a document matches all patterns.

    Args:
        evidence: the evidence collected for the submission.
        file: the name of the document in the rubric.
        all_of: regular expressions, each of which must match; case does not matter.
        unclear: what happens to a document that a machine cannot judge.
    """
    path, document, refused = _read(evidence, file, f"Write {file}.", unclear)
    if refused:
        return refused
    text = document.text
    if len(_WORD.findall(text)) >= _LONG:
        if why := _no_page(evidence, text):
            return Verdict(False, f"{path} is filler: {why}", _IN_SENTENCES)
        if why := _other_project(evidence, text):
            return Verdict(False, f"{path} {why}", _OF_THIS_PROJECT)
    missing = [pattern for pattern in all_of if not re.search(pattern, text, re.IGNORECASE)]
    if missing:
        named = ", ".join(map(readable, missing))
        return Verdict(False, f"{file} does not mention: {named}", "Mention it in the document.")
    matches = [re.search(pattern, text, re.IGNORECASE) for pattern in all_of]
    return Verdict(
        True,
        f"{path} mentions it",
        "",
        observed(log="\n".join(_line_of(text, match.start()) for match in matches if match)),
    )


def _line_of(text: str, position: int) -> str:
    return text[text.rfind("\n", 0, position) + 1 :].split("\n", 1)[0].strip()[:160]


@check
def question_answered(
    evidence: Evidence,
    file: str,
    question: int,
    minimum_words: int = 40,
    shortest: int = 8,
    topics: Patterns = (),
    expects: Patterns = (),
    asks: str = "",
    questions: int = 5,
    unclear: Unclear = TUTOR,
) -> Verdict:
    """Check that a question is answered: the answer is about it, names things, and is neither filler nor a copy.

    Args:
        evidence: the evidence collected for the submission.
        file: the name of the document in the rubric.
        question: the number of the question.
        minimum_words: the number of words from which an answer counts as long.
        shortest: the minimum number of words.
        topics: regular expressions, each of which must match the answer.
        expects: regular expressions for things that an answer mentions; a few matches are enough.
        asks: the question, in one or several languages.
        questions: the number of questions in the document.
        unclear: what happens to an answer that a machine cannot judge.
    """
    hint = f"Write {file}, with a heading for each question."
    path, document, refused = _read(evidence, file, hint, unclear)
    if refused:
        return refused
    answers = answers_in(document.text)
    if question not in answers:
        below = answer_below_title(document.text, question, asks, questions) if not answers else ""
        answers = {**answers, question: below} if below else answers
    if question not in answers:
        headings = ", ".join(map(str, sorted(answers))) or "none"
        return Verdict(
            False,
            f"{path} has no heading for question {question}; it has: {headings}",
            f"Begin the answer with: Question {question}",
        )
    answer = answers[question]
    others = {number: text for number, text in answers.items() if number != question}
    own = Identifiers(evidence.submission, evidence.places)
    found = judge(
        answer,
        Question(asks, topics, expects, minimum_words, shortest),
        Surroundings(own, others, _sources(evidence, path)),
    )
    observations = observed(file=path, log=head(answer, 3))
    if found.grade is Grade.ANSWERS:
        return Verdict(True, f"question {question} {found.reason}", "", observations)
    reason = f"the answer to question {question} {found.reason}"
    if found.grade is Grade.UNCLEAR:
        return _for_tutor(unclear, reason, path, answer)
    return Verdict(False, reason, _FULL_SENTENCES, observations)


def _for_tutor(unclear: str, reason: str, path: str, text: str) -> Verdict:
    """Return the verdict on a document that a machine cannot judge, as set in the rubric, with the document's text."""
    observations = observed(file=path, log=head(text, _SHOWN_LINES))
    if unclear == TUTOR:
        return Verdict(False, f"{reason}; please read it", _FULL_SENTENCES, observations, for_tutor=True)
    return Verdict(unclear == PASS, reason, "" if unclear == PASS else _FULL_SENTENCES, observations)


def _read(evidence: Evidence, file: str, hint: str, unclear: str) -> tuple[str, DocumentText, Verdict | None]:
    """Return the path and the text of a document, or the verdict if it cannot be read."""
    path = find_document(evidence.submission.files, file)
    if not path:
        return "", DocumentText(""), Verdict(False, f"there is no {file}", hint)
    document = read_document(path, evidence.submission.bytes(path))
    if not document.problem:
        return path, document, None
    if document.by_a_person:
        return path, document, _for_tutor(unclear, f"{path}: {document.problem}", path, "")
    reason = f"{path} is not a text file" if document.problem == NOT_TEXT else f"{path}: {document.problem}"
    return path, document, Verdict(False, reason, "Hand in plain text.")


def _no_page(evidence: Evidence, text: str) -> str:
    """Return why a document of sufficient length is filler; empty if it is not."""
    compose = evidence.places.compose_file
    if compose and copied_from(text, evidence.submission.text(compose)):
        return f"it is copied from {compose}"
    fault = filler(without_code(text) or text, OF_A_PAGE)
    return fault.reason if fault else ""


def _other_project(evidence: Evidence, text: str) -> str:
    """Return why a document is not about this submission; empty if it is."""
    named = Identifiers(evidence.submission, evidence.places).found_in(text)
    if len(named) >= _NAMES:
        return ""
    which = f"only {named[0]}" if named else "none"
    return f"says nothing about this submission: it names {which} of its files, folders, images and services"


def _sources(evidence: Evidence, own_path: str) -> dict[str, str]:
    """Return the files that an answer may be copied from, by path."""
    readme, compose = find_document(evidence.submission.files, "README.md"), evidence.places.compose_file
    texts = {readme: read_document(readme, evidence.submission.bytes(readme)).text} if readme else {}
    texts |= {compose: evidence.submission.text(compose)} if compose else {}
    return {name: text for name, text in texts.items() if name != own_path}


@check
def file_exists(evidence: Evidence, path: str) -> Verdict:
    """Check that a file or a folder of the submission exists.

    Args:
        evidence: the evidence collected for the submission.
        path: the path in the submission.
    """
    path = path.rstrip("/")
    exists = evidence.submission.has(path) or any(
        name.startswith(path + "/") for name in evidence.submission.files
    )
    return Verdict(
        exists, f"{path} {'exists' if exists else 'is missing'}", "" if exists else f"Hand in {path}."
    )
