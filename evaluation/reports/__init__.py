"""Evaluation reports in several formats. Importing this package does not import the formats."""

from __future__ import annotations

import pkgutil
from pathlib import Path

FORMATS = tuple(
    sorted(found.name for found in pkgutil.iter_modules([str(Path(__file__).parent / "formats")]))
)
