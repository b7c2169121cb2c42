"""Read prediction.json, the report of a run. It may come from an untrusted source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LARGEST_REPORT = 64 * 1024 * 1024
"""Maximum size of a report, in bytes. A report holds names and a few numbers, not rows."""

_SECTIONS = ("knowledge", "activation", "prediction")


@dataclass(frozen=True)
class PredictionReport:
    """The report of a run. The types of single entries are not checked.

    Attributes:
        content: the whole report.
        knowledge: the network and its model card.
        activation: the rows.
        prediction: the predicted rows.
        stale_images: sentences about images that were not built from the project's files.
    """

    content: Mapping[str, object]
    knowledge: Mapping[str, object]
    activation: Mapping[str, object]
    prediction: Mapping[str, object]
    stale_images: tuple[str, ...]


def read_report(path: Path) -> PredictionReport | None:
    """Return the report in a file; None if the file cannot be read or is not a report."""
    try:
        if path.stat().st_size > LARGEST_REPORT:
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        knowledge, activation, prediction = (content[name] for name in _SECTIONS)
        if not all(isinstance(section, dict) for section in (knowledge, activation, prediction)):
            return None
        stale = tuple(str(sentence) for sentence in content.get("stale_images") or ())
        return PredictionReport(content, knowledge, activation, prediction, stale)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
