"""Finds the answers to numbered questions in a text that somebody wrote by hand."""

from __future__ import annotations

import re

_HEADING = re.compile(
    r"^[\s#*_=>~-]*(?:question|frage|q)[\s._#:-]*(\d)\b[^\n]*$", re.IGNORECASE | re.MULTILINE
)
_NUMBER = re.compile(r"^[\s#*_]*(\d)\s*[.):][^\n]*$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{2,}")


def answers_in(text: str) -> dict[int, str]:
    """The text behind each question's heading, by the question's number.

    A heading is a line that begins with ``Question 1`` (or Frage, or Q); where there is none, a line that begins
    with ``1.`` or ``1)``, as long as the numbers come in order.
    """
    places = [(int(found.group(1)), found.start(), found.end()) for found in _HEADING.finditer(text)]
    if not places:
        places = _in_order([(int(one.group(1)), one.start(), one.end()) for one in _NUMBER.finditer(text)])
    answers: dict[int, str] = {}
    for place, (number, _, end) in enumerate(places):
        rest = [start for other, start, _ in places[place + 1 :] if other != number]
        body = text[end : rest[0] if rest else len(text)].strip()
        if number not in answers or len(body) > len(answers[number]):
            answers[number] = body
    return answers


def _in_order(places: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The first 1, the first 2 behind it, and so on: lists inside the answers have numbers as well."""
    kept: list[tuple[int, int, int]] = []
    for number, start, end in places:
        if number == len(kept) + 1:
            kept.append((number, start, end))
    return kept


def answer_words(text: str) -> list[str]:
    """The words of an answer; sentences that ask (the question itself, repeated) are left out."""
    said = re.sub(r"[^.!?\n]*\?", " ", text)
    return [word.lower() for word in _WORD.findall(said)]
