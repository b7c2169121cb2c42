"""The prediction: it is the one that the submission's own network gives for the submission's own rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.checks.base import Check, last_words, seen, tail
from evaluation.evidence.evidence import Lab
from evaluation.prediction.rerun import MODEL, RerunResult
from evaluation.result import Evidence, Verdict
from evaluation.sandbox import timeline
from evaluation.traps.kinds import TRAPS
from pipeline.project import CODEBASE


def prediction_equals(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """What the stack predicts is what the safe runtime computes from the same files."""
    expected = lab.expected()
    if not expected.outputs:
        return Verdict(
            False, f"there is nothing to compare a prediction with: {expected.why_not}",
            "The model must be a PyBrain network, and the rows must have as many columns as it has inputs.",
        )  # fmt: skip
    run, code = lab.run(), lab.roles().service(CODEBASE)
    found = lab.seen(run)
    knowledge = expected.knowledge
    row = ", ".join(f"{value:.10g}" for value in expected.outputs[0][0].tolist())
    evidence = seen(
        note=f"expected for the first row: {row}",
        file=f"{found.where}: {found.shown}" if found.where else "",
        sha256=f"{knowledge.sha256}  the network" if knowledge else "",
        log=tail("\n".join(run.lines_of(code)), 15),
    )
    if found.equal:
        probe = lab.probe()
        evidence = (*evidence, Evidence("note", _told(probe)))
        if probe.counts_against:
            trap = TRAPS[
                "fixed-answer" if probe.fixed else "own-network" if probe.outcome == MODEL else "not-computed"
            ]
            return Verdict(False, f"{trap.title}: {probe.text}", trap.hint, evidence)
    if found.equal:
        return Verdict(
            True, f"the prediction ({found.where}) equals what the network answers: {row[:120]}", "", evidence
        )
    if found.flooded:
        return Verdict(
            False, f"{found.where}: {found.shown}",
            "Print the outputs of the network behind a word such as Prediction, with at least three digits.", evidence,
        )  # fmt: skip
    if found.where:
        return Verdict(
            False,
            f"the prediction is another one: {found.where} says {found.shown!r}, the network answers {row[:120]}",
            "Does the code give the network the right columns, unscaled, one flat row at a time? "
            "What counts are the numbers that the network answers, not only a class.", evidence,
        )  # fmt: skip
    first = timeline.wrong_first_exit(run, lab.roles())
    if first is not None and first.status:
        return Verdict(
            False, f"no prediction was made: {first.service} failed, and that stopped the stack",
            "See what is missing in docker-compose.yml.", evidence,
        )  # fmt: skip
    if first is not None:
        return Verdict(
            False, "no prediction was made: the stack was stopped before codebase was done",
            TRAPS["first-exit"].hint, evidence,
        )  # fmt: skip
    lines = run.lines_of(code)
    last = (
        f"it said: {last_words(lines)[:160]}" if any(line.strip() for line in lines) else "it printed nothing"
    )
    return Verdict(
        False, f"codebase shows no prediction; {last}",
        "Print the output of the network (a line with the word Prediction), or write it to shared_data/prediction.csv.",
        evidence,
    )  # fmt: skip


def _told(probe: RerunResult) -> str:
    """What the further runs came to, with the seed that their files were made from."""
    if not probe.runs:
        return probe.text
    return f"{probe.text} (seed {probe.seed}, {probe.runs} further run{'s' if probe.runs > 1 else ''})"


CHECKS = (Check("prediction_equals", prediction_equals),)
