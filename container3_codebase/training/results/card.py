"""The model card of trained knowledge: the part that `pybrain_runtime` reads, and the provenance."""

from __future__ import annotations

from pybrain_runtime import __version__
from pybrain_runtime.network.model_card import Column
from training.plan import Plan
from training.rows.split import Split

_LISTED_ROWS = 10_000
"""The maximum number of rows whose split is listed; with more, the card would be too large to be read."""


def card_content(plan: Plan, fitted: dict[str, object], metrics: dict[str, object]) -> dict[str, object]:
    """Return the content of a card.

    Args:
        plan: the plan of the training run.
        fitted: the end of training: epochs, best epoch, reason, whether it was interrupted.
        metrics: the metrics of each part of the split.
    """
    card = plan.card
    return {
        "name": card.name,
        "description": card.description,
        "task": card.task,
        "inputs": [_column(column) for column in card.inputs],
        "outputs": [_column(column) for column in card.outputs],
        **({"labels": list(card.labels)} if card.labels else {}),
        **({"class_column": card.class_column} if card.class_column else {}),
        **({"image": card.image.as_json()} if card.image else {}),
        "interrupted": fitted["interrupted"],
        "training": {
            "scenario": plan.scenario,
            **({"refined": plan.origin} if plan.origin else {}),
            "rows": {"file": plan.table.name, "sha256": plan.table.sha256, "count": len(plan.table)},
            "target": list(plan.rows.targets),
            "split": _split(plan.split, plan.options.seed, len(plan.table)),
            "options": plan.options_of_the_result(),
            **fitted,
        },
        "metrics": metrics,
        "written_by": f"app07 {__version__}",
    }


def _column(column: Column) -> dict[str, object]:
    described: dict[str, object] = {"name": column.name}
    if column.unit:
        described["unit"] = column.unit
    if column.mean != 0.0 or column.scale != 1.0:
        described |= {"mean": column.mean, "scale": column.scale}
    return described


def _split(split: Split, seed: int, count: int) -> dict[str, object]:
    sizes: dict[str, object] = {name: len(indices) for name, indices in split.parts()}
    described: dict[str, object] = {"seed": seed, "sizes": sizes}
    if count <= _LISTED_ROWS:  # counted from 0, below the header
        described |= {f"{name}_rows": indices.tolist() for name, indices in split.parts()}
    return described
