"""The facts from the files of a submission."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from common.errors import PipelineError
from evaluation.compose.compose_file import ComposeFile, read_compose
from evaluation.compose.interpolation import SHELL_VARIABLES, read_env
from evaluation.compose.make_safe import make_safe
from evaluation.compose.roles import Roles, find_roles
from evaluation.compose.safe_stack import BuildRequest, SafeStack
from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.dockerfiles.parser import read_dockerfile
from evaluation.evidence.facts import Facts, fact, fact_about
from evaluation.evidence.fingerprints import discussion_of, fingerprints_of
from evaluation.images.context_folder import copied_files, request_of
from evaluation.layout.build_contexts import with_build_contexts
from evaluation.layout.expected_layout import TASK06, Layout
from evaluation.layout.named_files import command_of, with_named_file
from evaluation.layout.places import Place, Places, find_places, with_file
from evaluation.layout.role_dockerfiles import with_role_dockerfiles
from evaluation.layout.same_pattern import is_ambiguous, with_named_images
from evaluation.prediction.expected import Expected, compute_expected_for
from evaluation.quotas import Limits
from evaluation.similarity.fingerprint import Fingerprint
from evaluation.submission.submission import Submission


def _compose_name(evidence: FileEvidence) -> str:
    return evidence.named_places.compose_file or evidence.layout.compose_name


def model_and_data(evidence: FileEvidence) -> str:
    """Return the names of the network and the rows of a submission, for a message."""
    names = (evidence.places.model, evidence.places.rows)
    return " with ".join(name for name in names if name) or "the model"


def _other_compose_files(submission: Submission) -> str:
    """Return the end of a message, which lists the YAML files that are not the compose file."""
    others = [name for name in submission.files if name.lower().endswith((".yml", ".yaml"))]
    return f"; there is: {', '.join(others[:4])}" if others else ""


class FileEvidence(Facts):
    """The facts that are read from the files of a submission.

    Args:
        submission: the submission to evaluate.
        limits: the resource limits of the submission.
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
    def named_places(self) -> Places:
        """Find the containers of the rubric in the submission, by the names of its files."""
        return find_places(self.layout, self.submission.files)

    @fact()
    def places(self) -> Places:
        """Find the containers of the rubric, by the names of the files and by what is built from them."""
        found = with_role_dockerfiles(self._built_places(), self.layout, self.submission.files)
        pairs = zip(self.layout.containers, found.containers, strict=True)
        containers = (
            place if place.file or not place.exists else with_file(place, expected, self.copied_files(place))
            for expected, place in pairs
        )
        return self._with_used_files(replace(found, containers=tuple(containers)))

    @fact_about(lambda self, role: role.dockerfile_path)
    def copied_files(self, role: Place) -> tuple[str, ...]:
        """Find the files of the submission that the image of a container copies."""
        return tuple(copied_files(self.submission, self.build_request(role).context, self.dockerfile(role)))

    def _with_used_files(self, found: Places) -> Places:
        """Return the places with the files that the program or its command mentions, if several match."""
        files, code = self.submission.files, found.codebase
        try:
            command = command_of(code, self.compose.services) if found.compose_file else ""
        except PipelineError:  # reported by the checks of the compose file
            command = ""
        if not command and code.exists:
            layers = self.dockerfile(code).own_layers
            command = " ".join(one.text for one in layers if one.keyword in ("CMD", "ENTRYPOINT"))
        by_role = {expected.role: expected for expected in self.layout.containers}
        code = with_named_file(code, by_role[code.name], files, [command])
        texts = [command, self.submission.text(code.file) if code.file else ""]
        return replace(
            found,
            containers=tuple(
                code if place.name == code.name else with_named_file(place, by_role[place.name], files, texts)
                for place in found.containers
            ),
        )

    def _built_places(self) -> Places:
        found, files = self.named_places, self.submission.files
        ambiguous = is_ambiguous(found, self.layout, files)
        if not found.compose_file or (all(place.exists for place in found.containers) and not ambiguous):
            return found
        try:
            services = self.compose.services
        except PipelineError:  # reported by the checks of the compose file
            return found
        found = with_build_contexts(found, self.layout, files, services)
        return with_named_images(found, self.layout, files, services) if ambiguous else found

    @fact(_compose_name)
    def compose(self) -> ComposeFile:
        """Read the compose file."""
        name = self.named_places.compose_file
        if not name:
            expected = self.layout.compose_name
            return ComposeFile(
                expected, {}, (f"there is no {expected}{_other_compose_files(self.submission)}",), {}
            )
        variables = read_env(self.submission.text(posixpath.join(posixpath.dirname(name), ".env")))
        return read_compose(name, self.submission.bytes(name), variables | SHELL_VARIABLES)

    @fact(_compose_name, reads=("compose",))
    def safe_stack(self) -> SafeStack:
        """Return the part of the compose file that may be run."""
        return make_safe(self.compose, self.submission, self.limits)

    @fact(_compose_name, reads=("safe_stack",))
    def roles(self) -> Roles:
        """Find out which service is which container of the rubric."""
        return find_roles(self.safe_stack, self.places, self.layout.shared_folders)

    @fact(lambda evidence: "model and program")
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """Compute the fingerprints by which the models and programs of a class are compared."""
        return fingerprints_of(self.submission, self.places)

    @fact(lambda evidence: "the discussion")
    def discussion_fingerprint(self) -> tuple[Fingerprint, ...]:
        """Compute the fingerprint by which discussions are compared; separately, because their formats cost more."""
        return discussion_of(self.submission)

    @fact_about(lambda self, role: role.dockerfile_path)
    def dockerfile(self, role: Place) -> Dockerfile:
        """Read the Dockerfile of a container."""
        return read_dockerfile(self.submission.text(role.dockerfile_path))

    @fact_about(lambda self, role: role.dockerfile_path)
    def build_request(self, role: Place) -> BuildRequest:
        """Choose the folder in which the image of a container is built."""
        return request_of(self.submission, role, self.dockerfile(role))

    @property
    def missing_folders(self) -> list[str]:
        """The folders that a volume needs and that Compose does not create."""
        services = self.safe_stack.services.values()
        return sorted(
            {mount.source for service in services for mount in service.mounts if mount.kind == "missing"}
        )

    @fact(model_and_data)
    def why_not_expected(self) -> str:
        """Return why no prediction can be computed from the submission's files; empty if one can."""
        expected = self._computed
        return "" if expected.outputs else expected.why_not

    @fact(for_workers=False)
    def expected(self) -> Expected:
        """Compute the prediction from the submission's files with the safe runtime.

        Each process computes it for itself, but only after one worker has succeeded: a network that exceeds the limits
        ends only that worker.
        """
        if why_not := self.why_not_expected:
            return Expected(None, (), why_not)
        return self._computed

    @cached_property
    def _computed(self) -> Expected:
        return compute_expected_for(self.submission, self.places)
