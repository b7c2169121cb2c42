"""Fingerprints of what was handed in, small enough to be kept in every report."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

# How many hashes a sketch keeps: the share of two texts is estimated to about 5 %.
KEPT = 200
_DIGITS = 8


@dataclass(frozen=True)
class Fingerprint:
    """What a part of a submission is compared by.

    Attributes:
        kind: model, program or discussion.
        file: the file, relative to the submission.
        sha256: equal for equal contents: of a model's bytes, of a program's or text's normalized form.
        sketch: the lowest hashes of its parts, eight hexadecimal digits each; empty where only equality counts.
    """

    kind: str
    file: str
    sha256: str
    sketch: str = ""


def sketch_of(parts: Sequence[str], length: int) -> str:
    """Return the lowest hashes of all runs of parts.

    Args:
        parts: the tokens of a program or the words of a text.
        length: how many parts a run has.
    """
    runs = {"\0".join(parts[start : start + length]) for start in range(len(parts) - length + 1)}
    hashes = sorted(
        hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=4).hexdigest() for run in runs
    )
    return "".join(hashes[:KEPT])


def share(one: str, other: str) -> float:
    """Estimate which share of the runs of two texts they have in common, from 0 to 1; 0 where it is small.

    Args:
        one: a sketch.
        other: another one.
    """
    first, second = _hashes(one), _hashes(other)
    if 4 * len(first & second) < min(len(first), len(second)) or not first or not second:
        return 0.0  # not alike: the exact share is of no interest
    lowest = set(sorted(first | second)[:KEPT])
    return len(lowest & first & second) / len(lowest)


@functools.lru_cache(maxsize=4096)
def _hashes(sketch: str) -> frozenset[str]:
    return frozenset(sketch[start : start + _DIGITS] for start in range(0, len(sketch), _DIGITS))
