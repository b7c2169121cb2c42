"""Check the prediction: it must be the output of the submission's network for the submission's rows."""

from __future__ import annotations

from common.errors import PipelineError
from evaluation.causes.output import last_message
from evaluation.causes.program import FailedProgram, failed_program
from evaluation.causes.program_errors import explain
from evaluation.checks.base import check, observed, tail
from evaluation.evidence.evidence import Evidence
from evaluation.prediction.find_prediction import ObservedPrediction
from evaluation.prediction.mistakes import Mistake
from evaluation.prediction.rerun import ELSEWHERE, MODEL, RerunResult
from evaluation.result import Observation, Verdict
from evaluation.sandbox import timeline
from evaluation.traps.runs import (
    COMPUTED_ELSEWHERE,
    FIRST_EXIT,
    FIXED_ANSWER,
    NO_WAITING,
    NOT_COMPUTED,
    OVER_THE_LIMITS,
    OWN_NETWORK,
)

# The trap for each outcome of a rerun that costs the points.
_TRAPS = {MODEL: OWN_NETWORK, ELSEWHERE: COMPUTED_ELSEWHERE}


@check
def prediction_equals(evidence: Evidence) -> Verdict:
    """Check that the prediction equals what the safe runtime computes from the same files."""
    expected = evidence.expected
    if not expected.outputs:
        return Verdict(
            False, f"there is nothing to compare a prediction with: {expected.why_not}",
            "The model must be a PyBrain network, and the rows must have as many columns as it has inputs.",
        )  # fmt: skip
    run, code = evidence.run, evidence.roles.code
    prediction = evidence.observed_prediction(run)
    knowledge = expected.knowledge
    reading = expected.right[prediction.reading if prediction.equal else 0]
    row = ", ".join(f"{value:.10g}" for value in reading.outputs[0].tolist())
    read_as = f" ({reading.text})" if reading.text else ""
    observations = observed(
        note=f"expected for the first row: {row}{read_as}",
        file=f"{prediction.where}: {prediction.shown}" if prediction.where else "",
        sha256=f"{knowledge.sha256}  the network" if knowledge else "",
        log=tail("\n".join(run.lines_of(code)), 15),
    )
    if prediction.equal:
        return _equal(evidence, prediction, row, read_as, observations)
    if prediction.flooded:
        return Verdict(
            False, f"{prediction.where}: {prediction.shown}",
            "Print the outputs of the network after a word such as Prediction, with at least three digits.",
            observations,
        )  # fmt: skip
    if prediction.where:
        return _different(evidence, prediction, row, observations)
    return _missing(evidence, row, observations)


def _equal(
    evidence: Evidence,
    prediction: ObservedPrediction,
    row: str,
    read_as: str,
    observations: tuple[Observation, ...],
) -> Verdict:
    """Return the verdict on a correct prediction; it fails if the code does not compute it."""
    rerun = evidence.rerun
    observations = (*observations, Observation("note", _rerun_summary(rerun)))
    if rerun.counts_against and prediction.by_label and _mistake(evidence).reason:
        return _different(evidence, prediction, row, observations)
    if rerun.counts_against:
        trap = FIXED_ANSWER if rerun.fixed else _TRAPS.get(rerun.outcome, NOT_COMPUTED)
        return Verdict(False, f"{trap.title}: {rerun.text}", trap.hint, observations)
    shows = "shows the class of" if prediction.by_label else "equals"
    return Verdict(
        True,
        f"the prediction ({prediction.where}) {shows} the output of the network: {row[:120]}{read_as}",
        "",
        observations,
    )


def _missing(evidence: Evidence, row: str, observations: tuple[Observation, ...]) -> Verdict:
    """Return the verdict on a run that shows no prediction, with the first cause."""
    run, code = evidence.run, evidence.roles.code
    first_ended = timeline.wrong_first_exit(run, evidence.roles)
    if first_ended is not None and first_ended.status:
        return Verdict(
            False, f"no prediction was made: {first_ended.service} failed, and that stopped the stack",
            f"Fix {first_ended.service} first: it printed "
            f"{last_message(run.lines_of(first_ended.service), 'nothing')}.", observations,
        )  # fmt: skip
    if failure := _failure(evidence, observations):
        return failure
    if first_ended is not None:
        return Verdict(
            False, "no prediction was made: the stack was stopped before codebase had finished",
            FIRST_EXIT.hint, observations,
        )  # fmt: skip
    if run.stopped:
        reason = f"no prediction was made before the stack was stopped: {run.stopped}"
        return Verdict(False, reason, OVER_THE_LIMITS.hint, observations)
    state = run.container(code)
    if state is None or state.started is None:
        return Verdict(
            False, "no prediction was made: codebase was never started",
            "The check that the containers work together says what codebase waits for.", observations,
        )  # fmt: skip
    if _mistake(evidence).reason:
        return _different(evidence, evidence.observed_prediction(run), row, observations)
    lines = run.lines_of(code)
    output = (
        f"it printed: {last_message(lines)[:160]}"
        if any(line.strip() for line in lines)
        else "it printed nothing"
    )
    return Verdict(
        False, f"codebase shows no prediction; {output}",
        "Print the output of the network (a line with the word Prediction), or write it to shared_data/prediction.csv.",
        observations,
    )  # fmt: skip


def _mistake(evidence: Evidence) -> Mistake:
    """Return the mistake that explains what the run shows; no mistake if the search exceeds the limits."""
    try:
        return evidence.mistake(evidence.run)
    except PipelineError:
        return Mistake()


def _different(
    evidence: Evidence, prediction: ObservedPrediction, row: str, observations: tuple[Observation, ...]
) -> Verdict:
    """Return the verdict on a different prediction, with the mistake that explains it."""
    mistake = _mistake(evidence)
    where, shown = mistake.where or prediction.where, mistake.shown or prediction.shown
    why = f"{mistake.reason}: " if mistake.reason else ""
    shows = f"{where} shows {shown!r}, " if where else ""
    return Verdict(
        False, f"the prediction is different: {why}{shows}the network predicts {row[:120]}",
        mistake.hint or "Does the code pass the network the right columns, one flat row at a time, scaled only "
        "if the network's file or its card says so? Only the outputs of the network count.", observations,
    )  # fmt: skip


def _failure(evidence: Evidence, observations: tuple[Observation, ...]) -> Verdict | None:
    """Return the verdict if the program of codebase failed; its output shows the cause."""
    program = failed_program(evidence)
    if program is None:
        return None
    if late_files := evidence.known(Evidence.late_files):
        reason = f"no prediction was made: codebase failed before {' and '.join(late_files)} had arrived"
        return Verdict(False, reason, NO_WAITING.hint, observations)
    others = tuple(one for one in observations if one.kind != "log")
    lines = program.crash.lines if program.crash else program.lines
    return Verdict(
        False, f"no prediction was made: {_place(program)} failed with {program.error}",
        explain(program).do_first,
        (*others, *observed(log=tail("\n".join(lines), 15))),
    )  # fmt: skip


def _place(program: FailedProgram) -> str:
    return f"codebase, in {program.place}," if program.frame else "codebase"


def _rerun_summary(rerun: RerunResult) -> str:
    """Return a summary of the reruns, with the seed of their files."""
    if not rerun.runs:
        return rerun.text
    return f"{rerun.text} (seed {rerun.seed}, {rerun.runs} further run{'s' if rerun.runs > 1 else ''})"
