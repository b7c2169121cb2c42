"""Distinguish text written by a person from filler. Only the form is checked, not the content.

The languages are those of `languages`. The thresholds are generous: short sentences, lists and spelling mistakes are
accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evaluation.documents.languages import COMMON, in_unknown_script, language_of

WORD = re.compile(r"[^\W\d_]{2,}")
_ANY_WORD = re.compile(r"[^\W\d_]+")
_UNIT = re.compile(r"[.!?;:]+(?:\s|$)|\n+")
_INDENTED = re.compile(r"^(?: {4,}|\t)\S[^\n]*$", re.MULTILINE)
_COMMAND = re.compile(
    r"^[ >*$`#-]{0,6}(?:docker (?:build|run|compose|image|images|ps|exec|logs|rmi?)|pip3? install|git clone"
    r"|docker-compose (?:up|down|build|config)|python3? \S+\.py|cd \S+$|ls \S+$)\b[^\n]*$",
    re.MULTILINE,
)
_FENCED = re.compile(r"^(```|~~~)[^\n]*\n.*?^\1[^\n]*$", re.DOTALL | re.MULTILINE)
_SHARE = 0.12
# A page of headings, lists and commands has fewer function words.
OF_A_PAGE = 0.05
_LISTED = re.compile(r"^\s*(?:[-*+#|•]|\(?\d+[.)])\s*\S")
# Of this many consecutive words, this share must be different words, on average.
_ROW, _DIFFERENT = 50, 0.5
# Size and share of repeated groups of consecutive words; and the words of one sentence, on average.
_GROUP, _REPEATED = 5, 0.35
_LONG_UNIT = 60.0
_SAME_WORDS, _SAME_GROUPS = 0.6, 0.5
_ASKED, _FEW = 0.8, 4


def without_code(text: str) -> str:
    """Remove fenced and indented blocks, and lines that are commands, from a document."""
    return _COMMAND.sub("", _INDENTED.sub("", _FENCED.sub("", text[:1_000_000])))


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return [word.lower() for word in WORD.findall(text)]


def content_words(words: Iterable[str]) -> set[str]:
    """Return the distinct content words."""
    return {word for word in words if word not in COMMON and len(word) > 3}


class Filler(NamedTuple):
    """Why a document is filler.

    Attributes:
        reason: the reason, as the end of a sentence that names the document.
        has_sentences: whether the document consists of sentences, not of a list of words.
    """

    reason: str
    has_sentences: bool = True


def filler(text: str, share: float = _SHARE) -> Filler | None:
    """Return why a document is filler; None if it seems to be written by a person.

    Args:
        text: the document without blocks of code, at least a few dozen words.
        share: the minimum share of function words, from 0 to 1.
    """
    words = [word.lower() for word in _ANY_WORD.findall(text)]
    if not words:
        return Filler("it has no words")
    if in_unknown_script(text):
        return None
    joined = max(language_of(words)[1], sum(word in COMMON for word in words) / len(words))
    if joined < share:
        reason = f"it is a list of words without sentences: {joined:.0%} of its words are function words"
        return Filler(reason, has_sentences=False)
    rows = [words[start : start + _ROW] for start in range(0, max(1, len(words) - _ROW + 1), 5)]
    if len(words) >= _ROW and sum(len(set(row)) / len(row) for row in rows) / len(rows) < _DIFFERENT:
        return Filler("it repeats the same words")
    groups = _groups(words, _GROUP)
    if groups and 1 - len(set(groups)) / len(groups) > _REPEATED:
        return Filler("it repeats the same sentences")
    units = [unit for unit in _UNIT.split(text) if _ANY_WORD.search(unit)]
    if len(words) / len(units) > _LONG_UNIT:
        return Filler("it has no sentences", has_sentences=False)
    if sum(word.isdigit() for word in re.findall(r"\w+", text)) > len(words):
        return Filler("it consists of numbers")
    return None


def share_of(text: str) -> float:
    """Return the minimum share of function words: smaller if most lines are list items, headings or table rows."""
    lines = [line for line in text.splitlines() if _ANY_WORD.search(line)]
    list_items = sum(_LISTED.match(line) is not None for line in lines)
    return OF_A_PAGE if len(lines) > 3 and 2 * list_items >= len(lines) else _SHARE


def _groups(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def same_answer(text: str, other_text: str) -> bool:
    """Return whether two answers are the same, apart from a few words.

    Args:
        text: an answer.
        other_text: another answer.
    """
    first, second = words_of(text), words_of(other_text)
    a, b = content_words(first), content_words(second)
    if min(len(a), len(b)) < 8:
        return False
    return len(a & b) / min(len(a), len(b)) > _SAME_WORDS


def copied_from(text: str, source: str) -> bool:
    """Return whether most of an answer is copied from a source, word for word.

    Args:
        text: the answer.
        source: the text that it may be copied from.
    """
    groups = _groups(words_of(text), 4)
    source_groups = set(_groups(words_of(source[:1_000_000]), 4))
    return bool(groups) and sum(group in source_groups for group in groups) / len(groups) > _SAME_GROUPS


def without_question(text: str, question: str) -> str:
    """Return an answer without the sentences that only repeat the question.

    Args:
        text: the answer.
        question: the question, in one or several languages.
    """
    known = content_words(words_of(question))
    if not known:
        return text
    units = []
    for unit in re.split(r"(?<=[.!?])\s+|\n+", text):
        unit_words = content_words(words_of(unit))
        if len(unit_words) < _FEW or len(unit_words & known) / len(unit_words) < _ASKED:
            units.append(unit)
    return "\n".join(units)
