"""Traps that show when the submission is built and run."""

from __future__ import annotations

import re

from common.container_state import OUT_OF_MEMORY
from evaluation.evidence.evidence import Evidence
from evaluation.prediction.rerun import ELSEWHERE, FLOODED, MODEL, SILENT
from evaluation.result import ADVICE, BREAKS, RISK
from evaluation.sandbox import timeline
from evaluation.traps.base import Places, Trap, detects
from evaluation.traps.programs import IGNORED_STATUS

_ERRORS = re.compile(
    r"Traceback \(most recent call last\)|^[ \t]*\w*Error: |^[ \t]*(?:✗|ERROR|error:)", re.MULTILINE
)


FIRST_EXIT = Trap(
    "first-exit", "The stack stops at the first container's exit", BREAKS,
    "--abort-on-container-exit stops the stack when any container ends, even one that ended successfully. Keep the "
    "data containers running after they have copied (a healthcheck reports when the copy is complete, "
    "`tail -f /dev/null` keeps them running), start codebase on `condition: service_healthy`, and let only it end.",
)  # fmt: skip


@detects(FIRST_EXIT)
def first_exit(evidence: Evidence) -> Places:
    """Find a data container whose successful end stopped the stack."""
    run = evidence.known(Evidence.run)
    if run is None:
        return
    first = timeline.wrong_first_exit(run, evidence.roles)
    if first is None or first.status:
        return  # a failed container is a separate fault, not a trap
    name = evidence.roles.role(first.service) or first.service
    text = (
        f"{name} was the first container to end (status {first.status}), and `{run.command}` then stopped all the "
        "others, codebase among them. "
    )
    full_run = evidence.known(Evidence.full_run)
    if full_run is not None and evidence.observed_prediction(full_run).equal:
        text += (
            "Without that flag, the same stack makes the right prediction: only the orchestration is wrong."
        )
    elif full_run is not None:
        text += "Without that flag, it does not make the right prediction either."
    yield evidence.compose.where(first.service), text


NO_WAITING = Trap(
    "no-waiting", "codebase does not wait for its files", BREAKS,
    "depends_on alone waits until a container has started, not until it has copied its file. Give the data containers "
    "a healthcheck that looks for the file, and let codebase wait for `condition: service_healthy`.",
)  # fmt: skip


@detects(NO_WAITING)
def no_waiting(evidence: Evidence) -> Places:
    """Find files that arrived after codebase had looked for them."""
    if late_files := evidence.known(Evidence.late_files):
        location = evidence.compose.where(evidence.roles.code)
        yield location, f"codebase read {' and '.join(late_files)} before the copy was complete"


TIMING = Trap(
    "timing", "Timing decides whether it works", RISK,
    "The same submission gave different results when it was run again. Wait for a condition (a healthcheck "
    "and `condition: service_healthy`), not for a number of seconds.",
)  # fmt: skip


@detects(TIMING)
def timing(evidence: Evidence) -> Places:
    """Find two runs of the stack that ended differently."""
    runs = evidence.known(Evidence.runs) or ()
    if len(runs) < 2:
        return
    roles = evidence.roles
    outcomes = [(timeline.succeeded(run, roles), evidence.observed_prediction(run).equal) for run in runs]
    if outcomes[0] != outcomes[1]:
        yield evidence.compose.name, "two runs of the same stack ended differently; the better one counts"


FIXED_ANSWER = Trap(
    "fixed-answer", "The prediction does not depend on the rows", BREAKS,
    "With other rows in container 1, the stack shows the same prediction. Compute it from /shared_data on every "
    "run.",
)  # fmt: skip


@detects(FIXED_ANSWER)
def fixed_answer(evidence: Evidence) -> Places:
    """Find a prediction that does not depend on the rows."""
    rerun = evidence.known(Evidence.rerun)
    if rerun is not None and rerun.fixed:
        yield f"{evidence.places.codebase.folder}/", rerun.text


OWN_NETWORK = Trap(
    "own-network", "The prediction does not come from the network of container 2", BREAKS,
    "With another network in container 2, the stack shows the predictions of the old one. Load "
    "/shared_data/currentSolution.pkl on every run: codebase needs neither a copy of the network nor its weights.",
)  # fmt: skip


@detects(OWN_NETWORK)
def own_network(evidence: Evidence) -> Places:
    """Find a prediction that does not come from the network of container 2."""
    rerun = evidence.known(Evidence.rerun)
    if rerun is not None and rerun.outcome == MODEL:
        yield f"{evidence.places.codebase.folder}/", rerun.text


COMPUTED_ELSEWHERE = Trap(
    "computed-elsewhere", "Another container than codebase computes the prediction", BREAKS,
    "Without codebase, only the rows and the network may arrive in the shared folder. codebase computes the "
    "prediction "
    "with the network of /shared_data.",
)  # fmt: skip


@detects(COMPUTED_ELSEWHERE)
def computed_elsewhere(evidence: Evidence) -> Places:
    """Find a prediction that appears although codebase is idle."""
    rerun = evidence.known(Evidence.rerun)
    if rerun is not None and rerun.outcome == ELSEWHERE:
        yield evidence.compose.name, rerun.text


NOT_COMPUTED = Trap(
    "not-computed", "With other rows and another network, the prediction is wrong", BREAKS,
    "The evaluation replaces rows and network by others of the same format, and runs the stack again. Read both "
    "from /shared_data on every run, accept any numbers in them, and show every output with three digits or "
    "more.",
)  # fmt: skip


@detects(NOT_COMPUTED)
def not_computed(evidence: Evidence) -> Places:
    """Find a stack that makes no right prediction from other rows and another network."""
    rerun = evidence.known(Evidence.rerun)
    run = evidence.known(Evidence.run)
    if run is None or not evidence.is_right(run):
        return  # the reason why nothing is predicted is already reported
    if rerun is not None and rerun.outcome in (SILENT, FLOODED):
        yield f"{evidence.places.codebase.folder}/", rerun.text


ROOT_LEFTOVERS = Trap(
    "root-leftovers", "The run leaves files that belong to root", ADVICE,
    "On Linux, the files in shared_data then cannot be removed without sudo. Run the containers as a regular "
    "user, or change the owner of the files to that of the folder (chown).",
)  # fmt: skip


@detects(ROOT_LEFTOVERS)
def root_leftovers(evidence: Evidence) -> Places:
    """Find files in the shared folder that belong to root."""
    run = evidence.known(Evidence.run)
    if run is not None:
        names = sorted(
            entry.name for entry in run.shared.values() if entry.owner == 0 and entry.kind == "file"
        )
        if names:
            yield (
                f"{evidence.layout.shared_folders[0]}/",
                f"after a run, these files belong to root: {', '.join(names[:5])}",
            )


@detects(IGNORED_STATUS)
def error_with_status_zero(evidence: Evidence) -> Places:
    """Find a codebase that printed an error and made no prediction, but exited with status 0."""
    run = evidence.known(Evidence.run)
    if run is None:
        return
    service = evidence.roles.code
    code = run.container(service)
    output = "\n".join(run.lines_of(service))
    match = _ERRORS.search(output)
    if code is not None and code.status == 0 and match and not evidence.observed_prediction(run).where:
        line = output[match.start() :].strip().splitlines()[0]
        yield (
            f"{evidence.places.codebase.folder}/",
            f"codebase printed an error ({line[:100]}), but exited with status 0",
        )


BLOCKED_NETWORK = Trap(
    "blocked-network", "The build accesses the internet", RISK,
    "Builds in an evaluation can reach only the package indexes. Everything else that the image needs belongs in "
    "the submission.",
)  # fmt: skip


@detects(BLOCKED_NETWORK)
def blocked_network(evidence: Evidence) -> Places:
    """Find hosts that builds requested and the proxy refused."""
    if refused := evidence.refused_hosts:
        yield "", f"a build requested {', '.join(refused[:5])}"


OVER_THE_LIMITS = Trap(
    "over-the-limits", "A container exceeded its limits", BREAKS,
    "The containers copy small files and compute once: they need little time, memory and disk space. Look for "
    "an endless loop, and for what it prints or writes.",
)  # fmt: skip


@detects(OVER_THE_LIMITS)
def over_the_limits(evidence: Evidence) -> Places:
    """Find containers and builds that had to be stopped, and containers that the kernel killed for their memory."""
    run = evidence.known(Evidence.run)
    if run is not None and run.stopped:
        yield evidence.compose.name, f"`{run.command}`: {run.stopped}"
    for state in run.containers if run is not None else ():
        if state.remark == OUT_OF_MEMORY:
            yield (
                evidence.compose.where(state.service),
                f"{state.service} exceeded its memory limit and was killed",
            )
    for role in evidence.places.containers:
        container_run = evidence.known(Evidence.container_run, role)
        if container_run is not None and container_run.stopped:
            yield f"{role.dockerfile_path}", f"`{container_run.command}`: {container_run.stopped}"
        build = evidence.known(Evidence.build_result, role)
        if build is not None and "was stopped" in build.reason:
            yield f"{role.dockerfile_path}", build.reason
