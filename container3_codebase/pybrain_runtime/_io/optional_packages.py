"""The optional package that reads and writes large files."""

from __future__ import annotations

from pybrain_runtime.errors import MissingPackage


def has_arrow() -> bool:
    """Says whether pyarrow is installed."""
    from importlib.util import find_spec  # asked for large files only

    return find_spec("pyarrow") is not None


def require_arrow(what: str) -> None:
    """Makes sure that pyarrow is installed.

    Args:
        what: what needs it, as the beginning of a sentence.

    Raises:
        MissingPackage: it is not installed.
    """
    if not has_arrow():
        raise MissingPackage(
            f"{what} needs pyarrow, which is not installed here.", packages=("pyarrow",), extra="fast"
        )
