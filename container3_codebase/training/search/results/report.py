"""The report's section on the search."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from training.results.report import figures_html, table_html
from training.search.plan import SearchPlan
from training.search.results.plots import TITLES
from training.search.trials import Trial

_SHOWN = 20


def section_html(plan: SearchPlan, trials: Sequence[Trial], plots: Mapping[str, bytes]) -> str:
    """Return the section as HTML: the best trials and the plots.

    Args:
        plan: the search.
        trials: the completed trials.
        plots: the plots by file name.
    """
    scored = sorted((trial for trial in trials if not trial.failure), key=lambda trial: trial.mean)
    failed = len(trials) - len(scored)
    ranges = "; ".join(f"{one.option} = {one.text}" for one in plan.ranges)
    text = (
        f"{len(trials):,} trials ({failed:,} failed), each trained {plan.search.folds} times, on all rows except the "
        f"test rows and one fold. The validation error is the error on that fold. Ranges: {ranges}."
    )
    header = ["trial", "validation error", "standard deviation", plan.metric, "epochs"]
    rows = [
        [
            f"{trial.number:,}: {trial.text()}", f"{trial.mean:.4g}", f"{trial.deviation:.4g}", f"{trial.metric:.4g}",
            f"{trial.epochs:,}",
        ]
        for trial in scored[:_SHOWN]
    ]  # fmt: skip
    parts = ["<h2>Search</h2>", f"<p>{html.escape(text)}</p>", table_html(header, rows)]
    return "\n".join([*parts, *(figures_html(plots, TITLES) if plots else [])])
