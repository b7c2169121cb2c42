"""Distinguish text written by a person from filler. Only the form is checked, not the content.

English and German are supported. The bounds are generous: short sentences, lists and spelling mistakes do not count
against a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
# Words that sentences are joined with: every third to second word of a text, and none of a list of words.
_JOINING = """
    a about after all also an and any are as at be because been before being both but by can cannot could did do
    does each for from had has have here how if in into is it its just may more most must needs no not of off on one
    only or other our out over own same should since so some such than that the their them then there these they this
    those through to under until up used using was we were what when where which while who whose will with within
    without would you your
    aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bis da damit dann das dass
    dem den der deren des die dies diese diesem diesen dieser dieses doch dort durch ein eine einem einen einer eines
    er es etwa fuer für hat haben hier ihr ihre ihren im immer in ins ist ja jede jedem jeden jeder jedes kann kein
    keine keinen können konnte man mehr mit muss müssen nach nicht noch nur ob oder ohne sehr sein seine sich sie sind
    so sobald soll sollen sollte sonst sowie sowohl statt über um und uns unter vom von vor war was weil welche
    welchem welchen welcher welches wenn wer werden wie wird wo wurde wurden zu zum zur zwischen
"""
FUNCTION_WORDS = frozenset(_JOINING.split())
_SHARE = 0.12
# In a page of headings, lists and commands there are fewer of them.
OF_A_PAGE = 0.05
_LISTED = re.compile(r"^\s*(?:[-*+#|•]|\(?\d+[.)])\s*\S")
# Of so many words in a row, this share must be different ones, on average.
_ROW, _DIFFERENT = 50, 0.5
# Groups of words in a row that come more than once; and the words of one sentence, on average.
_GROUP, _REPEATED = 5, 0.35
_LONG_UNIT = 60.0
_SAME_WORDS, _SAME_GROUPS = 0.6, 0.5
_ASKED, _FEW = 0.8, 4


def without_code(text: str) -> str:
    """Return a text without fenced and indented blocks, and without lines that are commands."""
    return _COMMAND.sub("", _INDENTED.sub("", _FENCED.sub("", text[:1_000_000])))


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return [word.lower() for word in WORD.findall(text)]


def content_words(words: Iterable[str]) -> set[str]:
    """Return the different words that carry a meaning."""
    return {word for word in words if word not in FUNCTION_WORDS and len(word) > 3}


def filler(text: str, share: float = _SHARE) -> str:
    """Return why a text is filler; empty where it seems to be written by a person.

    Args:
        text: without blocks of code, some dozen words at least.
        share: how many of its words must join others.
    """
    words = [word.lower() for word in _ANY_WORD.findall(text)]
    if not words:
        return "it has no words"
    joined = sum(word in FUNCTION_WORDS for word in words) / len(words)
    if joined < share:
        return f"it is a list of words and no sentences: {joined:.0%} of its words join others"
    rows = [words[start : start + _ROW] for start in range(0, max(1, len(words) - _ROW + 1), 5)]
    if len(words) >= _ROW and sum(len(set(row)) / len(row) for row in rows) / len(rows) < _DIFFERENT:
        return "it repeats the same words"
    groups = _groups(words, _GROUP)
    if groups and 1 - len(set(groups)) / len(groups) > _REPEATED:
        return "it repeats the same sentences"
    units = [unit for unit in _UNIT.split(text) if _ANY_WORD.search(unit)]
    if len(words) / len(units) > _LONG_UNIT:
        return "it has no sentences"
    if sum(word.isdigit() for word in re.findall(r"\w+", text)) > len(words):
        return "it is made of numbers"
    return ""


def share_of(text: str) -> float:
    """Return the share of function words that a text needs: less where most lines are items, headings or tables."""
    lines = [line for line in text.splitlines() if _ANY_WORD.search(line)]
    list_items = sum(_LISTED.match(line) is not None for line in lines)
    return OF_A_PAGE if len(lines) > 3 and 2 * list_items >= len(lines) else _SHARE


def _groups(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def same_answer(text: str, other_text: str) -> bool:
    """Return whether two texts are the same one with some words changed.

    Args:
        text: a text.
        other_text: another text.
    """
    first, second = words_of(text), words_of(other_text)
    a, b = content_words(first), content_words(second)
    if min(len(a), len(b)) < 8:
        return False
    return len(a & b) / min(len(a), len(b)) > _SAME_WORDS


def copied_from(text: str, source: str) -> bool:
    """Return whether most of a text is copied from another one, word for word.

    Args:
        text: the text.
        source: what it may be copied from.
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
