"""What to do about a run that was not sent, in the terms of the command line."""

from __future__ import annotations

from pathlib import Path

_OUTPUT = Path("/output")
"""Where docker-compose.training.yml mounts the folder ``output`` of the checkout."""


def send_later(folder: Path) -> str:
    """Return the sentence that names the command.

    Args:
        folder: the folder of the results, with the record.
    """
    if folder.is_relative_to(_OUTPUT):
        folder = Path("output") / folder.relative_to(_OUTPUT)
    return (
        f"The run is recorded in {folder / 'tracking'}; send it with: python App07.py track --upload {folder}"
    )
