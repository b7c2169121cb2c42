"""Format the facts and metrics of a training run as short lines."""

from __future__ import annotations

from typing import Any

from pybrain_runtime.io.printable import enumeration, plural
from training.plan import Plan
from training.rows.targets import CLASSIFICATION

REFITTED = "on the training and validation rows; early_stopped: validation before the refit"
"""A description of the refit for the output."""


def plan_facts(plan: Plan) -> dict[str, object]:
    """Return the facts known before the first epoch."""
    return {
        "task": plan.rows.task,
        "target": list(plan.rows.targets),
        "features": list(plan.rows.features),
        "labels": list(plan.rows.labels),
        "split": {name: len(indices) for name, indices in plan.split.parts()},
        "parameters": int(plan.network.paramdim),
        "epochs": plan.options.epochs,
    }


def plan_line(plan: Plan) -> str:
    """Return the facts known before the first epoch in one line."""
    rows = plan.rows
    classes = f" ({enumeration(rows.labels)})" if rows.labels else ""
    split = ", ".join(f"{len(indices):,} {name}" for name, indices in plan.split.parts())
    return (
        f"{plan.table.name}: {rows.task} of {enumeration(rows.targets)}{classes} from "
        f"{plural(len(rows.features), 'feature')}; rows: {split}; {plan.network.paramdim:,} parameters"
    )


def metric_lines(task: str, metrics: Any) -> list[str]:
    """Format a table of the metrics, one line for each part of the split.

    Args:
        task: ``classification`` or ``regression``.
        metrics: the metrics of each part.
    """
    keys = ("accuracy", "f1") if task == CLASSIFICATION else ("mae", "rmse", "r2")
    lines = [f"{'':<14}{'rows':>6}" + "".join(f"{key:>12}" for key in keys)]
    for name, found in metrics.items():
        values = "".join("           -" if found[key] is None else f"{found[key]:>12.6g}" for key in keys)
        lines.append(f"{name:<14}{found['rows']:>6,}{values}")
    return lines
