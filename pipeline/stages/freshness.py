"""Whether the results in ``output/`` are those of the files that the containers are built from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.atomic_files import sha256_of
from pipeline.project import (
    ACTIVATION_FILE,
    CARD_FILE,
    CODE_FILE,
    KNOWLEDGE_FILE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    SHARED_ACTIVATION_FILE,
    Layout,
)

_LARGEST_REPORT = 64 * 1024 * 1024
ADVICE = (
    "Run python App07.py without options, so that the results are those of the files handed in; "
    "python prepare_files.py --model X --data Y makes other files the project's own first."
)


def stale_results(layout: Layout) -> tuple[str, ...]:
    """Compares the SHA-256 of what stages 1 and 3 kept, and of what prediction.json names, with the containers' files.

    Only what is there is compared: a result that is missing is not stale.

    Args:
        layout: the checkout, or an unpacked archive.

    Returns:
        A sentence for each file that is another.
    """
    own = {
        ACTIVATION_FILE: layout.own_activation,
        KNOWLEDGE_FILE: layout.own_knowledge,
        CARD_FILE: layout.own_knowledge.with_name(CARD_FILE),
        CODE_FILE: layout.code,
    }
    kept = [(layout.stage1 / name, path) for name, path in own.items()]
    kept += [
        (layout.stage3 / SHARED_ACTIVATION_FILE, layout.own_activation),
        (layout.stage3 / KNOWLEDGE_FILE, layout.own_knowledge),
        (layout.stage3 / CARD_FILE, layout.own_knowledge.with_name(CARD_FILE)),
    ]
    said = [
        f"{layout.shown(result)} is not {layout.shown(source)}"
        for result, source in kept
        if result.is_file() and _digest(result) != _digest(source)
    ]
    return (*said, *_about_the_prediction(layout))


def _about_the_prediction(layout: Layout) -> list[str]:
    csv, path = layout.stage3 / PREDICTION_CSV, layout.stage3 / PREDICTION_JSON
    if not path.is_file():
        return [f"{layout.shown(csv)} is there without {PREDICTION_JSON}"] if csv.is_file() else []
    report, shown = _report(path), layout.shown(path)
    if report is None:
        return [f"{shown} does not tell what was predicted from what"]
    expected = (
        ("knowledge", "sha256", layout.own_knowledge),
        ("knowledge", "card_sha256", layout.own_knowledge.with_name(CARD_FILE)),
        ("activation", "sha256", layout.own_activation),
        ("prediction", "sha256", csv),
    )
    said = [
        f"{shown} is not about {layout.shown(source)}"
        for part, key, source in expected
        if report[part].get(key) != _digest(source)
    ]
    if report.get("stale_images"):
        said.append(f"{shown} is of images that were not built from these files")
    return said


def _report(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _LARGEST_REPORT:
            return None
        report = json.loads(path.read_text(encoding="utf-8"))
        if all(isinstance(report[part], dict) for part in ("knowledge", "activation", "prediction")):
            return dict(report)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    return None


def _digest(path: Path) -> str | None:
    return sha256_of(path) if path.is_file() else None
