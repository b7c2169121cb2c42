"""The optional package that large files go through, and what to say where it is missing."""

from __future__ import annotations

from pybrain_runtime.errors import PartMissing

ADVICE = "pip install 'app07[fast]', or the image's target 'fast', brings pyarrow"


def has_arrow() -> bool:
    """Says whether pyarrow is installed."""
    from importlib.util import find_spec  # asked for large files only

    return find_spec("pyarrow") is not None


def require_arrow(what: str) -> None:
    """Makes sure that pyarrow is installed.

    Args:
        what: what needs it, as the beginning of a sentence.

    Raises:
        PartMissing: it is not.
    """
    if not has_arrow():
        raise PartMissing(f"{what} needs pyarrow, which is not installed here.", hint=f"{ADVICE}.")
