"""Run one evaluation in a separate process, for a class list: ``python -m evaluation JOB``.

JOB is a JSON object: source, files, name, folder, rubric (a path or null), options, image_owner. The report is written
to the folder; an error that prevents it is written to ``failed.json`` there. The exit status is that of `evaluate`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import atomic_files
from common.console import use_utf8
from common.errors import ExitStatus, PipelineError
from common.process import termination_as_interrupt
from evaluation.errors import NoSubmission
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.processes.messages import decode
from evaluation.quotas import Limits
from evaluation.reports.export import write
from evaluation.rubric import load_rubric
from evaluation.sanitize import printable
from evaluation.submission.locate import LooseFile


def main(words: list[str]) -> int:
    """Run the evaluation that the job describes, and print a line for each step.

    Args:
        words: the job, as JSON.

    Returns:
        The exit status.
    """
    job: dict[str, Any] = json.loads(words[0])
    folder = Path(job["folder"])
    options = dict(job["options"])
    options["limits"] = Limits(**options["limits"])
    try:
        rubric = load_rubric(Path(job["rubric"]) if job["rubric"] else None)
        report = evaluate(
            job["source"], rubric, EvaluationOptions(**_tuples(options)),
            files=decode(tuple[LooseFile, ...], job["files"]),
            on_progress=lambda text: print(printable(text), flush=True),
            on_result=lambda result: print(result.title, flush=True),
            image_owner=job["image_owner"],
        )  # fmt: skip
        write(replace(report, submission=job["name"]), folder)
    except PipelineError as error:
        return _failed(folder, str(error), error.status)
    except Exception as error:
        text = f"internal error of the evaluation, not of the submission: {type(error).__name__}: {error}"
        return _failed(folder, text, PipelineError.status)
    if report.error:
        return NoSubmission.status
    return ExitStatus.INTERRUPTED if report.interrupted else ExitStatus.SUCCESS


def _failed(folder: Path, text: str, status: int) -> int:
    atomic_files.write_json(folder / "failed.json", {"error": printable(text), "status": status})
    return status


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


if __name__ == "__main__":
    use_utf8()
    with termination_as_interrupt():
        try:
            sys.exit(main(sys.argv[1:]))
        except KeyboardInterrupt:
            sys.exit(ExitStatus.INTERRUPTED)
