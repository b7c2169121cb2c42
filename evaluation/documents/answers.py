"""Judge an answer: it answers the question, it does not, or a person has to read it.

A machine sees only the form of an answer and the names in it. Names are evidence: files, services and numbers of the
submission, and the things that an answer to this question is about. An answer without names may be right, so it is
left undecided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from evaluation.documents.identifiers import Identifiers
from evaluation.documents.languages import OF_RUBRICS, in_unknown_script, language_of
from evaluation.documents.prose import (
    Filler,
    content_words,
    copied_from,
    filler,
    same_answer,
    share_of,
    without_code,
    without_question,
    words_of,
)
from evaluation.documents.questions import answer_words

_PLACEHOLDER = re.compile(
    r"\b(?:to ?do|tbd|lorem ipsum|coming soon|kommt noch|n/?a|none|no answer|see (?:the )?(?:readme|above|below)"
    r"|siehe (?:readme|oben|unten)|i do(?:n't| not) know|no idea|keine ahnung|weiß (?:ich )?nicht|keine antwort"
    r"|as an ai (?:language )?model|your answer(?: here)?|insert (?:your )?(?:answer|text))\b",
    re.IGNORECASE,
)
_PLACEHOLDER_WORDS = 12
_OTHER_PROJECT = re.compile(
    r"\b(?:npm (?:install|run|start)|yarn|flask|django|react|node\.js|mysql|postgres\w*|mongo\w*|redis|nginx|laravel"
    r"|spring boot|wordpress|git clone https?://\S+|localhost:\d+)\b",
    re.IGNORECASE,
)
_MANY_OTHERS = 3
# Names of files, which may belong to another project, and names that files have in every project.
_FILE = re.compile(
    r"(?<![\w/.-])[\w/-]+\.(?:py|js|ts|java|go|sql|html|css|json|toml|lock|sh|ipynb|jar|h5|keras|onnx|csv|pkl|joblib)\b"
)
_USUAL_FILE = re.compile(r"(?:^|/)(?:main|app|model|data|code|script|train|test|prediction)\.\w+$")
# A page of lists and tables that mentions this many things has few function words, but some.
_MUCH, _OF_TABLES = 6, 0.03
# Fewer words are not an answer; longer answers mention at least this many things, more if a topic is missing.
_FRAGMENT = 5
_NEEDED, _WITHOUT_TOPIC = 2, 3
# With this share of keywords among its content words, an answer is only a list of keywords.
_DENSE, _FEW_WORDS = 0.85, 8
_STRUCTURED = re.compile(r"\w[./_]\w|[:;(]|->|→|`")
_STRUCTURES = 2
# An enumeration in a sentence: a question that asks for things is answered by listing them.
_SEPARATOR, _ENUMERATION = re.compile(r"[,;:\n]"), 3
_MOST_SHOWN = 4


class Grade(Enum):
    """What a machine can say about an answer."""

    ANSWERS = "answers"
    UNCLEAR = "unclear"
    DOES_NOT = "does not answer"


@dataclass(frozen=True)
class Judgement:
    """What a machine says about an answer, and why."""

    grade: Grade
    reason: str


@dataclass(frozen=True)
class Question:
    """A question of a rubric.

    Attributes:
        asks: the question, in one or several languages.
        topics: patterns that an answer must match, every one of them.
        expects: patterns of things that an answer mentions; a few of them are enough.
        long_words: the number of words from which an answer counts as long.
        short_words: the minimum number of words; a shorter answer never passes.
    """

    asks: str = ""
    topics: Sequence[str] = ()
    expects: Sequence[str] = ()
    long_words: int = 40
    short_words: int = 8


@dataclass(frozen=True)
class Surroundings:
    """The rest of the submission, as the context of an answer.

    Attributes:
        own: the names and numbers of the submission.
        other_answers: the answers to the other questions, by number.
        sources: the content of the files that an answer may be copied from, by path.
    """

    own: Identifiers
    other_answers: Mapping[int, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def judge(answer: str, question: Question, around: Surroundings) -> Judgement:
    """Judge an answer.

    Args:
        answer: the text below the heading of the question.
        question: the question of the rubric.
        around: the rest of the submission.
    """
    if in_unknown_script(answer):
        return _judge_unknown_script(answer)
    own_text = without_question(answer, question.asks)
    words = answer_words(own_text)
    for find_fault in (_too_little, _copied, _filler):
        if judgement := find_fault(own_text, words, question, around):
            return judgement
    return _judge_content(own_text, words, question, around)


def _no(reason: str) -> Judgement:
    return Judgement(Grade.DOES_NOT, reason)


def _unclear(reason: str) -> Judgement:
    return Judgement(Grade.UNCLEAR, reason)


def _judge_unknown_script(answer: str) -> Judgement:
    letters = sum(character.isalpha() for character in answer)
    if letters < 20:
        return _no("has only a few words")
    return _unclear("is in a writing system that cannot be judged")


def _too_little(
    text: str, words: Sequence[str], question: Question, around: Surroundings
) -> Judgement | None:
    count = f"has {len(words)} words"
    if len(words) <= _PLACEHOLDER_WORDS and _PLACEHOLDER.search(text):
        return _no("is a placeholder")
    if len(words) < _FRAGMENT:
        return _no(f"{count} of its own; {question.short_words} or more are expected")
    if len(set(words)) < _FRAGMENT <= len(words):
        return _no(f"{count}, only {len(set(words))} of them different")
    if len(words) < question.short_words:
        named = len(_named(text, question, around))
        few = _no(f"{count} of its own; {question.short_words} or more are expected")
        return None if named >= _WITHOUT_TOPIC else _unclear(count) if named >= _NEEDED else few
    return None


def _copied(text: str, words: Sequence[str], question: Question, around: Surroundings) -> Judgement | None:
    for number, other in around.other_answers.items():
        if answer_words(other) == list(words):
            return _no(f"is identical to the answer to question {number}")
        if same_answer(text, other):
            return _no(f"is the answer to question {number} with some words changed")
    for name, source in around.sources.items():
        if len(words) >= question.short_words and copied_from(text, source):
            return _no(f"is copied from {name}")
    return None


def _filler(text: str, words: Sequence[str], question: Question, around: Surroundings) -> Judgement | None:
    written = without_code(text)
    why = (
        filler(written, share_of(written))
        if words_of(written)
        else Filler("it is a block of code without a sentence", has_sentences=False)
    )
    if why is None:
        return None
    named = _named(text, question, around)
    structures = max(len(_STRUCTURED.findall(text)) // 2, len(_SEPARATOR.findall(text.strip())))
    is_short = len(words) < question.long_words
    if not why.has_sentences and not is_short and len(named) >= _MUCH:
        joined = language_of(words_of(written))[1]
        return None if joined >= _OF_TABLES else _unclear(f"is a list that names {_shown(named)}")
    if not why.has_sentences and is_short and len(named) >= _WITHOUT_TOPIC and structures >= _STRUCTURES:
        return _unclear(f"is a list without sentences that names {_shown(named)}")
    return _no(f"does not answer it: {why.reason}")


def _judge_content(text: str, words: Sequence[str], question: Question, around: Surroundings) -> Judgement:
    named = _named(text, question, around)
    own = around.own.found_in(text)
    language, _ = language_of([word.lower() for word in words])
    foreign = language not in OF_RUBRICS
    missing = [topic for topic in question.topics if not re.search(topic, text, re.IGNORECASE)]
    is_long = len(words) >= question.long_words
    if not own and len({found.lower() for found in _OTHER_PROJECT.findall(text)}) >= _MANY_OTHERS:
        return _no("is about another project: it names nothing of this submission")
    others = {file for file in _FILE.findall(text) if not _USUAL_FILE.search(file)}
    if not own and is_long and len(others) >= _MANY_OTHERS:
        return _no(
            f"is about another project: it names {_shown(sorted(others))}, and nothing of this submission"
        )
    # What it names shows that it is about the question, whatever words a rubric has for its topics.
    needed = _NEEDED if own or not missing else _WITHOUT_TOPIC
    if missing and len(named) < needed:
        says = f"says nothing about: {', '.join(map(readable, missing))}"
        if foreign:
            return _unclear(f"is in {language} and {says}")
        return _unclear(says) if len(named) >= _NEEDED else _no(says)
    if _is_dense(words, text, question, around):
        return _unclear("consists almost entirely of keywords")
    if len(named) >= needed or not (question.expects or own):
        return Judgement(Grade.ANSWERS, f"is answered in {len(words)} words" + _naming(named))
    if foreign:
        return _unclear(f"is in {language}, for which no keywords are known")
    little = "names little of what the question is about" + _naming(named)
    return _unclear(little) if is_long or named else _no(little)


def _named(text: str, question: Question, around: Surroundings) -> list[str]:
    """Return what an answer mentions: names and numbers of the submission, and things that the question is about."""
    own = list(around.own.found_in(text))
    numbers = list(around.own.numbers_in(text))[:1]
    matches = (re.search(pattern, text, re.IGNORECASE) for pattern in question.expects)
    found = dict.fromkeys([*own, *numbers, *(match[0].strip().lower() for match in matches if match)])
    return [name for name in found if not any(name != other and name in other for other in found)]


def _is_dense(words: Sequence[str], text: str, question: Question, around: Surroundings) -> bool:
    """Return whether nearly all content words are those of the question and its keywords."""
    meaning = [word for word in words if word in content_words([word])]
    if len(meaning) < _FEW_WORDS or len(_SEPARATOR.findall(text)) >= _ENUMERATION:
        return False
    known = content_words(words_of(question.asks))
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in (*question.topics, *question.expects)]
    keywords = sum(word in known or any(pattern.search(word) for pattern in patterns) for word in meaning)
    return keywords > _DENSE * len(meaning)


def _naming(named: Sequence[str]) -> str:
    return f"; it names {_shown(named)}" if named else ""


def _shown(named: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(name[:40] for name in named[:_MOST_SHOWN]))


def readable(pattern: str) -> str:
    """Return the first alternative of a regular expression, as a person would write it."""
    first = re.sub(r"\\[bs][*+]?", " ", pattern.split("|")[0])
    first = re.sub(r"\[[^\]]*\]\?", "", first)  # optional characters
    first = re.sub(r"\[([^\]])[^\]]*\]", r"\1", first)  # the first character of a class
    return re.sub(r"[\\?]", "", first).strip()
