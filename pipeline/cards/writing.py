"""Writes model cards. A card is never overwritten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pybrain_runtime import Knowledge
from pybrain_runtime.errors import OutputExists
from pybrain_runtime.io.atomic_file import cannot_write
from pybrain_runtime.network.model_card import card_path, read_card


def new_card_path(network: str) -> Path:
    """Return the path of the card of a network that has none yet.

    Args:
        network: the network's file.

    Raises:
        OutputExists: the network already has a card.
    """
    path = Path(card_path(network))
    if path.exists() or path.is_symlink():
        raise _exists(path)
    return path


def write_card(path: Path, content: Mapping[str, object], knowledge: Knowledge) -> None:
    """Write a new card, and check that it is read with its network.

    Args:
        path: the path of the card.
        content: the content of the card.
        knowledge: the network.

    Raises:
        OutputExists: the file exists.
        CannotWrite: the file cannot be written.
        KnowledgeError: the column names are not valid in a card; no file is left.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        read_card(path, indim=knowledge.indim, outdim=knowledge.outdim, network=knowledge.name)
    except BaseException:
        path.unlink()
        raise


def _exists(path: Path) -> OutputExists:
    return OutputExists(
        f"{path} already exists; a card is never overwritten.",
        hint="Edit it, or remove it first.",
        path=path,
    )
