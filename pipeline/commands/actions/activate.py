"""The result of `activate`, and how it is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.console import Console
from pipeline.advice import OPTIONS
from pipeline.commands.base.command import Result
from pybrain_runtime import Knowledge, Outcome
from pybrain_runtime.container.advice import scaling_advice
from pybrain_runtime.io.printable import plural

_COMPANIONS_SHOWN = 12
_ROWS_FOR_SPEED = 10_000
"""The speed of a run with fewer rows is not printed."""


@dataclass(frozen=True)
class ActivateResult(Result):
    """The result of `activate`.

    Attributes:
        outcome: the outcome of the run: the files that were written, and their statistics.
    """

    outcome: Outcome

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        outcome = self.outcome
        return {
            "prediction": outcome.prediction.path,
            "report": outcome.prediction.report,
            "rejected": outcome.rejected,
            "rejected_file": outcome.rejected_path,
            "continued": outcome.continued,
            "given_up": outcome.given_up,
            "seconds": round(outcome.seconds, 3),
        }


def print_outcome(console: Console, path: str, knowledge: Knowledge, outcome: Outcome) -> None:
    """Print what was read and written.

    Args:
        console: where to print.
        path: the network's path, as it is shown to the user.
        knowledge: the network.
        outcome: the outcome of the run.
    """
    write, prediction = console.print, outcome.prediction
    report: Any = prediction.report
    write(f"  knowledge   {path} ({knowledge.format})")
    sizes = f"{plural(knowledge.indim, 'input')}, {plural(knowledge.outdim, 'output')}"
    write(f"              {knowledge.kind}, {sizes}; {knowledge.scaling_summary}")
    _print_unused(console, knowledge)
    write(f"  activation  {report['activation']['file']}, {_rows(prediction.rows)}")
    write(f"              {outcome.columns.summary()}")
    if outcome.continued:
        write(f"              {outcome.continued:,} of them predicted by the interrupted run")
    if outcome.given_up:
        write("              the output of the interrupted run is damaged; all rows were predicted again")
    if outcome.rejected_path:
        write(f"  rejected    {_rows(outcome.rejected)}, with the reasons in {outcome.rejected_path}")
    write(f"  prediction  {prediction.path} ({report['prediction']['size']:,} bytes)")
    write(f"              sha256 {report['prediction']['sha256']}")
    if prediction.errors:
        write(f"  compared    {_metrics(prediction.errors)}")
    if prediction.not_finite:
        write(f"  warning     {prediction.warning()}")
    if note := prediction.formula_note():
        write(f"  note        {note}")
    write(f"  report      {prediction.report_path}")
    predicted = prediction.rows - outcome.continued
    speed = f", {predicted / outcome.seconds:,.0f} rows/s" if predicted >= _ROWS_FOR_SPEED else ""
    write(f"  time        {outcome.seconds:.2f} s{speed}")


def _print_unused(console: Console, knowledge: Knowledge) -> None:
    """Print how the numbers differ from PyBrain's, and which objects of the file are not used."""
    if knowledge.network.differing:
        console.print(f"              {knowledge.network.differing}")
    if knowledge.scaling.startswith(("inputs", "outputs")):
        return
    if knowledge.companions:
        names = list(knowledge.companions)
        rest = f" and {len(names) - _COMPANIONS_SHOWN:,} more" if len(names) > _COMPANIONS_SHOWN else ""
        shown_names = ", ".join(names[:_COMPANIONS_SHOWN])
        console.print(f"              also in the file, not used: {shown_names}{rest}")
    if unused := knowledge.unused_scaling:
        console.print(f"              {scaling_advice(unused, OPTIONS)}")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _metrics(errors: Mapping[str, float | int | None]) -> str:
    return ", ".join(
        f"{name} {'not finite' if value is None else f'{value:.6g}'}" for name, value in errors.items()
    )
