"""Run the stack with an idle codebase: the data containers deliver their files, and no prediction may appear.

A prediction that appears in a shared folder although codebase is idle was computed by another container. If a file
does not arrive while all other services that could copy it are idle, its data container does not deliver it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from evaluation.compose.mounts import is_inside
from evaluation.compose.roles import Roles
from evaluation.compose.safe_stack import SafeStack, dependencies_of
from evaluation.prediction.find_prediction import GIVEN, ObservedPrediction, find_prediction
from evaluation.prediction.labels import find_labels
from evaluation.prediction.replaced_stack import SubmissionFiles
from evaluation.prediction.replacement import Replacement, ReplacementFiles
from evaluation.sandbox.stack import Stack
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry

# Idle services end this many seconds after the time that the run with working services took.
_LONGER = 1.0
# Maximum size in bytes of a file in which another container could leave a prediction for codebase.
_SMALL = 64 * 1024


@dataclass(frozen=True)
class RunWithoutCodebase:
    """What a run with an idle codebase shows.

    Attributes:
        where: the file that shows the prediction; empty if there is none.
        shown: the part of the file that shows it.
        chance: the probability that the numbers in the file match by accident.
        arrived: the data containers whose replaced file arrived in the shared folder.
    """

    where: str
    shown: str
    chance: float
    arrived: tuple[str, ...]

    @property
    def text(self) -> str:
        """A message about the file that shows the prediction; empty if it does not appear."""
        if not self.where:
            return ""
        return f"{self.where} shows it although codebase does nothing: {self.shown}"


def services_mounting(stack: SafeStack, name: str) -> frozenset[str]:
    """Return the services that mount a folder with a file of the submission.

    Args:
        stack: the checked services.
        name: the path of the file.
    """
    return frozenset(
        service.name
        for service in stack.services.values()
        if any(mount.source == name or is_inside(name, mount.source) for mount in service.mounts)
    )


def inspect_run_without_codebase(
    replacement: Replacement, digests: Mapping[str, str], run: StackRun
) -> RunWithoutCodebase:
    """Look for the new prediction and the new files in the results of a run with an idle codebase.

    Args:
        replacement: the replacement.
        digests: the SHA-256 of the replaced file of each data container.
        run: the run with an idle codebase.
    """
    shared: dict[str, VolumeEntry] = dict(run.shared)
    for folder, entries in run.other.items():
        shared |= {f"{folder}/{name}": entry for name, entry in entries.items()}
    shared_digests = {entry.sha256 for entry in run.shared.values() if entry.kind == "file"}
    prediction = _search(replacement, shared)
    if not prediction.equal:
        prediction = _search(replacement, _as_tables(shared))
    arrived = tuple(role for role, digest in digests.items() if digest in shared_digests)
    if not prediction.equal:
        return RunWithoutCodebase("", "", 1.0, arrived)
    return RunWithoutCodebase(prediction.where, prediction.shown, prediction.chance, arrived)


def _search(replacement: Replacement, shared: Mapping[str, VolumeEntry]) -> ObservedPrediction:
    if replacement.labels:
        return find_labels(replacement.after, replacement.labels, shared, [], replacement.classes)
    return find_prediction(replacement.after, shared, [])


def _as_tables(shared: Mapping[str, VolumeEntry]) -> dict[str, VolumeEntry]:
    """Return the small text files of any name as tables, which need no keyword: codebase could print any of them."""
    tables = {}
    for name, entry in shared.items():
        if entry.kind == "file" and entry.size <= _SMALL and b"\0" not in entry.content:
            tables[name] = entry if name in GIVEN else replace(entry, name=f"{entry.name}.csv")
    return tables


class IdleServiceRuns:
    """Runs of a stack with some idle services; each run is carried out once.

    Args:
        stack: the stack, with replaced files.
        roles: which service is which container.
        files: the locations of the submission's rows and network.
        seconds: the duration of the run in which no service was idle.
        judge: returns what a run with idle services shows.
    """

    def __init__(
        self,
        stack: Stack,
        roles: Roles,
        files: SubmissionFiles,
        seconds: float,
        judge: Callable[[StackRun], RunWithoutCodebase],
    ) -> None:
        self.stack = stack
        self.roles = roles
        self.files = files
        self.seconds = seconds + _LONGER
        self.judge = judge
        self._seen: dict[frozenset[str], RunWithoutCodebase] = {}

    @property
    def _code(self) -> str:
        return self.roles.code

    def _see(self, idle: frozenset[str]) -> RunWithoutCodebase:
        if idle not in self._seen:
            self._seen[idle] = self.judge(self.stack.with_idle(idle, self.seconds).run())
        return self._seen[idle]

    @property
    def without_codebase(self) -> RunWithoutCodebase:
        """What the run shows in which only codebase is idle."""
        return self._see(frozenset({self._code}))

    def not_delivered(self, replacement: ReplacementFiles) -> tuple[str, ...]:
        """Return the data containers whose file does not arrive while the other services that mount it are idle.

        Args:
            replacement: the replacement; only replaced files are looked for.
        """
        services, missing = self.stack.stack.services, []
        for role in replacement.replaced:
            service = self.roles.service(role)
            required = {service, *dependencies_of(services, service)}
            idle = services_mounting(self.stack.stack, self.files.name(role)) - required
            if not idle or self._code in required:
                continue
            if role not in self._see(frozenset({self._code}) | idle).arrived:
                missing.append(role)
        return tuple(missing)
