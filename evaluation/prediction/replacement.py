"""Other rows and another network of the same form, whose answer nobody can know beforehand.

They are chosen at random, fresh for each evaluation, from a seed that stands in the report. Of several candidates one
is taken whose answer differs clearly from the submission's own, and from what only one of the two exchanges gives.
Everything here is values in, values out: nothing is executed, and no engine is asked.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.prediction.expected import expect
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
Outputs = tuple[NDArray[np.float64], ...]
"""What is predicted, shape (rows, outdim), one for each way the rows can be meant."""

_CELL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
_COMMA_CELL = re.compile(r"[-+]?\d+(?:,\d+)?")


@dataclass(frozen=True, eq=False)
class Replacement:
    """Rows and network for a further run, and what each combination of old and new answers.

    Attributes:
        seed: they were made from it.
        rows: the file of rows; empty where the rows stay as they are.
        model: the file of the network; empty where it stays as it is.
        after: what must be predicted.
        before: what the submission's own files give.
        old_rows: what the new network gives for the old rows; empty where one of them stays.
        old_model: what the old network gives for the new rows; empty where one of them stays.
        why_no_rows: why the rows stay, in words.
        why_no_model: why the network stays, in words.
    """

    seed: int
    rows: bytes
    model: bytes
    after: Outputs
    before: Outputs
    old_rows: Outputs = ()
    old_model: Outputs = ()
    why_no_rows: str = ""
    why_no_model: str = ""


@dataclass(frozen=True)
class ReplacementFiles:
    """An exchange in files of ours, so that another process can read it.

    Attributes:
        folder: where they lie: the rows, the network, and what each combination answers.
        seed: they were made from it.
        has_rows: whether the rows are other ones.
        has_model: whether the network is another one.
        why_no_rows: why the rows stay, in words.
        why_no_model: why the network stays, in words.
    """

    folder: Path
    seed: int
    has_rows: bool
    has_model: bool
    why_no_rows: str = ""
    why_no_model: str = ""

    @property
    def rows(self) -> Path:
        """The file of rows."""
        return self.folder / "made-rows"

    @property
    def model(self) -> Path:
        """The file of the network."""
        return self.folder / "made-model"

    @property
    def answers(self) -> Path:
        """The arrays of what is predicted."""
        return self.folder / "made-answers.npz"


_ANSWERS = ("after", "before", "old_rows", "old_model")


def save_replacement(made: Replacement, folder: Path) -> ReplacementFiles:
    """Writes an exchange into a folder of ours."""
    kept = ReplacementFiles(
        folder, made.seed, bool(made.rows), bool(made.model), made.why_no_rows, made.why_no_model
    )
    kept.rows.write_bytes(made.rows)
    kept.model.write_bytes(made.model)
    arrays = {
        f"{name}.{place}": array for name in _ANSWERS for place, array in enumerate(getattr(made, name))
    }
    np.savez(kept.answers, **arrays)
    return kept


def load_replacement(kept: ReplacementFiles) -> Replacement:
    """Reads what `keep` wrote."""
    with np.load(kept.answers, allow_pickle=False) as arrays:
        found = {
            name: tuple(arrays[one] for one in arrays.files if one.partition(".")[0] == name)
            for name in _ANSWERS
        }
    return Replacement(
        kept.seed, kept.rows.read_bytes(), kept.model.read_bytes(),
        **found, why_no_rows=kept.why_no_rows, why_no_model=kept.why_no_model,
    )  # fmt: skip


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


# --- rows


def changed_text(text: str, seed: int) -> str:
    """A table with other numbers in the range of its own, written in the same form.

    Args:
        text: the table: comma, semicolon or tab; with semicolons or tabs a comma may begin the decimals.
        seed: says which others.
    """
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    last = next((line for line in reversed(lines) if line.strip()), "")
    mark = next((one for one in ";\t," if one in last), ";")
    cell = _COMMA_CELL if mark != "," and re.search(r"\d,\d", text) else _CELL
    table = [line.rstrip("\r\n").split(mark) for line in lines]
    ranges, firsts = _ranges(table, cell), _firsts(table, cell)
    number = random.Random(seed)
    new = [
        mark.join(
            _changed(one, cell, ranges.get(place), firsts.get(place), number)
            for place, one in enumerate(cells)
        )
        + line[len(line.rstrip("\r\n")) :]
        for line, cells in zip(lines, table, strict=True)
    ]
    return "".join(new)


def _value(text: str, cell: re.Pattern[str]) -> float | None:
    plain = text.strip().strip("\"'")
    return float(plain.replace(",", ".")) if len(plain) <= 40 and cell.fullmatch(plain) else None


def _ranges(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, tuple[float, float]]:
    """The least and the largest number of each column."""
    ranges: dict[int, tuple[float, float]] = {}
    for cells in table:
        for place, text in enumerate(cells):
            value = _value(text, cell)
            if value is not None and abs(value) < 1e300:
                low, high = ranges.get(place, (value, value))
                ranges[place] = (min(low, value), max(high, value))
    return ranges


def _firsts(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, float]:
    """The first number of each column: no other row may repeat the first one, whose answer is looked for."""
    firsts: dict[int, float] = {}
    for cells in table:
        for place, text in enumerate(cells):
            if (value := _value(text, cell)) is not None:
                firsts.setdefault(place, value)
    return firsts


def _beside(shown: str, step: int) -> str:
    """A number with one unit of its last digit more or less."""
    decimals = len(shown.partition(".")[2])
    return f"{float(shown) + step * 10.0**-decimals:.{decimals}f}"


def _changed(
    text: str,
    cell: re.Pattern[str],
    between: tuple[float, float] | None,
    first: float | None,
    number: random.Random,
) -> str:
    """A cell with another number, which is not the column's first one; as it was where it holds none."""
    value = _value(text, cell)
    if value is None or between is None:
        return text
    low, high = between
    plain = text.strip().strip("\"'")
    whole = re.fullmatch(r"[-+]?\d{1,15}", plain) is not None
    if high <= low:  # one row, or a column of equal numbers: around it
        low, high = value - 0.5 * max(abs(value), 0.2), value + 0.5 * max(abs(value), 0.2)
    new = number.uniform(low, high)
    decimals = len(re.split(r"[.,]", plain)[1]) if re.fullmatch(r"[-+]?\d*[.,]\d*", plain) else -1
    if whole:  # a program may read whole numbers as such
        shown = (
            str(round(new)) if high - low >= 4 else str(number.randint(round(value) - 2, round(value) + 3))
        )
    elif 0 <= decimals <= 6:
        shown = f"{new:.{max(decimals, 2)}f}"
    else:
        shown = f"{new:.6g}"
    if re.fullmatch(r"-?\d+(?:\.\d+)?", shown) and float(shown) == first:
        shown = _beside(shown, 1 if new <= (low + high) / 2 else -1)
    if "," in plain or (cell is _COMMA_CELL and "." in shown):
        shown = shown.replace(".", ",")
    return text.replace(plain, shown)
