"""The report of a training run: a self-contained HTML file."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from training.plan import Plan
from training.rows.targets import CLASSIFICATION

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222;
  background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; }
.note { background: #fff3cd; padding: .6rem 1rem; } .dim { color: #666; overflow-wrap: anywhere; }
"""
_TITLES = {
    "learning_curve": "Learning curve",
    "confusion_matrix": "Confusion matrix",
    "predicted_expected": "Predicted and expected values",
    "residuals": "Residuals",
}
_REASONS = {
    "epochs": "the maximum number of epochs was reached",
    "patience": "the validation error no longer decreased",
    "interrupted": "it was interrupted",
}


def report_html(
    plan: Plan,
    fitted: Mapping[str, Any],
    metrics: Mapping[str, Any],
    plots: Mapping[str, bytes],
    section: str = "",
) -> bytes:
    """Return the report.

    Args:
        plan: the plan of the training run.
        fitted: the end of training: epochs, best epoch, reason, whether it was interrupted.
        metrics: the metrics of each part of the split.
        plots: the plots by file name; only SVG is shown.
        section: HTML to insert before the facts of the run.
    """
    title = f"Training of {plan.card.name}"
    parts = [
        f"<h1>{_text(title)}</h1>",
        f"<p>{_text(plan.card.description)}</p>" if plan.card.description else "",
        '<p class="note">Training was interrupted; the network is the best one so far.</p>'
        if fitted["interrupted"]
        else "",
        "<h2>Metrics</h2>",
        _metrics(plan.rows.task, metrics),
        _per_class(metrics) if plan.rows.task == CLASSIFICATION else _per_target(metrics),
        *figures_html(plots, _TITLES),
        section,
        "<h2>Training</h2>",
        _facts(plan, fitted),
    ]
    body = "\n".join(filter(None, parts))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def _metrics(task: str, metrics: Mapping[str, Any]) -> str:
    keys = {"accuracy": "accuracy", "f1": "F1 (macro)"} if task == CLASSIFICATION else {
        "mae": "MAE", "rmse": "RMSE", "r2": "R²"}  # fmt: skip
    rows = [
        [name, f"{found['rows']:,}", *(_number(found[key]) for key in keys)]
        for name, found in metrics.items()
    ]
    return table_html(["part", "rows", *keys.values()], rows)


def _per_class(metrics: Mapping[str, Any]) -> str:
    part, found = list(metrics.items())[-1]
    rows = [
        [label, f"{values['rows']:,}", *(_number(values[key]) for key in ("precision", "recall", "f1"))]
        for label, values in found["classes"].items()
    ]
    return f"<h3>Classes ({part})</h3>" + table_html(["class", "rows", "precision", "recall", "F1"], rows)


def _per_target(metrics: Mapping[str, Any]) -> str:
    part, found = list(metrics.items())[-1]
    rows = [
        [name, *(_number(values[key]) for key in ("mae", "rmse", "r2"))]
        for name, values in found["targets"].items()
    ]
    return f"<h3>Targets ({part})</h3>" + table_html(["target", "MAE", "RMSE", "R²"], rows)


def figures_html(plots: Mapping[str, bytes], titles: Mapping[str, str]) -> list[str]:
    """Return plots as HTML, or a sentence if there are none.

    Args:
        plots: the plots by file name; only SVG is shown.
        titles: the titles of the plots in display order, by file name without extension.
    """
    figures = []
    for stem, title in titles.items():
        content = plots.get(f"{stem}.svg")
        if content is not None:
            svg = content.decode()[content.decode().index("<svg") :]
            # The element IDs of the drawings must be unique within the page.
            svg = svg.replace('id="', f'id="{stem}-').replace("url(#", f"url(#{stem}-").replace(
                'href="#', f'href="#{stem}-')  # fmt: skip
            figures.append(f"<h2>{title}</h2>\n<figure>{svg}</figure>")
    return figures or ["<p>No plots were drawn: matplotlib is not installed, or plots were disabled.</p>"]


def _facts(plan: Plan, fitted: Mapping[str, Any]) -> str:
    split = ", ".join(f"{len(indices):,} {name}" for name, indices in plan.split.parts())
    options = ", ".join(f"{key} = {value}" for key, value in plan.options_of_the_result().items())
    facts = [
        ["task", plan.rows.task],
        ["target", ", ".join(plan.rows.targets)],
        ["classes", ", ".join(plan.rows.labels)],
        ["features", ", ".join(plan.rows.features)],
        ["rows", f"{plan.table.name}, {len(plan.table):,} rows: {split}"],
        ["sha256 of the rows", plan.table.sha256],
        ["sha256 of the knowledge that was refined", plan.origin],
        ["parameters", f"{plan.network.paramdim:,}"],
        [
            "epochs",
            f"{fitted['epochs']:,}; the best is epoch {fitted['best_epoch']:,}; training ended because "
            f"{_REASONS[fitted['reason']]}",
        ],
        ["refit", _refit(fitted["refit_epochs"])],
        ["options", options],
    ]
    rows = "".join(
        f'<tr><th>{_text(name)}</th><td class="dim">{_text(value)}</td></tr>'
        for name, value in facts
        if value
    )
    return f"<table>{rows}</table>"


def _refit(epochs: int) -> str:
    if not epochs:
        return ""
    return (
        f"{epochs:,} epochs on the training and validation rows. The errors and the learning curve are those before "
        "the refit, as is early_stopped: the metrics on the validation rows, on which the refit has trained."
    )


def table_html(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as HTML; all columns but the first are right-aligned.

    Args:
        header: the titles of the columns.
        rows: the cells.
    """
    head = "".join(f"<th{_number_class(place)}>{_text(cell)}</th>" for place, cell in enumerate(header))
    body = "".join(
        "<tr>"
        + "".join(f"<td{_number_class(place)}>{_text(cell)}</td>" for place, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _number_class(place: int) -> str:
    return ' class="number"' if place else ""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _text(value: str) -> str:
    return html.escape(value)
