"""pyarrow, the optional package for large files and Parquet."""

from __future__ import annotations

from pybrain_runtime.errors import MissingPackage


def has_arrow() -> bool:
    """Return whether pyarrow is installed."""
    from importlib.util import find_spec  # needed for large files only

    return find_spec("pyarrow") is not None


def require_arrow(what: str) -> None:
    """Check that pyarrow is installed.

    Args:
        what: what needs pyarrow, as the subject of a sentence.

    Raises:
        MissingPackage: pyarrow is not installed.
    """
    if not has_arrow():
        raise MissingPackage(
            f"{what} needs pyarrow, which is not installed.", packages=("pyarrow",), extra="fast"
        )
