"""The files of a search: the table of trials, the summary, and the best options as a configuration."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from training.plan import options_of_the_result
from training.results.folder import json_bytes
from training.search.plan import SearchPlan
from training.search.proposals import BATCH, sampler_name
from training.search.trials import Trial, best_of


def trials_csv(plan: SearchPlan, trials: Sequence[Trial]) -> bytes:
    """Return the table of trials as CSV: values, errors, metric, epochs, and the reason for a failure.

    Args:
        plan: the search.
        trials: the completed trials.
    """
    options = [one.option for one in plan.ranges]
    folds = range(1, plan.search.folds + 1)
    header = ["trial", *options, "validation_error", "standard_deviation", plan.metric, "epochs"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*header, *(f"fold_{fold}" for fold in folds), "failure"])
    for trial in trials:
        values = [trial.values.get(option, "") for option in options]
        results: list[object] = [""] * (4 + len(folds))
        if not trial.failure:
            errors = [fold.error for fold in trial.folds]
            results = [trial.mean, trial.deviation, trial.metric, trial.epochs, *errors]
        writer.writerow([trial.number, *values, *results, trial.failure])
    return buffer.getvalue().encode()


def search_json(plan: SearchPlan, trials: Sequence[Trial], ended: str) -> bytes:
    """Return the summary of a search as JSON.

    Args:
        plan: the search.
        trials: the completed trials.
        ended: the reason for the end: ``trials`` or ``timeout``.
    """
    best = best_of(trials)
    assert best is not None
    return json_bytes(
        {
            "rows": {"file": plan.table.name, "sha256": plan.table.sha256, "count": len(plan.table)},
            "searched_rows": len(plan.split.train),
            "seed": plan.options.seed,
            "folds": plan.search.folds,
            "ranges": {one.option: one.text for one in plan.ranges},
            "sampler": {"name": sampler_name(), "batch": BATCH},
            "trials": {"complete": len(trials), "failed": sum(bool(trial.failure) for trial in trials)},
            "ended": ended,
            "best": {
                "trial": best.number,
                "values": dict(best.values),
                "validation_error": {"mean": best.mean, "standard_deviation": best.deviation},
                plan.metric: best.metric,
                "epochs": best.epochs,
            },
        }
    )


def best_toml(plan: SearchPlan, best: Trial) -> bytes:
    """Return the options of the final training run as TOML, which reproduces the result from the same rows.

    Args:
        plan: the search.
        best: the best trial.
    """
    options = options_of_the_result(plan.final(best).options)
    options = {name: value for name, value in options.items() if value != () or name == "hidden"}
    lines = [
        f"# Trial {best.number}: validation error {best.mean:.6g} (standard deviation {best.deviation:.6g}) in "
        f"{plan.search.folds} folds.",
        "# Trains on all rows except the test rows; epochs is the median of the best epochs of the folds.",
    ]
    lines += [f"{name} = {_toml(value)}" for name, value in options.items() if value is not None]
    return ("\n".join(lines) + "\n").encode()


def _toml(value: object) -> str:
    """Encode a value as TOML, whose strings, lists, numbers and booleans have the syntax of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
