"""Rerun the stack with replaced rows and a replaced network: a computed prediction changes with both.

Rows and network are replaced in images that are based on the submission's own, and in the folders that its services
mount; then the stack is run as before. It must show the unpredictable new prediction, and not the old one. If the
printed numbers could match by accident, the stack is run again with other replacements.
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

# The limit on the probability that all matches of all reruns are accidents.
ACCIDENT = 1e-4
# An old prediction with fewer digits, beside the new one, may be an accident as well.
_SHOWN_ON_PURPOSE = 1e-3
# The most reruns, and the most failures: a single failure may be random.
_RUNS, _FAILURES = 4, 2
FOLLOWS, ROWS, MODEL, FIXED, SILENT, FLOODED = "follows", "rows", "model", "fixed", "silent", "flooded"


@dataclass(frozen=True)
class RerunResult:
    """The result of the reruns.

    Attributes:
        outcome: follows; rows or model (only the other one is used); fixed (neither is used); silent (no prediction
            for the replaced files); flooded (too many numbers to recognise one); empty if there was no rerun.
        text: what the rerun showed.
        counts_against: whether the prediction earns no points because of it.
        seed: the seed of the replacements.
        runs: the number of reruns.
        chance: the probability that the matching numbers are an accident.
        delivered: for each data container, whether its replaced file arrived in the shared folder (True) or its old
            one (False); no entry if it was not replaced, or neither arrived.
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
    """Return the result if the stack was not run again.

    Args:
        why: the reason.
        counts_against: whether the prediction earns no points because of it.
    """
    return RerunResult("", f"not run with other rows and another network: {why}", counts_against)


@dataclass(frozen=True)
class RerunInputs:
    """The files of a submission that are replaced, and how.

    Attributes:
        rows: the path of the rows.
        model: the path of the network.
        right: whether the stack shows the expected prediction with the old files.
        places: for each data container, the paths of its file in its image.
        replace: creates a replacement in an empty folder, from a seed; None if there is none.
        judge: judges a run with replaced files.
    """

    rows: str
    model: str
    right: bool
    places: Mapping[str, Sequence[str]]
    replace: Callable[[Path, int], ReplacementFiles | None]
    judge: Callable[[StackRun, ReplacementFiles], RerunResult]


def rerun_stack(
    stack: Stack, roles: Roles, files: RerunInputs, folder: Path, seed: int, say: Callable[[str], None]
) -> RerunResult:
    """Rerun the stack with replaced rows and networks, until the result is certain.

    Args:
        stack: the stack of the submission.
        roles: which service is which container.
        files: what is replaced.
        folder: a folder of the evaluation.
        seed: seed of the replacements.
        say: called with progress messages.
    """
    mounted = {mount.source for one in stack.stack.services.values() for mount in one.mounts}
    for role, name in ((ACTIVATIONBASE, files.rows), (KNOWLEDGEBASE, files.model)):
        if not files.places.get(role) and not _is_mounted(name, mounted):
            text = f"{name} was found neither in the image of {role} nor in a mounted folder"
            return not_rerun(text, counts_against=True)
    chance, failures, last = 1.0, 0, None
    for attempt in range(1, _RUNS + 1):
        made = files.replace(_new(folder, f"replacement{attempt}"), seed + attempt)
        if made is None:
            return not_rerun("no replacement was found with a clearly different prediction")
        say("running the stack again, with other rows and another network")
        run = _run(stack, roles, files, made, folder, attempt)
        last = replace(files.judge(run, made), seed=seed, runs=attempt)
        if last.outcome == FOLLOWS:
            chance *= last.chance
            if chance <= ACCIDENT:
                return replace(last, chance=chance)
            continue
        failures += 1
        if failures >= _FAILURES or not files.right:
            return last
    assert last is not None
    text = "the prediction has too few digits, or is among too many numbers, to rule out an accident"
    return last if last.counts_against else replace(last, outcome=FLOODED, text=text, counts_against=True)


def _is_mounted(name: str, sources: set[str]) -> bool:
    return any(
        source in (".", name) or name.startswith(source.rstrip("/") + "/") for source in sources if source
    )


def _run(
    stack: Stack, roles: Roles, files: RerunInputs, made: ReplacementFiles, folder: Path, attempt: int
) -> StackRun:
    """Run the stack once with replaced files."""
    pairs = ((files.rows, made.rows, made.has_rows), (files.model, made.model, made.has_model))
    new = {name: path for name, path, is_new in pairs if is_new}
    root = folder / f"replaced{attempt}"
    submission = submission_with_files(stack.submission, new, root, stack.engine.limits)
    images = {}
    for role, name in ((ACTIVATIONBASE, files.rows), (KNOWLEDGEBASE, files.model)):
        service = roles.service(role)
        if name in new and files.places.get(role):
            tag = f"rerun{attempt}-{role}"
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
    """Return a copy of a submission with replaced files; no link in it leads out of the copy.

    Args:
        submission: the submission.
        files: the new files, by the paths that they replace.
        root: the path of the copy; created here.
        limits: limits on the size of the copy.

    Raises:
        CannotCheck: One of the files is behind a link.
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
            raise CannotCheck(f"{name} cannot be replaced: {error.strerror}") from error
    return replace(submission, root=root)


def image_with_file(
    engine: EngineSession, image: str, new: Path, places: Sequence[str], folder: Path, tag: str
) -> str:
    """Build an image that is based on another one, with a replaced file.

    Args:
        engine: the engine session.
        image: the base image.
        new: the file.
        places: the paths of the file in the image.
        folder: an empty folder of the evaluation.
        tag: the tag of the new image.

    Returns:
        The name of the new image.

    Raises:
        CannotCheck: The build failed, or ONBUILD steps of the submission would be executed.
    """
    about = engine.image(image) or {}
    if (about.get("Config") or {}).get("OnBuild"):
        raise CannotCheck("the image has ONBUILD steps, which would be executed without limits")
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
    """Return which data containers delivered the replaced file or the old one, under any name.

    Args:
        made: the replacement.
        old: the old file of each data container.
        shared: the entries of the shared folder after the run.
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
    """Judge a run with replaced files.

    Args:
        made: the replacement.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
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
            text = f"with {what}, the old prediction is shown beside the new one: {old.shown}"
            return RerunResult(outcome, text, True)
        return RerunResult(outcome, _TEXTS[outcome].format(what=what, shown=old.shown), True)
    if new.equal:
        text = f"with {what}, the prediction changes as expected: {new.shown}{rest}"
        return RerunResult(FOLLOWS, text, False, chance=new.chance)
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
    text = f"with {what} of the same form, no matching prediction was found; codebase: {last[:160]}"
    return RerunResult(SILENT, text, True)


_TEXTS = {
    FIXED: "with {what}, the prediction is still the old one: {shown}",
    ROWS: "with {what}, the prediction follows the network but not the rows of container 1: {shown}",
    MODEL: "with {what}, the prediction follows the rows but not the network of container 2: {shown}",
}


def fresh_seed() -> int:
    """Return an unpredictable seed."""
    return random.SystemRandom().getrandbits(48)
