"""Find the answers to numbered questions in a free-form text."""

from __future__ import annotations

import re

_ASKED = r"(?:discussion\s+)?(?:question|frage|q)"
_HEADING = re.compile(
    rf"^[\s#*_=>~(-]*(?:{_ASKED}|(?:answer|antwort)(?:\s+(?:to|zu|zur))?(?:\s+{_ASKED})?)[\s._#:(-]*(\d)\b",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"^[\s#*_(]*(\d)\s*(?:[.):]|[-–—]\s)", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{2,}")
# With at least this many words after the number, the answer begins on the line of its heading.
_MORE_THAN_A_TITLE = 15


def answers_in(text: str) -> dict[int, str]:
    """Return the text after each question's heading, by the question's number.

    A heading is a line that begins with ``Question 1`` (or Frage, Q, Answer, Antwort); where there is none, a line
    that begins with ``1.``, ``1)`` or ``(1)``, as long as the numbers come in order. What follows on the same line
    belongs to the answer, too: many answer in one paragraph.
    """
    headings = [(int(match.group(1)), match.start(), match.end()) for match in _HEADING.finditer(text)]
    if not headings:
        headings = _in_order(
            [(int(match.group(1)), match.start(), match.end()) for match in _NUMBER.finditer(text)]
        )
    answers: dict[int, str] = {}
    for index, (number, _, end) in enumerate(headings):
        rest = [start for other, start, _ in headings[index + 1 :] if other != number]
        title, _, body = text[end : rest[0] if rest else len(text)].partition("\n")
        if len(answer_words(title)) >= _MORE_THAN_A_TITLE:
            body = f"{title}\n{body}"
        body = body.strip().lstrip(":.) ")
        if number not in answers or len(body) > len(answers[number]):
            answers[number] = body
    return answers


def _in_order(headings: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return the first 1, the first 2 after it, and so on: lists inside the answers have numbers as well."""
    ordered: list[tuple[int, int, int]] = []
    for number, start, end in headings:
        if number == len(ordered) + 1:
            ordered.append((number, start, end))
    return ordered


def answer_words(text: str) -> list[str]:
    """Return the words of an answer; sentences that ask (the question itself, repeated) are left out."""
    statements = re.sub(r"[^.!?\n]*\?", " ", text)
    return [word.lower() for word in _WORD.findall(statements)]
