"""Normalize a document, so that case, punctuation and formatting do not matter."""

from __future__ import annotations

import hashlib
import re

from evaluation.similarity.fingerprint import Fingerprint, sketch_of

# Number of words in a compared sequence.
_RUN = 4
# A document with fewer words is not compared.
_FEWEST = 40


def text_fingerprint(file: str, text: str) -> Fingerprint | None:
    """Return the fingerprint of a discussion; None if it is too short.

    Args:
        file: the path of the discussion in the submission.
        text: the text of the discussion.
    """
    words = re.findall(r"\w+", text.casefold())
    if len(words) < _FEWEST:
        return None
    digest = hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()
    return Fingerprint("discussion", file, digest, sketch_of(words, _RUN))
