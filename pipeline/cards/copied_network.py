"""Finds the model card of another copy of a network."""

from __future__ import annotations

from pathlib import Path

from common.atomic_files import sha256_of
from common.project import Layout
from pybrain_runtime.network.model_card import card_path

_MOST_FILES = 500


def card_of_copy(layout: Layout, path: str | Path, size: int, sha256: str) -> Path | None:
    """Return the card of a file of the project that has the same content as a network; None if there is none.

    Args:
        layout: the checkout.
        path: the network, which has no card itself.
        size: the size of the network's file, in bytes.
        sha256: the hash of the network's file, in hexadecimal.
    """
    for twin in _candidates(layout):
        card = Path(card_path(str(twin)))
        try:
            if twin.stat().st_size != size or not card.is_file() or twin.samefile(path):
                continue
            if sha256_of(twin) == sha256:
                return card
        except OSError:  # an unreadable file is not a candidate
            continue
    return None


def copy_note(layout: Layout, path: str | Path, size: int, sha256: str) -> str:
    """Return a sentence about the card of another copy of a network; empty if there is none.

    Args:
        layout: the checkout.
        path: the network, which has no card itself.
        size: the size of the network's file, in bytes.
        sha256: the hash of the network's file, in hexadecimal.
    """
    card = card_of_copy(layout, path, size, sha256)
    if card is None:
        return ""
    return (
        f"{layout.shown(card)} is the card of the same network, but is not used, because it is not beside {path}. "
        f"To use it: cp {layout.shown(card)} {card_path(str(path))}"
    )


def _candidates(layout: Layout) -> list[Path]:
    found = sorted(layout.models.iterdir())[:_MOST_FILES] if layout.models.is_dir() else []
    return [path for path in (*found, layout.own_knowledge) if path.is_file()]
