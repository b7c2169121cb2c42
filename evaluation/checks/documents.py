"""The documents: there is a readable text, it says what a tutor looks for, and every question is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evaluation.checks.base import Patterns, check, head, observed
from evaluation.checks.prose import (
    OF_A_PAGE,
    copied_from,
    filler,
    same_answer,
    share_of,
    without_code,
    without_question,
)
from evaluation.checks.questions import answer_words, answers_in
from evaluation.evidence.evidence import Evidence
from evaluation.result import Verdict
from evaluation.submission.submission import decode_text

_WORD = re.compile(r"[^\W\d_]{2,}")
# A document of so many words is read as a text; a shorter one is a note, and what it names counts.
_LONG = 60
_IN_SENTENCES = (
    "Say it in sentences of your own: what the project does, how it is built and run, what comes out."
)


def find_document(evidence: Evidence, name: str) -> str:
    """Return the name of a document, whatever its case and suffix (readme.txt); empty where there is none."""
    stem = name.rpartition(".")[0].lower()
    same_stem = [
        file
        for file in evidence.submission.files
        if "/" not in file and file.lower().rpartition(".")[0] == stem
    ]
    same_name = [file for file in evidence.submission.files if file.lower() == stem]
    return name if evidence.submission.has(name) else (same_stem + same_name + [""])[0]


@check
def document(evidence: Evidence, file: str, minimum_words: int = 1) -> Verdict:
    """Check that a document exists, is text, and has enough words."""
    path = find_document(evidence, file)
    if not path:
        return Verdict(False, f"there is no {file}", f"Write {file}.")
    content = evidence.submission.bytes(path)
    text, written_in = decode_text(content)
    words = _WORD.findall(text)
    if b"\0" in content and written_in != "utf-16":
        return Verdict(False, f"{path} is not a text file", "Hand in plain text.")
    if len(words) < minimum_words:
        return Verdict(
            False, f"{path} has {len(words)} words; {minimum_words} or more are expected",
            "Say what the project does, how it is built and run, and what comes out.",
        )  # fmt: skip
    if why := _no_page(evidence, text):
        return Verdict(
            False, f"{path} is filler: {why}", _IN_SENTENCES, observed(file=path, log=head(text, 4))
        )
    return Verdict(True, f"{path} has {len(words)} words", "", observed(file=path, log=head(text, 4)))


@check
def mentions(evidence: Evidence, file: str, all_of: Patterns) -> Verdict:
    """Check that a document matches all patterns."""
    path = find_document(evidence, file)
    if not path:
        return Verdict(False, f"there is no {file}", f"Write {file}.")
    text = evidence.submission.text(path)
    if len(_WORD.findall(text)) >= _LONG and (why := _no_page(evidence, text)):
        return Verdict(False, f"{path} is filler: {why}", _IN_SENTENCES)
    missing = [pattern for pattern in all_of if not re.search(pattern, text, re.IGNORECASE)]
    if missing:
        named = ", ".join(map(_readable, missing))
        return Verdict(False, f"{file} does not mention: {named}", "Say it in the document.")
    matches = [re.search(pattern, text, re.IGNORECASE) for pattern in all_of]
    return Verdict(
        True,
        f"{path} says it",
        "",
        observed(log="\n".join(_line_of(text, match.start()) for match in matches if match)),
    )


def _readable(pattern: str) -> str:
    """Return the first alternative of a regular expression, as a person would write it."""
    first = re.sub(r"\\[bs][*+]?", " ", pattern.split("|")[0])
    first = re.sub(r"\[[^\]]*\]\?", "", first)  # optional characters
    first = re.sub(r"\[([^\]])[^\]]*\]", r"\1", first)  # the first character of a class
    return re.sub(r"[\\?]", "", first).strip()


def _line_of(text: str, position: int) -> str:
    return text[text.rfind("\n", 0, position) + 1 :].split("\n", 1)[0].strip()[:160]


@check
def question_answered(
    evidence: Evidence,
    file: str,
    question: int,
    minimum_words: int = 40,
    topics: Patterns = (),
    asks: str = "",
) -> Verdict:
    """Check that a question is answered at some length, and that the answer is about the question."""
    path = find_document(evidence, file)
    if not path:
        return Verdict(False, f"there is no {file}", f"Write {file}, with a heading for each question.")
    answers = answers_in(evidence.submission.text(path))
    if question not in answers:
        headings = ", ".join(map(str, sorted(answers))) or "none"
        return Verdict(
            False,
            f"{path} has no heading for question {question}; it has: {headings}",
            f"Begin its answer with: Question {question}",
        )
    answer = without_question(answers[question], asks)
    words = answer_words(answer)
    observations = observed(file=path, log=head(answers[question], 3))
    if len(words) < minimum_words or len(set(words)) < minimum_words // 3:
        word_count = f"{len(words)} words, {len(set(words))} different ones"
        reason = f"the answer to question {question} has {word_count}; {minimum_words} or more are expected"
        return Verdict(
            False, reason, "Answer it in full sentences, with an example of your own.", observations
        )
    same = [other for other, text in answers.items() if other != question and answer_words(text) == words]
    if same:
        return Verdict(
            False,
            f"the answers to questions {question} and {same[0]} are the same text",
            "Answer each by itself.",
            observations,
        )
    missing = [topic for topic in topics if not re.search(topic, answers[question], re.IGNORECASE)]
    if missing:
        reason = f"the answer to question {question} says nothing about: {', '.join(map(_readable, missing))}"
        return Verdict(False, reason, "Answer the question that was asked.", observations)
    if why := _no_answer(evidence, answer, {key: text for key, text in answers.items() if key != question}):
        reason = f"the answer to question {question} does not answer it: {why}"
        return Verdict(
            False, reason, "Answer it in full sentences, with an example of your own.", observations
        )
    return Verdict(True, f"question {question} is answered in {len(words)} words", "", observations)


def _no_page(evidence: Evidence, text: str) -> str:
    """Return why a document of sufficient length is filler; empty if it is not."""
    compose = evidence.submission.compose_name
    if compose and copied_from(text, evidence.submission.text(compose)):
        return f"it is copied from {compose}"
    return filler(without_code(text) or text, OF_A_PAGE)


def _no_answer(evidence: Evidence, answer: str, other_answers: Mapping[int, str]) -> str:
    """Return why a text of sufficient length is not an answer; empty if it may be one."""
    written = without_code(answer)
    if why := filler(written, share_of(written)):
        return why
    for number, text in other_answers.items():
        if same_answer(answer, text):
            return f"it is the answer to question {number} with other words in it"
    for name in (find_document(evidence, "README.md"), evidence.submission.compose_name):
        if name and copied_from(answer, evidence.submission.text(name)):
            return f"it is copied from {name}"
    return ""


@check
def file_exists(evidence: Evidence, path: str) -> Verdict:
    """Check that a file or a folder of the submission exists."""
    path = path.rstrip("/")
    exists = evidence.submission.has(path) or any(
        name.startswith(path + "/") for name in evidence.submission.files
    )
    return Verdict(
        exists, f"{path} is {'there' if exists else 'missing'}", "" if exists else f"Hand in {path}."
    )
