"""Advice on runs that were not sent, in the terms of the command line."""

from __future__ import annotations

from pathlib import Path

_OUTPUT = Path("/output")
"""The path at which docker-compose.training.yml mounts the checkout's folder ``output``."""


def send_later(folder: Path) -> str:
    """Return a sentence with the command that sends a run later.

    Args:
        folder: the folder of the results, with the record.
    """
    if folder.is_relative_to(_OUTPUT):
        folder = Path("output") / folder.relative_to(_OUTPUT)
    return (
        f"The run is recorded in {folder / 'tracking'}; send it with: python App07.py track --upload {folder}"
    )
