"""The documents: there is a readable text, it says what a tutor looks for, and every question is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evaluation.checks.base import Check, head, seen
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
from evaluation.evidence.evidence import Lab
from evaluation.result import Verdict
from evaluation.submission.submission import decoded

_WORD = re.compile(r"[^\W\d_]{2,}")
# A document of so many words is read as a text; a shorter one is a note, and what it names counts.
_LONG = 60
_IN_SENTENCES = (
    "Say it in sentences of your own: what the project does, how it is built and run, what comes out."
)


def find_document(lab: Lab, name: str) -> str:
    """A document by its name, whatever the case and the ending (README.md, readme.txt); empty where there is none."""
    stem = name.rpartition(".")[0].lower()
    found = [
        file for file in lab.submission.files if "/" not in file and file.lower().rpartition(".")[0] == stem
    ]
    also = [file for file in lab.submission.files if file.lower() == stem]
    return name if lab.submission.has(name) else (found + also + [""])[0]


def document(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """A document is there, is text, and has some length."""
    name, least = str(parameters["file"]), int(parameters.get("minimum_words", 1))
    found = find_document(lab, name)
    if not found:
        return Verdict(False, f"there is no {name}", f"Write {name}.")
    content = lab.submission.bytes(found)
    text, written_in = decoded(content)
    words = _WORD.findall(text)
    if b"\0" in content and written_in != "utf-16":
        return Verdict(False, f"{found} is no text", "Hand in plain text.")
    if len(words) < least:
        return Verdict(
            False, f"{found} has {len(words)} words; {least} or more are expected",
            "Say what the project does, how it is built and run, and what comes out.",
        )  # fmt: skip
    if why := _no_page(lab, text):
        return Verdict(False, f"{found} is filler: {why}", _IN_SENTENCES, seen(file=found, log=head(text, 4)))
    return Verdict(True, f"{found} has {len(words)} words", "", seen(file=found, log=head(text, 4)))


def mentions(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """A document says certain things, each in one of several ways."""
    name = str(parameters["file"])
    found = find_document(lab, name)
    if not found:
        return Verdict(False, f"there is no {name}", f"Write {name}.")
    text = lab.submission.text(found)
    if len(_WORD.findall(text)) >= _LONG and (why := _no_page(lab, text)):
        return Verdict(False, f"{found} is filler: {why}", _IN_SENTENCES)
    missing = [pattern for pattern in parameters["all_of"] if not re.search(pattern, text, re.IGNORECASE)]
    if missing:
        return Verdict(False, f"{name} does not mention: {', '.join(_readable(one) for one in missing)}",
                       str(parameters.get("hint", "Say it in the document.")))  # fmt: skip
    said = [re.search(pattern, text, re.IGNORECASE) for pattern in parameters["all_of"]]
    return Verdict(
        True, f"{found} says it", "", seen(log="\n".join(_line_of(text, one.start()) for one in said if one))
    )


def _readable(pattern: str) -> str:
    """The first way to say what an expression looks for, as a person would write it."""
    first = re.sub(r"\\[bs][*+]?", " ", pattern.split("|")[0])
    first = re.sub(r"\[[^\]]*\]\?", "", first)  # what may stand there, or not
    first = re.sub(r"\[([^\]])[^\]]*\]", r"\1", first)  # the first of several characters
    return re.sub(r"[\\?]", "", first).strip()


def _line_of(text: str, place: int) -> str:
    return text[text.rfind("\n", 0, place) + 1 :].split("\n", 1)[0].strip()[:160]


def question(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """One of the questions is answered, at some length, and the answer is about the question."""
    name, number = str(parameters["file"]), int(parameters["question"])
    least = int(parameters.get("minimum_words", 40))
    found = find_document(lab, name)
    if not found:
        return Verdict(False, f"there is no {name}", f"Write {name}, with a heading for each question.")
    answers = answers_in(lab.submission.text(found))
    if number not in answers:
        there = ", ".join(map(str, sorted(answers))) or "none"
        return Verdict(
            False,
            f"{found} has no heading for question {number}; it has: {there}",
            f"Begin its answer with: Question {number}",
        )
    answer = without_question(answers[number], str(parameters.get("asks", "")))
    words = answer_words(answer)
    evidence = seen(file=found, log=head(answers[number], 3))
    if len(words) < least or len(set(words)) < least // 3:
        counted = f"{len(words)} words, {len(set(words))} different ones"
        reason = f"the answer to question {number} has {counted}; {least} or more are expected"
        return Verdict(False, reason, "Answer it in full sentences, with an example of your own.", evidence)
    same = [other for other, text in answers.items() if other != number and answer_words(text) == words]
    if same:
        return Verdict(
            False,
            f"the answers to questions {number} and {same[0]} are the same text",
            "Answer each by itself.",
            evidence,
        )
    topics = [str(topic) for topic in parameters.get("topics", [])]
    missing = [topic for topic in topics if not re.search(topic, answers[number], re.IGNORECASE)]
    if missing:
        reason = f"the answer to question {number} says nothing about: {', '.join(map(_readable, missing))}"
        return Verdict(False, reason, "Answer the question that was asked.", evidence)
    if why := _no_answer(lab, answer, {key: text for key, text in answers.items() if key != number}):
        reason = f"the answer to question {number} is none: {why}"
        return Verdict(False, reason, "Answer it in full sentences, with an example of your own.", evidence)
    return Verdict(True, f"question {number} is answered in {len(words)} words", "", evidence)


def _no_page(lab: Lab, text: str) -> str:
    """Why a document says nothing although it is long enough; empty where it may say something."""
    compose = lab.submission.compose_name
    if compose and copied_from(text, lab.submission.text(compose)):
        return f"it is copied from {compose}"
    return filler(without_code(text) or text, OF_A_PAGE)


def _no_answer(lab: Lab, answer: str, others: Mapping[int, str]) -> str:
    """Why a text is no answer although it is long enough and names the topic; empty where it may be one."""
    written = without_code(answer)
    if why := filler(written, share_of(written)):
        return why
    for number, text in others.items():
        if same_answer(answer, text):
            return f"it is the answer to question {number} with other words in it"
    for name in (find_document(lab, "README.md"), lab.submission.compose_name):
        if name and copied_from(answer, lab.submission.text(name)):
            return f"it is copied from {name}"
    return ""


def file_exists(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """A file or a folder of the submission is there."""
    path = str(parameters["path"]).rstrip("/")
    there = lab.submission.has(path) or any(name.startswith(path + "/") for name in lab.submission.files)
    return Verdict(there, f"{path} is {'there' if there else 'missing'}", "" if there else f"Hand in {path}.")


CHECKS = (
    Check("document", document, {"file": str}, {"minimum_words": int}),
    Check("mentions", mentions, {"file": str, "all_of": list}, {"hint": str}),
    Check(
        "question_answered",
        question,
        {"file": str, "question": int},
        {"minimum_words": int, "topics": list, "asks": str},
    ),
    Check("file_exists", file_exists, {"path": str}),
)
