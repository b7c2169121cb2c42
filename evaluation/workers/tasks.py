"""What workers can be told to do: a table of names, each with a function of our own. Runs in a worker."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.errors import NoSubmission
from evaluation.processes.messages import decode, encode, hints_of
from evaluation.quotas import Limits
from evaluation.submission.intake import SubmissionSource, copy_source
from evaluation.submission.submission import Submission
from pipeline.submission_archive import Contents

if TYPE_CHECKING:  # each task imports what it needs: a worker that unpacks a zip file loads no NumPy
    from evaluation.evidence.remote import Ask, RemoteLab
else:
    Ask = RemoteLab = Any


class Bench:
    """A worker's place: it finds the task, reads its arguments and writes what it comes to.

    Args:
        context: what every worker of an evaluation is told; empty where there is no submission yet.
        ask: asks the evaluation for something.
    """

    def __init__(self, context: Mapping[str, Any], ask: Ask) -> None:
        self._context = context
        self._ask = ask
        self._lab: RemoteLab | None = None

    def carry_out(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Does one task."""
        if name in LAB_TASKS:
            return encode(_called(LAB_TASKS[name], {"lab": self.lab()}, arguments))
        return encode(_called(TASKS[name], {}, arguments))

    def lab(self) -> RemoteLab:
        """The laboratory of the submission; made when it is needed first."""
        if self._lab is None:
            from evaluation.evidence.remote import RemoteLab

            known = self._context
            self._lab = RemoteLab(
                decode(Submission, known["submission"]), decode(Limits, known["limits"]),
                decode(Path, known["folder"]), self._ask, gated=decode(bool, known["gated"]),
            )  # fmt: skip
        return self._lab


def _called(
    function: Callable[..., object], given: dict[str, object], arguments: Mapping[str, Any]
) -> object:
    kinds = {name: kind for name, kind in hints_of(function).items() if name not in ("lab", "return")}
    return function(**given, **{name: decode(kind, arguments[name]) for name, kind in kinds.items()})


# --- before there is a submission


@dataclass(frozen=True)
class Taken:
    """A submission that was taken in, with what the report says of it.

    Attributes:
        submission: the copy.
        files: the names of its files, sorted.
        size: their bytes.
        sha256: of names and contents.
        compose_name: its compose file.
    """

    submission: Submission
    files: tuple[str, ...]
    size: int
    sha256: str
    compose_name: str


def take_in(found: SubmissionSource, place: Path, limits: Limits) -> Taken:
    """Copies a folder, or unpacks a zip file, and looks at what there is."""
    submission = copy_source(found, place, limits)
    return Taken(
        submission,
        submission.files,
        submission.size,
        submission.sha256,
        submission.compose_name,
    )


def key_of(source: Path, limits: Limits) -> str:
    """Stands for the names and contents of a folder, or for a file."""
    from evaluation.submission.copying import LEFT_OUT

    whole, read = hashlib.sha256(), 0
    for count, path in enumerate(_regular(source, LEFT_OUT)):
        name = "" if path == source else path.relative_to(source).as_posix()
        read += path.stat().st_size
        if count > limits.files or read > limits.total_size:
            raise NoSubmission(
                f"{source} is larger than a submission may be: "
                f"{limits.files:,} files and {limits.total_size // 1024**2} MB"
            )
        whole.update(name.encode("utf-8", "surrogateescape") + b"\0" + _digest(path))
    return whole.hexdigest()


def _regular(source: Path, left_out: frozenset[str]) -> Any:
    if not source.is_dir():
        yield source
        return
    for place, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(names):
            path = Path(place) / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _digest(path: Path) -> bytes:
    """Opened without waiting: a pipe that took the file's place has nothing to say."""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NoSubmission(f"{path} is no file")
        return hashlib.file_digest(file, "sha256").digest()


@dataclass(frozen=True)
class Checklist:
    """An unpacked archive beside the checklist of a submission.

    Attributes:
        contents: what would go in.
        stale: results that are not those of the files handed in.
    """

    contents: Contents
    stale: tuple[str, ...]


def checklist(root: Path) -> Checklist:
    """Goes through the checklist with an archive of somebody else."""
    from pipeline import submission_archive
    from pipeline.project import Layout
    from pipeline.stages.freshness import stale_results

    return Checklist(submission_archive.contents_of(root), stale_results(Layout(root)))


def read_volume(packed: Path, kept: Path, most: int) -> Any:
    """What lies on a volume."""
    from evaluation.sandbox import volume_archive

    return volume_archive.read_volume(packed, kept, most)


def search(packed: Path, wanted: Path, also: str) -> tuple[str, ...]:
    """Where the archive of an image holds a file."""
    from evaluation.images import image_archive

    return image_archive.search(packed, wanted, also)


def why_not_interpreter(packed: Path) -> str:
    """Why the file in an archive is no interpreter."""
    from evaluation.images import image_archive

    return image_archive.why_not_interpreter(packed)


# --- of a submission: the laboratory's own methods, where it would otherwise ask for what they come to


def compose(lab: RemoteLab) -> Any:
    """The compose file, as data."""
    from evaluation.evidence.evidence import Lab

    return Lab.compose(lab)


def safe(lab: RemoteLab) -> Any:
    """The compose file, as it can be run."""
    from evaluation.compose.safe_stack import make_safe

    return make_safe(lab.compose(), lab.submission, lab.limits)


def roles(lab: RemoteLab) -> Any:
    """Which service is which container."""
    from evaluation.compose.roles import find_roles

    return find_roles(lab.safe())


def dockerfile(lab: RemoteLab, role: dict[str, Any]) -> Any:
    """A Dockerfile, as data."""
    from evaluation.dockerfiles.parser import read_dockerfile

    return read_dockerfile(lab.submission.text(f"{role['folder']}/Dockerfile"))


def plan_build(lab: RemoteLab, wanted: dict[str, Any]) -> Any:
    """Reads the Dockerfile of a build: whether it may be built, and from which images."""
    from evaluation.compose.safe_stack import BuildRequest
    from evaluation.images.build_plan import BuildPlanner

    return BuildPlanner(lab.submission, lab.limits).plan(decode(BuildRequest, wanted))


def prepare_context(
    lab: RemoteLab, wanted: dict[str, Any], folder: Path, variables: dict[str, dict[str, str]]
) -> Any:
    """Copies the context of a build and writes the Dockerfile that is built."""
    from evaluation.compose.safe_stack import BuildRequest
    from evaluation.images.build_plan import BuildPlanner

    return BuildPlanner(lab.submission, lab.limits).prepare(decode(BuildRequest, wanted), folder, variables)


def why_not_expected(lab: RemoteLab) -> str:
    """Computes the prediction, so that whoever needs it knows whether it can be computed."""
    from evaluation.prediction.expected import expect_of

    expected = expect_of(lab.submission)
    return "" if expected.outputs else expected.why_not


def seen(lab: RemoteLab, number: int) -> Any:
    """What a run shows of the prediction."""
    from evaluation.evidence.evidence import Lab

    return Lab.seen(lab, lab.known_run(number))


def exchanged(lab: RemoteLab, folder: Path, seed: int) -> Any:
    """Other rows and another network, in files of the evaluation; nothing where there are none."""
    made = lab.exchanged(folder, seed)
    return [] if made is None else [made]


def judged(lab: RemoteLab, number: int, made: dict[str, Any]) -> Any:
    """What a run with exchanged files shows."""
    from evaluation.prediction.replacement import ReplacementFiles

    return lab.judged(lab.known_run(number), decode(ReplacementFiles, made))


def verdict(lab: RemoteLab, check: str, parameters: dict[str, Any]) -> Any:
    """What one check says."""
    from evaluation.checks import CHECKS

    return CHECKS[check].function(lab, parameters)


def sightings(lab: RemoteLab, number: int, most: int) -> Any:
    """Where the submission steps into a trap."""
    from evaluation.traps import DETECTORS

    return lab.sightings(number, DETECTORS[number][1], most)


_SIMPLE = (take_in, key_of, checklist, read_volume, search, why_not_interpreter)
_OF_A_LAB = (
    *(compose, safe, roles, dockerfile, plan_build, prepare_context, why_not_expected),
    *(seen, exchanged, judged, verdict, sightings),
)
TASKS: Mapping[str, Callable[..., object]] = {task.__name__: task for task in _SIMPLE}
LAB_TASKS: Mapping[str, Callable[..., object]] = {task.__name__: task for task in _OF_A_LAB}
