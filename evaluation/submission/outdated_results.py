"""Find results in ``output/`` that do not match the files that the images are built from."""

from __future__ import annotations

from pathlib import Path

from common.atomic_files import sha256_of
from common.prediction_report import read_report
from common.project import (
    ACTIVATION_FILE,
    CARD_FILE,
    CODE_FILE,
    KNOWLEDGE_FILE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    SHARED_ACTIVATION_FILE,
    Layout,
)

ADVICE = (
    "Run python App07.py without options, so that the results match the submitted files; "
    "to submit other files, run python prepare_files.py --model X --data Y first."
)


def outdated_results(layout: Layout) -> tuple[str, ...]:
    """Compare the results of stages 1 and 3 with the files of the build contexts, by SHA-256.

    Missing results are not outdated.

    Args:
        layout: the checkout, or an unpacked archive.

    Returns:
        A sentence for each file that differs.
    """
    submitted = {
        ACTIVATION_FILE: layout.own_activation,
        KNOWLEDGE_FILE: layout.own_knowledge,
        CARD_FILE: layout.own_card,
        CODE_FILE: layout.code,
    }
    pairs = [(layout.stage1 / name, path) for name, path in submitted.items()]
    pairs += [
        (layout.stage3 / SHARED_ACTIVATION_FILE, layout.own_activation),
        (layout.stage3 / KNOWLEDGE_FILE, layout.own_knowledge),
        (layout.stage3 / CARD_FILE, layout.own_card),
    ]
    differing = [
        f"{layout.shown(result)} differs from {layout.shown(source)}"
        for result, source in pairs
        if result.is_file() and _digest(result) != _digest(source)
    ]
    return (*differing, *_outdated_prediction(layout))


def _outdated_prediction(layout: Layout) -> list[str]:
    csv, path = layout.stage3 / PREDICTION_CSV, layout.stage3 / PREDICTION_JSON
    if not path.is_file():
        return [f"{layout.shown(csv)} exists without {PREDICTION_JSON}"] if csv.is_file() else []
    report, shown = read_report(path), layout.shown(path)
    if report is None:
        return [f"{shown} does not record which files the prediction was made from"]
    expected = (
        (report.knowledge.get("sha256"), layout.own_knowledge),
        (report.knowledge.get("card_sha256"), layout.own_card),
        (report.activation.get("sha256"), layout.own_activation),
        (report.prediction.get("sha256"), csv),
    )
    sentences = [
        f"{shown} does not belong to {layout.shown(source)}"
        for recorded, source in expected
        if recorded != _digest(source)
    ]
    if report.stale_images:
        sentences.append(f"{shown} comes from images that were not built from these files")
    return sentences


def _digest(path: Path) -> str | None:
    return sha256_of(path) if path.is_file() else None
