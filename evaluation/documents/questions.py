"""Find the answers to numbered questions in free-form text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from evaluation.documents.prose import content_words, words_of

Heading = tuple[int, int, int]
"""The number of a question, and where its heading begins and ends."""

_SPELLED = {
    "1": "one first eins erste ersten erster un une première uno una prima primera primeira um uma",
    "2": "two second zwei zweite zweiten zweiter deux deuxième due seconda dos segunda dois duas",
    "3": "three third drei dritte dritten dritter trois troisième tre terza tres tercera três terceira",
    "4": "four fourth vier vierte vierten vierter quatre quatrième quattro quarta cuatro cuarta quatro",
    "5": "five fifth fünf fuenf fünfte fuenfte fünften cinq cinquième cinque quinta cinco",
}
_NUMBERS = {word: int(number) for number, words in _SPELLED.items() for word in words.split()} | {
    roman: number for number, roman in enumerate(("i", "ii", "iii", "iv", "v"), 1)
}
_NUMBER_WORD = "|".join(
    sorted((word for words in _SPELLED.values() for word in words.split()), key=len, reverse=True)
)
_ASKED = (
    r"(?:discussion\s+)?(?:questions?|fragen?|pregunta|pergunta|domanda|vraag|pytanie|otázka|soru|fråga|spørgsmål"
    r"|kérdés|kysymys|întrebarea|вопрос|питання|q)"
)
_ANSWERED = (
    r"(?:answer|antwort|ans|réponse|reponse|respuesta|resposta|risposta|antwoord|odpowiedź|odpověď|cevap|ответ"
    r"|a(?=\d))"
)
_PART = r"(?:aufgabe|teilaufgabe|task|teil|part|exercise|übung|uebung|punkt|point|section|abschnitt|exercice|ejercicio)"
_OPEN, _SIGNS = r"^[ \t#*_=>~(|\[-]*", r"(?:[ \t._#:(*-]|n[or]\.?(?=\W)|nummer|number)*"


def _titled(words: str) -> re.Pattern[str]:
    """Return the pattern of a line that begins with a word and a number: ``Question 1``, ``Frage Nr. 2:``, ``Q3)``."""
    number = rf"(?:(\d)(?![^\W_])|({_NUMBER_WORD}|(?-i:III|II|IV|I|V))(?=\s*(?:[.:)*_#–—-]|$)))"
    return re.compile(rf"{_OPEN}(?:{words}){_SIGNS}{number}", re.IGNORECASE | re.MULTILINE)


_QUESTION = _titled(
    rf"{_ASKED}|{_ANSWERED}(?:\s+(?:to|zu|zur|à|a|auf))?(?:\s+(?:(?:the|la|die|der)\s+)?{_ASKED})?"
)
_ORDINAL = re.compile(rf"{_OPEN}({_NUMBER_WORD})\s+(?:{_ASKED}|{_PART})\b", re.IGNORECASE | re.MULTILINE)
_PARTS = _titled(_PART)
# A number in a heading of Markdown or in a line of bold text; and at the beginning of any line.
_IN_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]*[*_]*|[*_]{2})\(?(\d)[ \t]*(?:[.):]|[-–—]\s|[*_]*$|\w)", re.MULTILINE
)
_NUMBER = re.compile(r"^[ \t*_(|>[]*(\d)\s*(?:[.):|\]]|[-–—]\s|$)", re.MULTILINE)
_TITLE = re.compile(r"^[ \t]*(?:#{1,6}\s+\S[^\n]*|(?:\*\*|__)[^\n*_]+(?:\*\*|__):?\s*)$", re.MULTILINE)
_LINE = re.compile(r"^[^\n]*\w[^\n]*$", re.MULTILINE)
_KEYCAP = re.compile("(\\d)\ufe0f?\u20e3")
_WORD = re.compile(r"[^\W\d_]{2,}")
_PART_OF_LINE = re.compile(r"[^.!?\n]+[.!?\n]?")
# With at least this many words after the number, the answer begins on the line of its heading.
_MORE_THAN_A_TITLE = 15
_LONGEST, _MOST_HEADINGS = 400_000, 500
# A title is the question if at least this share of its words is in the question, and it has this many words.
_LIKE, _FEW = 0.6, 3


def answers_in(text: str) -> dict[int, str]:
    """Return the text after each question's heading, by the question's number.

    A heading is a line that begins with ``Question 1`` (or Frage, Q, Answer, in several languages and with a number in
    words); if there is none, ``Aufgabe 1`` or ``Part 1``, a heading or bold line with a number, or else a line that
    begins with ``1.``, ``1)`` or ``(1)``, as long as the numbers are in order. The rest of the line belongs to the
    answer, too: many students answer in one paragraph.
    """
    text = _KEYCAP.sub(r"\1. ", text[:_LONGEST])
    return _between(text, next((found for found in _headings(text) if found), []))


def _headings(text: str) -> Iterator[list[Heading]]:
    """Yield the headings of each kind, the most certain kind first."""
    yield sorted([*_matches(_QUESTION, text), *_matches(_ORDINAL, text)], key=lambda heading: heading[1])
    for pattern in (_PARTS, _IN_HEADING):
        ordered = _in_order(_matches(pattern, text))
        yield ordered if len(ordered) > 1 else []
    yield _in_order(_matches(_NUMBER, text))
    yield _in_order(_matches(_IN_HEADING, text))


def _matches(pattern: re.Pattern[str], text: str) -> list[Heading]:
    found = []
    for match in islice(pattern.finditer(text), _MOST_HEADINGS):
        digit = next(group for group in match.groups() if group)
        found.append((_NUMBERS.get(digit.lower()) or int(digit), match.start(), match.end()))
    return found


def _between(text: str, headings: Sequence[Heading]) -> dict[int, str]:
    answers: dict[int, str] = {}
    for index, (number, _, end) in enumerate(headings):
        rest = [start for other, start, _ in headings[index + 1 :] if other != number]
        title, _, body = text[end : rest[0] if rest else len(text)].partition("\n")
        body = _with_title(title, body).strip().lstrip(":.)*_ ").lstrip()
        if number not in answers or len(body) > len(answers[number]):
            answers[number] = body
    return answers


def _with_title(title: str, body: str) -> str:
    """Return the text below a heading, with the rest of its line if that is part of the answer."""
    statement = title.rpartition("?")[2] if "?" in title else title
    if not _WORD.search(body) or len(answer_words(title)) >= _MORE_THAN_A_TITLE:
        return f"{statement}\n{body}" if _WORD.search(statement) else body
    return f"{statement}\n{body}" if "?" in title and len(_WORD.findall(statement)) > _FEW else body


def _in_order(headings: Sequence[Heading]) -> list[Heading]:
    """Return the first 1, the first 2 after it, and so on: lists inside the answers have numbers as well."""
    ordered: list[Heading] = []
    for number, start, end in headings:
        if number == len(ordered) + 1:
            ordered.append((number, start, end))
    return ordered


def answer_below_title(text: str, question: int, asks: str, count: int) -> str:
    """Return the answer below an unnumbered title: the question itself, or the title in its position; else empty.

    Args:
        text: the text.
        question: the number of the question.
        asks: the question, in one or several languages.
        count: the number of questions; the same number of titles of one kind are matched in their order.
    """
    titles = [(0, match.start(), match.end()) for match in islice(_TITLE.finditer(text), _MOST_HEADINGS)]
    for lines in (
        titles,
        [(0, match.start(), match.end()) for match in _LINE.finditer(text) if "?" in match[0]],
    ):
        for index, (_, start, end) in enumerate(lines):
            if _is_question(text[start:end], asks):
                following = lines[index + 1][1] if index + 1 < len(lines) else len(text)
                return text[end:following].strip()
    for depth in dict.fromkeys(_depth(text[start:end]) for _, start, end in titles):
        same = [(number, start, end) for number, (_, start, end) in enumerate(
            [title for title in titles if _depth(text[title[1] : title[2]]) == depth], 1
        )]  # fmt: skip
        if len(same) == count:
            return _between(text, same).get(question, "")
    return ""


def _depth(title: str) -> str:
    stripped = title.strip()
    return stripped[: len(stripped) - len(stripped.lstrip("#*_"))]


def _is_question(title: str, asks: str) -> bool:
    words, known = content_words(words_of(title)), content_words(words_of(asks))
    return len(words) >= _FEW and len(words & known) / len(words) >= _LIKE


def answer_words(text: str) -> list[str]:
    """Return the words of an answer, without sentences that ask (such as the repeated question)."""
    statements = (part for part in _PART_OF_LINE.findall(text) if not part.endswith("?"))
    return [word.lower() for part in statements for word in _WORD.findall(part)]
