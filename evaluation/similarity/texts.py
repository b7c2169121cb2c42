"""The form of a text that does not depend on case, punctuation and layout."""

from __future__ import annotations

import hashlib
import re

from evaluation.similarity.fingerprint import Fingerprint, sketch_of

# Runs of so many words are compared.
_RUN = 4
# A text of fewer words says too little.
_FEWEST = 40


def text_fingerprint(file: str, text: str) -> Fingerprint | None:
    """Return the fingerprint of a discussion; None if it is too short.

    Args:
        file: its path in the submission.
        text: the discussion.
    """
    words = re.findall(r"\w+", text.casefold())
    if len(words) < _FEWEST:
        return None
    digest = hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()
    return Fingerprint("discussion", file, digest, sketch_of(words, _RUN))
