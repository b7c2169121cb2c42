"""Runs the stack again with other rows and another network: a prediction that is computed follows both.

Rows and network are exchanged in images that are made from the submission's own, and in the folders that its
services mount; then the stack is run as before. What nobody could know beforehand (see `exchange`) must be predicted,
and the old answer must not be shown any more. Where the figures that are shown could be right by accident, it is
asked again with others.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from evaluation.compose.roles import Roles
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.prediction.find_prediction import find_prediction
from evaluation.prediction.replacement import Replacement, ReplacementFiles
from evaluation.quotas import Limits
from evaluation.sandbox.stack import Stack
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.copying import CHUNK, Copy
from evaluation.submission.submission import Submission
from pipeline import atomic_files
from pipeline.project import ACTIVATIONBASE, KNOWLEDGEBASE

# The chance that figures of an accident were taken for the answers, all further runs together.
ACCIDENT = 1e-4
# An old answer with fewer digits may be an accident as well, beside the new one.
_SHOWN_ON_PURPOSE = 1e-3
# So often the stack is run again at most, and so often it may fail: one failure may be chance.
_RUNS, _FAILURES = 4, 2
FOLLOWS, ROWS, MODEL, FIXED, SILENT, FLOODED = "follows", "rows", "model", "fixed", "silent", "flooded"


@dataclass(frozen=True)
class RerunResult:
    """What came of it.

    Attributes:
        outcome: follows; rows or model (only the other one is used), fixed (neither is), silent (no prediction that
            belongs to the exchanged files), flooded (too many figures to tell); empty where it was not tried.
        text: what was seen, in words.
        counts_against: whether the prediction earns nothing because of it.
        seed: rows and network were made from it.
        runs: how often the stack was run for it.
        chance: that the right figures were an accident.
        delivered: whether the exchanged file of each data container arrived in the shared folder, or the old one did;
            none where it was not exchanged, or neither arrived.
    """

    outcome: str
    text: str
    counts_against: bool
    seed: int = 0
    runs: int = 0
    chance: float = 1.0
    delivered: Mapping[str, bool] = field(default_factory=dict)

    @property
    def fixed(self) -> bool:
        """Whether the prediction does not depend on the rows."""
        return self.outcome in (FIXED, ROWS)


def not_rerun(why: str, *, counts_against: bool = False) -> RerunResult:
    """Nothing was run again."""
    return RerunResult("", f"not tried with other rows and another network: {why}", counts_against)


@dataclass(frozen=True)
class RerunInputs:
    """The files of a submission that are exchanged.

    Attributes:
        rows: name of the rows.
        model: name of the network.
        right: whether the stack predicts what the network answers to the rows.
        places: for each data container, every path of its image that holds its file.
        exchanged: makes others, in an empty folder, from a seed; None where there are none.
        judged: what a run with exchanged files shows.
    """

    rows: str
    model: str
    right: bool
    places: Mapping[str, Sequence[str]]
    exchanged: Callable[[Path, int], ReplacementFiles | None]
    judged: Callable[[StackRun, ReplacementFiles], RerunResult]


def rerun_stack(
    stack: Stack, roles: Roles, files: RerunInputs, folder: Path, seed: int, say: Callable[[str], None]
) -> RerunResult:
    """Exchanges rows and network and runs the stack again, as often as it takes to be sure.

    Args:
        stack: the submission's own.
        roles: which service is which container.
        files: what is exchanged.
        folder: a folder of our own.
        seed: for the choice of rows and networks.
        say: gets what is going on.
    """
    mounted = {mount.source for one in stack.stack.services.values() for mount in one.mounts}
    for role, name in ((ACTIVATIONBASE, files.rows), (KNOWLEDGEBASE, files.model)):
        if not files.places.get(role) and not _is_mounted(name, mounted):
            text = f"{name} is found neither in the image of {role} nor in a folder that is mounted"
            return not_rerun(text, counts_against=True)
    chance, failures, last = 1.0, 0, None
    for attempt in range(1, _RUNS + 1):
        made = files.exchanged(_new(folder, f"exchange{attempt}"), seed + attempt)
        if made is None:
            return not_rerun("no others were found that are answered clearly otherwise")
        say("running the stack once more, with other rows and another network")
        run = _run(stack, roles, files, made, folder, attempt)
        last = replace(files.judged(run, made), seed=seed, runs=attempt)
        if last.outcome == FOLLOWS:
            chance *= last.chance
            if chance <= ACCIDENT:
                return replace(last, chance=chance)
            continue
        failures += 1
        if failures >= _FAILURES or not files.right:
            return last
    assert last is not None
    text = (
        "the prediction is shown with too few digits, or among too many figures, to be told from an accident"
    )
    return last if last.counts_against else replace(last, outcome=FLOODED, text=text, counts_against=True)


def _is_mounted(name: str, sources: set[str]) -> bool:
    return any(
        source in (".", name) or name.startswith(source.rstrip("/") + "/") for source in sources if source
    )


def _run(
    stack: Stack, roles: Roles, files: RerunInputs, made: ReplacementFiles, folder: Path, attempt: int
) -> StackRun:
    """One run with the exchanged files."""
    pairs = ((files.rows, made.rows, made.has_rows), (files.model, made.model, made.has_model))
    new = {name: path for name, path, is_new in pairs if is_new}
    root = folder / f"exchanged{attempt}"
    submission = submission_with_files(stack.submission, new, root, stack.engine.limits)
    images = {}
    for role, name in ((ACTIVATIONBASE, files.rows), (KNOWLEDGEBASE, files.model)):
        service = roles.service(role)
        if name in new and files.places.get(role):
            tag = f"probe{attempt}-{role}"
            images[service] = image_with_file(
                stack.engine, stack.images[service], new[name], files.places[role], _new(folder, tag), tag
            )
    try:
        return stack.with_replacements(submission, images, attempt).run()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _new(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(exist_ok=True)
    return made


def submission_with_files(
    submission: Submission, files: Mapping[str, Path], root: Path, limits: Limits
) -> Submission:
    """A submission with other files, in a copy of its own; no link in it leads out of that.

    Raises:
        CannotCheck: one of the files lies behind a link.
    """
    copy = Copy(root, limits)
    copy.folder(submission.root)
    for name, path in files.items():
        parts = PurePosixPath(name).parts
        try:
            copy.tree.unlink(parts)
            with path.open("rb") as content:
                copy.tree.write(parts, iter(lambda: content.read(CHUNK), b""))
        except OSError as error:
            raise CannotCheck(f"{name} cannot be exchanged: {error.strerror}") from error
    return replace(submission, root=root)


def image_with_file(
    engine: EngineSession, image: str, new: Path, places: Sequence[str], folder: Path, tag: str
) -> str:
    """An image like another, with another file in some places.

    Args:
        workshop: where the image is.
        image: its name.
        new: the file.
        places: where it is put.
        folder: an empty folder of our own.
        tag: of the new image.

    Raises:
        CannotCheck: the engine did not make it, or steps of the submission would be carried out.
    """
    about = engine.image(image) or {}
    if (about.get("Config") or {}).get("OnBuild"):
        raise CannotCheck("the image has ONBUILD steps, which would be carried out without limits")
    shutil.copyfile(new, folder / "file")
    (folder / "file").chmod(0o644)
    lines = [f"FROM {image}", *(f'COPY ["file", {_quoted(place)}]' for place in places)]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
    name = f"{engine.id}:{tag}"
    engine.must("build", "--quiet", "--network", "none", "--label", engine.label, "--tag", name, str(folder))
    return name


def _quoted(place: str) -> str:
    escaped = place.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\\\$")
    return f'"{escaped}"'


def delivered(
    made: ReplacementFiles, old: Mapping[str, Path], shared: Mapping[str, VolumeEntry]
) -> Mapping[str, bool]:
    """Whether the exchanged file, or still the old one, lies in the shared folder, under whatever name.

    Args:
        made: what was exchanged.
        old: the submission's own file of each data container.
        shared: what lay in the shared folder after the run.
    """
    there = {left.sha256 for left in shared.values() if left.kind == "file"}
    found = {}
    for role, new, is_new in (
        (ACTIVATIONBASE, made.rows, made.has_rows),
        (KNOWLEDGEBASE, made.model, made.has_model),
    ):
        arrived = is_new and atomic_files.sha256_of(new) in there
        if is_new and (arrived or atomic_files.sha256_of(old[role]) in there):
            found[role] = arrived
    return found


def judge_rerun(made: Replacement, shared: Mapping[str, VolumeEntry], lines: Sequence[str]) -> RerunResult:
    """What a run with exchanged files shows.

    Args:
        made: what was exchanged, and what each combination gives.
        shared: what lay in the shared folder after the run.
        lines: what codebase printed.
    """
    what = " and ".join(
        word for word, content in (("other rows", made.rows), ("another network", made.model)) if content
    )
    rest = "".join(f"; {why}" for why in (made.why_no_rows, made.why_no_model) if why)
    new = find_prediction(made.after, shared, lines)
    if new.flooded:
        return RerunResult(FLOODED, f"with {what}: {new.shown}", True)
    parts = ((FIXED, made.before), (ROWS, made.old_rows), (MODEL, made.old_model))
    for outcome, part in parts:
        old = find_prediction(part, shared, lines)
        if not old.equal or (new.equal and old.chance > _SHOWN_ON_PURPOSE):
            continue
        if new.equal:
            text = f"with {what}, the old answer is shown beside the new one: {old.shown}"
            return RerunResult(outcome, text, True)
        return RerunResult(outcome, _TEXTS[outcome].format(what=what, shown=old.shown), True)
    if new.equal:
        text = f"with {what}, the prediction changes as it must: {new.shown}{rest}"
        return RerunResult(FOLLOWS, text, False, chance=new.chance)
    last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing was printed")
    text = (
        f"with {what} of the same form, no prediction was made that belongs to them; codebase: {last[:160]}"
    )
    return RerunResult(SILENT, text, True)


_TEXTS = {
    FIXED: "with {what}, the prediction is still the old one: {shown}",
    ROWS: "with {what}, the prediction follows the network but not the rows of container 1: {shown}",
    MODEL: "with {what}, the prediction follows the rows but not the network of container 2: {shown}",
}


def fresh_seed() -> int:
    """A seed that nobody knows beforehand."""
    return random.SystemRandom().getrandbits(48)
