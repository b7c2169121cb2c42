"""Check the content types of requests."""

from __future__ import annotations

from serving.errors import UnsupportedMediaType


def check_json(kind: str, *, also: tuple[str, ...] = ()) -> None:
    """Check that a content type is JSON or absent.

    Args:
        kind: the content type.
        also: other content types that the route supports.

    Raises:
        UnsupportedMediaType: the content type is not supported.
    """
    if kind not in ("", "application/json", *also):
        expected = ", ".join(("application/json", *also))
        raise UnsupportedMediaType(f"The content type is {kind[:60]!a}; expected {expected}.")
