"""Search for replacement rows and a replacement network whose prediction is clearly a different one."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.prediction.expected import expect
from evaluation.prediction.replacement import Outputs, Replacement
from evaluation.prediction.replacement_rows import changed_text
from evaluation.prediction.replacement_weights import other_weights, weights_of
from pybrain_runtime import load_knowledge
from pybrain_runtime.network.model_card import card_path

# Two answers differ clearly where their first rows do, relative to the largest output: by more than two digits show.
CLEARLY = 0.12
# And they are the same where they differ by less.
SAME = 1e-5
# How many candidates are tried at most, and how many good ones are enough; few for a large network, which takes a
# moment to read.
_CANDIDATES, _ENOUGH, _FEW, _LARGE = 96, 16, 6, 512 * 1024
# Lines of the exchanged rows at most; a program that predicts any file predicts these.
_MOST_LINES = 2_000
# An answer is no guess where so many candidates have different ones.
_DIFFERENT = 5


def find_replacement(model: Path, data: Path, before: Outputs, folder: Path, seed: int) -> Replacement | None:
    """Makes rows and a network that are answered clearly otherwise; None where there are none.

    Args:
        model: the submission's network, which can be read.
        data: the submission's rows.
        before: what the network answers to them.
        folder: an empty folder of our own.
        seed: for the choice.
    """
    content, text = model.read_bytes(), data.read_bytes().decode("utf-8-sig", "replace")
    lines = text.splitlines(keepends=True)
    shown, choice = text, _Choice(model, data, before, folder, seed)
    if len(lines) > _MOST_LINES:  # many rows are searched by the first of them, and exchanged for as many
        shown = "".join(lines[:_MOST_LINES])
        first = folder / f"first-{data.name}"
        first.write_bytes(shown.encode("utf-8"))
        choice = _Choice(model, first, expect(model, first).outputs, folder, seed)
    found = _search(choice, content, shown, weights_of(load_knowledge(model).network), seed)
    if found is None or shown is text:
        return found
    return _Choice(model, data, before, folder, seed).candidate(found.rows, found.model)


def _search(
    choice: _Choice, content: bytes, text: str, weights: Iterable[NDArray[np.float64]], seed: int
) -> Replacement | None:
    """Tries candidates until there are enough good ones, and takes one of them."""
    own, before = list(weights), choice.before
    number = random.Random(seed)
    found: list[Replacement] = []
    for moderate in (False, True):
        # A network that answers everything alike, or only its extremes, could be answered by a guess.
        if not moderate or _easily_guessed(found):
            found = choice.candidates(content, text, own, number, moderate=moderate) or found
    # Rows that change nothing (a network that answers all of them alike) stay, and so does a network.
    parts = [[one for one in found if one.rows and one.model], [one for one in found if one.model], found]
    whole = next((part for part in parts if part and not _easily_guessed(part)), [])
    whole = whole or next((part for part in parts if part), [])
    whole = [one for one in whole if _as_large(one, before)] or whole
    return _least_saturated(whole, number) if whole else None


def _as_large(one: Replacement, before: Outputs) -> bool:
    """Whether the answer is as large as the first one was, so that as many decimals show as many digits."""
    return _largest(one.after) >= _decade(_largest(before))


def _largest(outputs: Outputs) -> float:
    """The largest output of the first row, in the reading where it is least."""
    return min(float(np.abs(one[0]).max()) for one in outputs)


def _decade(value: float) -> float:
    """0.1 for 0.2 and for 0.9."""
    return float(10.0 ** np.floor(np.log10(value))) if value > 0 else 0.0


def _easily_guessed(found: list[Replacement]) -> bool:
    """Whether few candidates have an answer of their own, to two digits."""
    scale = max((_decade(_largest(one.after)) for one in found), default=0.0) or 1.0
    answers = {tuple(np.round(one.after[0][0] / scale, 2).tolist()) for one in found}
    return len(answers) < _DIFFERENT or 2 * len(answers) <= len(found)


class _Choice:
    """Looks at candidates: what does each combination of old and new files give?"""

    def __init__(self, model: Path, data: Path, before: Outputs, folder: Path, seed: int) -> None:
        self.model, self.data, self.before, self.seed = model, data, before, seed
        self.new_model, self.new_data = folder / model.name, folder / f"rows-{data.name}"
        card = Path(card_path(str(model)))
        if card.is_file() and card.resolve().parent == model.resolve().parent:
            (folder / card.name).write_bytes(card.read_bytes())

    def candidates(
        self,
        content: bytes,
        text: str,
        weights: list[NDArray[np.float64]],
        number: random.Random,
        *,
        moderate: bool,
    ) -> list[Replacement]:
        """Other files whose answers can be told apart, until there are enough good ones."""
        found: list[Replacement] = []
        good = 0
        for _ in range(_CANDIDATES if len(content) < _LARGE else _FEW):
            chosen = number.getrandbits(63)
            rows = changed_text(text, chosen)
            new_rows = rows.encode("utf-8") if rows != text else b""
            model = other_weights(content, weights, chosen, moderate=moderate)
            if candidate := self.candidate(new_rows, model):
                found.append(candidate)
                good += bool(candidate.rows and candidate.model and _as_large(candidate, self.before))
            if good >= _ENOUGH:
                break
        return found

    def candidate(self, rows: bytes, model: bytes) -> Replacement | None:
        """These files, where the answers can be told apart and none of the new ones repeats an old first one."""
        made = self._told_apart(rows, model)
        if made is None:
            return None
        if any(_repeats(made.after, old) for old in (made.before, made.old_rows, made.old_model)):
            return self.candidate(b"", model) if rows else None
        return made

    def _told_apart(self, rows: bytes, model: bytes) -> Replacement | None:
        """These files, where their answers can be told apart; without one of them where only it cannot."""
        self.new_data.write_bytes(rows)
        self.new_model.write_bytes(model)
        old_model = expect(self.model, self.new_data).outputs if rows else ()
        old_rows = expect(self.new_model, self.data).outputs if model else ()
        both = expect(self.new_model, self.new_data).outputs if rows and model else ()
        pairs = (
            (both, self.before),
            (both, old_model),
            (both, old_rows),
            (old_model, self.before),
            (old_rows, self.before),
        )
        if all(differ(one, other) for one, other in pairs):
            return Replacement(self.seed, rows, model, both, self.before, old_rows, old_model)
        if all(differ(one, other) for one, other in (pairs[0], pairs[2], pairs[4])):
            # The old network answers other rows as before: that it is still used shows by that answer.
            return Replacement(self.seed, rows, model, both, self.before, old_rows)
        if differ(old_rows, self.before):
            why = "no other rows were found that the network answers clearly otherwise"
            return Replacement(self.seed, b"", model, old_rows, self.before, why_no_rows=why)
        if differ(old_model, self.before):
            why = "no other weights were found with which it answers clearly otherwise"
            if not model:
                why = "a network of this form cannot be written with other weights"
            return Replacement(self.seed, rows, b"", old_model, self.before, why_no_model=why)
        return None


def differ(one: Outputs, other: Outputs) -> bool:
    """Whether two predictions of as many outputs differ clearly in their first rows, in every reading."""
    if not one or len(one) != len(other):
        return False
    return all(a.shape[1:] == b.shape[1:] and _apart(a, b) > CLEARLY for a, b in zip(one, other, strict=True))


def _repeats(new: Outputs, old: Outputs) -> bool:
    """Whether any row of a prediction shows the first one of another: whole numbers are chosen twice at times."""
    return any(
        bool((np.abs(a - b[0]).max(axis=1) <= SAME * np.abs(b[0]).max()).any())
        for a, b in zip(new, old, strict=False)
    )


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    largest = max(float(np.abs(a[0]).max()), float(np.abs(b[0]).max()))
    return float(np.abs(a[0] - b[0]).max()) / largest if largest > 0 else 0.0


def _least_saturated(found: list[Replacement], number: random.Random) -> Replacement:
    """One whose answer is not among the extremes, which are easily guessed: by chance, out of the better half."""
    rows = np.array([one.after[0][0] for one in found])
    low, high = rows.min(axis=0), rows.max(axis=0)
    wide = np.where(high > low, high - low, 1.0)
    inside = np.minimum(rows - low, high - rows) / wide
    order = np.argsort(-np.sort(inside, axis=1)[:, -1], kind="stable")
    return found[int(number.choice(order[: max(1, len(found) // 2)].tolist()))]
