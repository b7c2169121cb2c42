"""Search for replacement rows and a replacement network whose prediction clearly differs from the old one.

Of several candidates, one is chosen whose prediction clearly differs from the submission's own, and from the
predictions with only one of the two files replaced. No code is executed, and no container engine is used.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.prediction.expected import compute_expected
from evaluation.prediction.labels import classes_of
from evaluation.prediction.replacement import Outputs, Replacement
from evaluation.prediction.replacement_rows import SampleRows, sample_rows, with_first_row, with_other_numbers
from evaluation.prediction.replacement_weights import parameters_of, with_other_weights
from pybrain_runtime import load_knowledge
from pybrain_runtime.network.model_card import card_path

# Two predictions clearly differ if their first rows differ by more than this, relative to the largest output.
CLEARLY = 0.12
# Two predictions are equal if they differ by less than this.
SAME = 1e-5
# Outputs that are closer than this, relative to the largest, cannot be distinguished in printed output.
_RESOLVED = 1e-4
# Outputs of networks that differ by less than this part of their size share a common offset.
_SMALL_PART = 0.5
# Maximum number of candidates, and the number of good ones that suffices; fewer for a large network file, which takes
# time to load.
_CANDIDATES, _ENOUGH, _FEW, _LARGE = 96, 16, 6, 512 * 1024
# If only class labels are shown: the number of networks to choose from, and the number of classes that suffices.
_NETWORKS, _CLASSES = 16, 3
# Maximum number of lines with which candidates are searched for.
_MOST_LINES = 2_000
# A prediction cannot be guessed if at least this many candidates have distinct ones.
_DIFFERENT = 5


def find_replacement(
    model: Path,
    data: Path,
    before: Outputs,
    folder: Path,
    seed: int,
    readings: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> Replacement | None:
    """Find replacement rows and a replacement network with a clearly different prediction.

    Args:
        model: the file of the submission's network; it must be loadable.
        data: the file of the submission's rows.
        before: the prediction of this network for these rows.
        folder: an empty working folder of the evaluation.
        seed: seed of the random numbers.
        readings: the `Reading.text` of each prediction in `before`; empty for all correct readings.
        labels: the class labels, if the stack shows nothing else; then the class of the first row is drawn at random.

    Returns:
        The replacement; None if none was found.
    """
    content, text = model.read_bytes(), data.read_bytes().decode("utf-8-sig", "replace")
    lines = text.splitlines(keepends=True)
    rows, files = text, _CandidateFiles(model, data, before, folder, seed, readings)
    if len(lines) > _MOST_LINES:  # the search uses the first rows only; all rows are replaced
        rows = "".join(lines[:_MOST_LINES])
        first = folder / f"first-{data.name}"
        first.write_bytes(rows.encode("utf-8"))
        before_first = compute_expected(model, first).outputs_of(readings)
        files = _CandidateFiles(model, first, before_first, folder, seed, readings)
    weights = list(parameters_of(load_knowledge(model).network))
    if labels:
        return _CandidateFiles(model, data, before, folder, seed, readings).with_drawn_class(
            content, text, weights, labels
        )
    files.compare_by_spread(content, weights)
    replacement = _search(files, content, rows, weights, seed)
    if replacement is None or rows is text:
        return replacement
    files = _CandidateFiles(model, data, before, folder, seed, readings)
    return files.candidate(replacement.rows, replacement.model)


def _search(
    files: _CandidateFiles, content: bytes, text: str, weights: Iterable[NDArray[np.float64]], seed: int
) -> Replacement | None:
    """Try candidates until there are enough good ones, and choose one of them."""
    old_weights, before = list(weights), files.before
    rng = random.Random(seed)
    candidates: list[Replacement] = []
    for moderate in (False, True):
        # Constant or saturated outputs could be guessed.
        if not moderate or _easily_guessed(candidates):
            candidates = files.candidates(content, text, old_weights, rng, moderate=moderate) or candidates
    # Rows or a network whose replacement changes nothing are kept.
    complete = [candidate for candidate in candidates if candidate.rows and candidate.model]
    # Without `old_model`, a run cannot show that the rows were used and the network was not.
    groups = [
        [candidate for candidate in complete if candidate.old_model],
        complete,
        [candidate for candidate in candidates if candidate.model],
        candidates,
    ]
    choices = next((group for group in groups if group and not _easily_guessed(group)), [])
    choices = choices or next((group for group in groups if group), [])
    choices = [candidate for candidate in choices if _as_large(candidate, before)] or choices
    return _least_saturated(choices, rng) if choices else None


def _as_large(candidate: Replacement, before: Outputs) -> bool:
    """Return whether the prediction is as large as the old one, so that its decimals show as many digits."""
    return _largest(candidate.after) >= _decade(_largest(before))


def _largest(outputs: Outputs) -> float:
    """Return the largest output of the first row; the smallest of these over all choices of input columns."""
    return min(float(np.abs(array[0]).max()) for array in outputs)


def _decade(value: float) -> float:
    """Return the power of ten at or below a value: 0.1 for 0.2 and for 0.9."""
    return float(10.0 ** np.floor(np.log10(value))) if value > 0 else 0.0


def _easily_guessed(candidates: list[Replacement]) -> bool:
    """Return whether only few candidates have distinct predictions, to two digits."""
    scale = max((_decade(_largest(candidate.after)) for candidate in candidates), default=0.0) or 1.0
    predictions = {tuple(np.round(candidate.after[0][0] / scale, 2).tolist()) for candidate in candidates}
    return len(predictions) < _DIFFERENT or 2 * len(predictions) <= len(candidates)


class _CandidateFiles:
    """Computes the prediction of each combination of old and new files."""

    def __init__(
        self, model: Path, data: Path, before: Outputs, folder: Path, seed: int, readings: Sequence[str]
    ) -> None:
        self.model, self.data, self.before, self.seed, self.readings = model, data, before, seed, readings
        self.new_model, self.new_data = folder / model.name, folder / f"rows-{data.name}"
        self.spread: tuple[float, ...] = ()
        card = Path(card_path(str(model)))
        if card.is_file() and card.resolve().parent == model.resolve().parent:
            (folder / card.name).write_bytes(card.read_bytes())

    def compare_by_spread(self, content: bytes, weights: list[NDArray[np.float64]]) -> None:
        """Compare outputs relative to their usual spread, if that is small compared with their size.

        Outputs that are scaled back to 1000 and more never differ by much relative to their size.

        Args:
            content: the content of the network's file.
            weights: the parameters of the network.
        """
        rng, found = random.Random(self.seed), []
        for number in range(_FEW):
            if model := with_other_weights(content, weights, rng.getrandbits(63), moderate=number % 2 == 1):
                self.new_model.write_bytes(model)
                found.append(self._outputs(self.new_model, self.data) or self.before)
        spread = []
        for reading, before in enumerate(self.before):
            size = float(np.abs(before[0]).max())
            far = [float(np.abs(outputs[reading][0] - before[0]).max()) for outputs in found]
            different = [one for one in far if one > _RESOLVED * size]
            if not different or max(different) > _SMALL_PART * size:
                return
            spread.append(float(np.median(different)))
        self.spread = tuple(spread)

    def candidates(
        self,
        content: bytes,
        text: str,
        weights: list[NDArray[np.float64]],
        rng: random.Random,
        *,
        moderate: bool,
    ) -> list[Replacement]:
        """Return candidates whose predictions are distinguishable.

        Args:
            content: the content of the network's file.
            text: the content of the file of rows.
            weights: the parameters of the network.
            rng: the source of random numbers.
            moderate: whether all parameters are replaced by moderate values.
        """
        results: list[Replacement] = []
        good_count = 0
        for _ in range(_CANDIDATES if len(content) < _LARGE else _FEW):
            seed = rng.getrandbits(63)
            rows = with_other_numbers(text, seed)
            new_rows = rows.encode("utf-8") if rows != text else b""
            model = with_other_weights(content, weights, seed, moderate=moderate)
            if candidate := self.candidate(new_rows, model):
                results.append(candidate)
                good_count += bool(candidate.rows and candidate.model and _as_large(candidate, self.before))
            if good_count >= _ENOUGH:
                break
        return results

    def candidate(self, rows: bytes, model: bytes) -> Replacement | None:
        """Return a replacement with these files; None if a new prediction repeats the first row of an old one.

        Args:
            rows: the content of the new file of rows; empty to keep the old file.
            model: the content of the new network's file; empty to keep the old file.
        """
        replacement = self._distinguishable(rows, model)
        if replacement is None:
            return None
        if any(
            _repeats(replacement.after, old)
            for old in (replacement.before, replacement.old_rows, replacement.old_model)
        ):
            return self.candidate(b"", model) if rows else None
        return replacement

    def with_drawn_class(
        self, content: bytes, text: str, weights: list[NDArray[np.float64]], labels: Sequence[str]
    ) -> Replacement | None:
        """Return a replacement with a random class of the first row; None if there is only one class.

        First a network is chosen whose class depends on the rows, then one of its classes with equal probability, then
        rows of that class. So the class can be derived neither from the network alone nor from the old prediction.

        Args:
            content: the content of the network's file.
            text: the content of the file of rows.
            weights: the parameters of the network.
            labels: the class labels.
        """
        rng = random.Random(self.seed)
        sample = sample_rows(text, len(self.before[0]), rng.getrandbits(63))
        networks: list[tuple[bytes, dict[str, list[str]]]] = []
        for number in range(_CANDIDATES if len(content) < _LARGE else _FEW):
            model = with_other_weights(content, weights, rng.getrandbits(63), moderate=number % 2 == 1)
            networks.append((model, self._lines_by_class(model or content, sample, labels)))
            most = max(len(lines) for _, lines in networks)
            if not model or (number >= _NETWORKS and most >= min(len(labels), _CLASSES)):
                break
        if most < 2:  # rows in these ranges do not change the class, but another network does
            by_class = {name: network for network in networks for name in network[1]}
            if len(by_class) < 2:
                return None
            drawn, count = rng.choice(sorted(by_class)), len(by_class)
            model, lines = by_class[drawn]
        else:
            model, lines = rng.choice([network for network in networks if len(network[1]) == most])
            drawn, count = rng.choice(sorted(lines)), most
        for line in rng.sample(lines[drawn], min(len(lines[drawn]), _FEW)):
            rows = with_first_row(with_other_numbers(text, rng.getrandbits(63)), sample, line)
            found = self._any_candidate(rows.encode("utf-8"), model)
            if found and {classes_of(outputs, labels)[0] for outputs in found.after} == {drawn}:
                why = "" if model else "the weights in a file of this form cannot be replaced"
                return replace(found, labels=tuple(labels), classes=count, why_no_model=why)
        return None

    def _lines_by_class(
        self, model: bytes, sample: SampleRows, labels: Sequence[str]
    ) -> dict[str, list[str]]:
        """Return the lines of sample rows by predicted class, where all readings agree on the class."""
        self.new_model.write_bytes(model)
        self.new_data.write_bytes(sample.text.encode("utf-8"))
        outputs = self._outputs(self.new_model, self.new_data)
        lines: dict[str, list[str]] = {}
        if outputs and len(outputs[0]) == len(sample.lines):
            for line, *classes in zip(
                sample.lines, *(classes_of(one, labels) for one in outputs), strict=True
            ):
                if len(set(classes)) == 1:
                    lines.setdefault(classes[0], []).append(line)
        return lines

    def _any_candidate(self, rows: bytes, model: bytes) -> Replacement | None:
        """Return a replacement with these files, whatever it predicts; None if it cannot be computed.

        Args:
            rows: the content of the new file of rows.
            model: the content of the new network's file; empty to keep the old file.
        """
        self.new_data.write_bytes(rows)
        old_model = self._outputs(self.model, self.new_data)
        if not model:
            return Replacement(self.seed, rows, b"", old_model, self.before) if old_model else None
        self.new_model.write_bytes(model)
        new = self._outputs(self.new_model, self.new_data)
        old_rows = self._outputs(self.new_model, self.data)
        return Replacement(self.seed, rows, model, new, self.before, old_rows, old_model) if new else None

    def _outputs(self, model: Path, data: Path) -> Outputs:
        return compute_expected(model, data).outputs_of(self.readings)

    def _distinguishable(self, rows: bytes, model: bytes) -> Replacement | None:
        """Return a replacement whose predictions are distinguishable, replacing only one file if necessary."""
        self.new_data.write_bytes(rows)
        self.new_model.write_bytes(model)
        old_model = self._outputs(self.model, self.new_data) if rows else ()
        old_rows = self._outputs(self.new_model, self.data) if model else ()
        new = self._outputs(self.new_model, self.new_data) if rows and model else ()
        pairs = (
            (new, self.before),
            (new, old_model),
            (new, old_rows),
            (old_model, self.before),
            (old_rows, self.before),
        )
        if all(clearly_differ(first, other, self.spread) for first, other in pairs):
            return Replacement(self.seed, rows, model, new, self.before, old_rows, old_model)
        if all(clearly_differ(first, other, self.spread) for first, other in (pairs[0], pairs[2], pairs[4])):
            # The old network predicts the same for the new rows, so its prediction shows that it is still used.
            return Replacement(self.seed, rows, model, new, self.before, old_rows)
        if clearly_differ(old_rows, self.before, self.spread):
            why = "no rows were found with a clearly different prediction"
            return Replacement(self.seed, b"", model, old_rows, self.before, why_no_rows=why)
        if clearly_differ(old_model, self.before, self.spread):
            why = "no weights were found with a clearly different prediction"
            if not model:
                why = "the weights in a file of this form cannot be replaced"
            return Replacement(self.seed, rows, b"", old_model, self.before, why_no_model=why)
        return None


def clearly_differ(first: Outputs, second: Outputs, spread: Sequence[float] = ()) -> bool:
    """Return whether two predictions clearly differ in their first rows, for every choice of input columns.

    Args:
        first: a prediction.
        second: another prediction, with equally many outputs.
        spread: the usual spread of outputs, for each choice; empty to compare with the size of the outputs.
    """
    if not first or len(first) != len(second):
        return False
    return all(
        a.shape[1:] == b.shape[1:] and _relative_difference(a, b, far) > CLEARLY
        for a, b, far in zip(first, second, spread or [math.inf] * len(first), strict=True)
    )


def _repeats(new: Outputs, old: Outputs) -> bool:
    """Return whether any row of a prediction repeats the first row of another one; integers may be drawn twice."""
    return any(
        bool((np.abs(a - b[0]).max(axis=1) <= SAME * np.abs(b[0]).max()).any())
        for a, b in zip(new, old, strict=False)
    )


def _relative_difference(a: NDArray[np.float64], b: NDArray[np.float64], spread: float) -> float:
    size = max(float(np.abs(a[0]).max()), float(np.abs(b[0]).max()))
    largest = min(size, max(spread, _RESOLVED * size))
    return float(np.abs(a[0] - b[0]).max()) / largest if largest > 0 else 0.0


def _least_saturated(candidates: list[Replacement], rng: random.Random) -> Replacement:
    """Return a random candidate from the half with the least extreme predictions, which are hardest to guess."""
    rows = np.array([candidate.after[0][0] for candidate in candidates])
    low, high = rows.min(axis=0), rows.max(axis=0)
    ranges = np.where(high > low, high - low, 1.0)
    margins = np.minimum(rows - low, high - rows) / ranges
    order = np.argsort(-np.sort(margins, axis=1)[:, -1], kind="stable")
    return candidates[int(rng.choice(order[: max(1, len(candidates) // 2)].tolist()))]
