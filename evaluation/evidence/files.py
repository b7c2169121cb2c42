"""The facts from the files of a submission."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from evaluation.compose.compose_file import ComposeFile, read_compose
from evaluation.compose.interpolation import read_env
from evaluation.compose.make_safe import make_safe
from evaluation.compose.roles import Roles, find_roles
from evaluation.compose.safe_stack import SafeStack
from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.dockerfiles.parser import read_dockerfile
from evaluation.evidence.facts import Facts, fact, fact_about
from evaluation.layout.layout import TASK06, Layout
from evaluation.layout.places import Places, find_places
from evaluation.prediction.expected import Expected, compute_expected_for, data_name, model_name
from evaluation.quotas import Limits
from evaluation.submission.submission import Submission
from pipeline.project import Service


def _compose_name(evidence: FileEvidence) -> str:
    return evidence.submission.compose_name or "docker-compose.yml"


def model_and_data(evidence: FileEvidence) -> str:
    """Return the names of the network and the rows of a submission, for a message."""
    names = (model_name(evidence.submission), data_name(evidence.submission))
    return " with ".join(name for name in names if name) or "the model"


class FileEvidence(Facts):
    """The facts that are read from the files of a submission.

    Args:
        submission: what is evaluated.
        limits: how much it may use.
        folder: a folder that only this evaluation uses.
        layout: what the rubric expects of a submission.
    """

    def __init__(self, submission: Submission, limits: Limits, folder: Path, layout: Layout = TASK06) -> None:
        super().__init__()
        self.layout = layout
        self.submission = submission
        self.limits = limits
        self.folder = folder

    @fact()
    def places(self) -> Places:
        """Find the containers of the rubric in the submission, by the names of its files."""
        return find_places(self.layout, self.submission.files)

    @fact(_compose_name)
    def compose(self) -> ComposeFile:
        """Read the compose file."""
        name = self.submission.compose_name
        if not name:
            mistake = "there is no docker-compose.yml"
            return ComposeFile("docker-compose.yml", {}, (mistake,), {})
        return read_compose(name, self.submission.bytes(name), read_env(self.submission.text(".env")))

    @fact(_compose_name, reads=("compose",))
    def safe_stack(self) -> SafeStack:
        """Return the part of the compose file that may be run."""
        return make_safe(self.compose, self.submission, self.limits)

    @fact(_compose_name, reads=("safe_stack",))
    def roles(self) -> Roles:
        """Find out which service is which of the three containers."""
        return find_roles(self.safe_stack)

    @fact_about(lambda self, role: f"{role.folder}/Dockerfile")
    def dockerfile(self, role: Service) -> Dockerfile:
        """Read the Dockerfile of a container."""
        return read_dockerfile(self.submission.text(f"{role.folder}/Dockerfile"))

    @property
    def missing_folders(self) -> list[str]:
        """The folders that a volume needs and that Compose does not create."""
        services = self.safe_stack.services.values()
        return sorted(
            {mount.source for service in services for mount in service.mounts if mount.kind == "missing"}
        )

    @fact(model_and_data)
    def why_not_expected(self) -> str:
        """Return why no prediction can be computed from the submission's files; empty where one can."""
        expected = self._computed
        return "" if expected.outputs else expected.why_not

    @fact(for_workers=False)
    def expected(self) -> Expected:
        """Compute the prediction from the submission's files with the safe runtime.

        Each process computes it for itself, but only after one worker has managed to: a network that takes too much
        ends that worker and no other.
        """
        if why_not := self.why_not_expected:
            return Expected(None, (), why_not)
        return self._computed

    @cached_property
    def _computed(self) -> Expected:
        return compute_expected_for(self.submission)
