"""Fingerprints of submissions, small enough to be stored in every report."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

# Number of hashes in a sketch, which allows estimating the common share of two documents to about 5 %.
KEPT = 200
_DIGITS = 8


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of a part of a submission.

    Attributes:
        kind: model, program or discussion.
        file: the path of the file, relative to the submission.
        sha256: hash of a model's bytes, or of the normalized form of a program or document.
        sketch: the lowest hashes of its parts, eight hexadecimal digits each; empty if only equality counts.
    """

    kind: str
    file: str
    sha256: str
    sketch: str = ""


def sketch_of(parts: Sequence[str], length: int) -> str:
    """Return the lowest hashes of all sequences of consecutive parts.

    Args:
        parts: the tokens of a program or the words of a document.
        length: the number of parts in a sequence.
    """
    runs = {"\0".join(parts[start : start + length]) for start in range(len(parts) - length + 1)}
    hashes = sorted(
        hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=4).hexdigest() for run in runs
    )
    return "".join(hashes[:KEPT])


def share(one: str, other: str) -> float:
    """Estimate the share of sequences that two documents have in common, from 0 to 1; 0 if it is small.

    Args:
        one: the sketch of one document.
        other: the sketch of the other document.
    """
    first, second = _hashes(one), _hashes(other)
    if 4 * len(first & second) < min(len(first), len(second)) or not first or not second:
        return 0.0  # not similar: the exact share does not matter
    lowest = set(sorted(first | second)[:KEPT])
    return len(lowest & first & second) / len(lowest)


@functools.lru_cache(maxsize=4096)
def _hashes(sketch: str) -> frozenset[str]:
    return frozenset(sketch[start : start + _DIGITS] for start in range(0, len(sketch), _DIGITS))
