"""Traps that a run showed, or the way in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from evaluation.evidence.evidence import Lab
from evaluation.images.build_plan import BuildResult
from evaluation.prediction.rerun import FLOODED, MODEL, SILENT, RerunResult
from evaluation.sandbox import timeline
from evaluation.sandbox.container_run import ContainerRun
from evaluation.sandbox.stack_run import StackRun
from pipeline.engines.container_state import OUT_OF_MEMORY
from pipeline.project import CODEBASE, SERVICES

Seen = Iterator[tuple[str, str]]
Detector = tuple[str, Callable[[Lab], Seen]]
_ERRORS = re.compile(
    r"Traceback \(most recent call last\)|^[ \t]*\w*Error: |^[ \t]*(?:✗|ERROR|error:)", re.MULTILINE
)


def first_exit(lab: Lab) -> Seen:
    run: StackRun | None = lab.if_known("run")
    if run is None:
        return
    first = timeline.wrong_first_exit(run, lab.roles())
    if first is None or first.status:
        return  # one that failed is no trap but a fault of its own
    who = lab.roles().role(first.service) or first.service
    text = (
        f"{who} was the first container to end (status {first.status}), and `{run.command}` then stopped all the "
        "others, codebase among them. "
    )
    whole: StackRun | None = lab.if_known("run_to_the_ends")
    if whole is not None and lab.seen(whole).equal:
        text += (
            "Without that flag the same stack makes the right prediction: only the orchestration is wrong."
        )
    elif whole is not None:
        text += "Without that flag it makes no right prediction either."
    yield lab.compose().where(first.service), text


def no_waiting(lab: Lab) -> Seen:
    if late := lab.if_known("late_files"):
        where = lab.compose().where(lab.roles().service(CODEBASE))
        yield where, f"codebase looked for {' and '.join(late)} before the copy was there"


def timing(lab: Lab) -> Seen:
    if len(lab.runs) < 2:
        return
    roles = lab.roles()
    went = [(timeline.succeeded(run, roles), lab.seen(run).equal) for run in lab.runs]
    if went[0] != went[1]:
        yield lab.compose().name, "of two runs one went well and one did not; the better one counts"


def fixed_answer(lab: Lab) -> Seen:
    probe: RerunResult | None = lab.if_known("probe")
    if probe is not None and probe.fixed:
        yield "container3_codebase/", probe.text


def own_network(lab: Lab) -> Seen:
    probe: RerunResult | None = lab.if_known("probe")
    if probe is not None and probe.outcome == MODEL:
        yield "container3_codebase/", probe.text


def not_computed(lab: Lab) -> Seen:
    probe: RerunResult | None = lab.if_known("probe")
    if probe is not None and probe.outcome in (SILENT, FLOODED):
        yield "container3_codebase/", probe.text


def root_leftovers(lab: Lab) -> Seen:
    run: StackRun | None = lab.if_known("run")
    if run is not None:
        names = sorted(left.name for left in run.shared.values() if left.owner == 0 and left.kind == "file")
        if names:
            yield "shared_data/", f"after a run these files belong to root: {', '.join(names[:5])}"


def swallowed(lab: Lab) -> Seen:
    """codebase ended with 0, printed an error, and made no prediction."""
    run: StackRun | None = lab.if_known("run")
    if run is None:
        return
    service = lab.roles().service(CODEBASE)
    code = run.container(service)
    said = "\n".join(run.lines_of(service))
    found = _ERRORS.search(said)
    if code is not None and code.status == 0 and found and not lab.seen(run).where:
        line = said[found.start() :].strip().splitlines()[0]
        yield (
            f"{SERVICES[2].folder}/",
            f"codebase printed an error ({line[:100]}) and ended with status 0 all the same",
        )


def blocked_network(lab: Lab) -> Seen:
    if lab.build_network is not None and (refused := lab.build_network.refused()):
        yield "", f"a build asked for {', '.join(refused[:5])}"


def over_the_limits(lab: Lab) -> Seen:
    """What had to be stopped, and what the kernel ended for its memory."""
    run: StackRun | None = lab.if_known("run")
    if run is not None and run.stopped:
        yield lab.compose().name, f"`{run.command}`: {run.stopped}"
    for state in run.containers if run is not None else ():
        if state.remark == OUT_OF_MEMORY:
            yield (
                lab.compose().where(state.service),
                f"{state.service} used more memory than it gets and was ended",
            )
    for role in SERVICES:
        alone: ContainerRun | None = lab.if_known("alone", role)
        if alone is not None and alone.stopped:
            yield f"{role.folder}/Dockerfile", f"`{alone.command}`: {alone.stopped}"
        built: BuildResult | None = lab.if_known("built", role)
        if built is not None and "was stopped" in built.reason:
            yield f"{role.folder}/Dockerfile", built.reason


def empty_pybrain(lab: Lab) -> Seen:
    folder = f"{SERVICES[2].folder}/pybrain"
    submodule = [remark for remark in lab.submission.remarks if remark.what == "submodule"]
    for remark in submodule:
        yield f"{remark.where}/", f"{remark.where} {remark.text}"
    if submodule or any(
        name.startswith(folder + "/") and name.endswith(".py") for name in lab.submission.files
    ):
        return
    if lab.submission.has_folder(folder) and not lab.submission.has(".gitmodules"):
        yield (
            f"{folder}/",
            f"{folder}/ has no Python file in it, and there is no .gitmodules that says where they lie",
        )
    elif lab.submission.has_folder(folder):
        yield f"{folder}/", f"{folder}/ is a submodule: its files were not handed in"
    elif lab.submission.has_folder(SERVICES[2].folder):
        yield (
            f"{SERVICES[2].folder}/",
            f"there is no folder {folder}/ (an empty one gets lost in git and in archives)",
        )


def asks_too_much(lab: Lab) -> Seen:
    for refusal in lab.safe().refusals:
        yield lab.compose().where(refusal.where), str(refusal)


def leftovers(lab: Lab) -> Seen:
    for remark in lab.submission.remarks:
        if remark.what == "leftover":
            yield remark.where, remark.text


def left_out(lab: Lab) -> Seen:
    for remark in lab.submission.remarks:
        if remark.what in ("link", "special", "unreadable"):
            yield remark.where, f"{remark.where} {remark.text}"


def compiler_in_the_image(lab: Lab) -> Seen:
    ran: ContainerRun | None = lab.if_known("alone", SERVICES[2], COMPILERS)
    if ran is not None and ran.ok and ran.output.strip():
        names = sorted({line.rpartition("/")[2] for line in ran.output.split()})
        yield f"{SERVICES[2].folder}/Dockerfile", f"the image of codebase holds {', '.join(names[:6])}"


# Asked of the image of codebase once it is built.
COMPILERS = ("sh", "-c", "for c in gcc g++ cc c++ clang make ld as gfortran; do command -v $c; done; true")


def look_for_compilers(lab: Lab) -> None:
    """Looks into codebase's image, where it has been built."""
    built: BuildResult | None = lab.if_known("built", SERVICES[2])
    if built is not None and built.ok:
        lab.alone(SERVICES[2], COMPILERS)


DETECTORS: tuple[Detector, ...] = (
    ("first-exit", first_exit),
    ("no-waiting", no_waiting),
    ("timing", timing),
    ("fixed-answer", fixed_answer),
    ("own-network", own_network),
    ("not-computed", not_computed),
    ("empty-pybrain", empty_pybrain),
    ("asks-too-much", asks_too_much),
    ("over-the-limits", over_the_limits),
    ("ignored-status", swallowed),
    ("root-leftovers", root_leftovers),
    ("blocked-network", blocked_network),
    ("leftovers", leftovers),
    ("left-out", left_out),
    ("compiler-left", compiler_in_the_image),
)
