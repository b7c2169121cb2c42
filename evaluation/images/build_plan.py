"""What is built out of a submission: its Dockerfile is read and written anew, in a copied context. Runs in a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation.compose.safe_stack import BuildRequest
from evaluation.dockerfiles.dockerfile import Dockerfile, Image
from evaluation.dockerfiles.parser import LONGEST, read_dockerfile
from evaluation.dockerfiles.refusals import refusals
from evaluation.dockerfiles.stages import BuildRefused, images_of, last_stage
from evaluation.errors import CannotCheck
from evaluation.images.build_context import ContextError, copied, swelling, write_dockerfile
from evaluation.images.canonical import rewrite
from evaluation.quotas import Limits
from evaluation.submission.safe_tree import Tree
from evaluation.submission.submission import Submission


@dataclass(frozen=True)
class BuildResult:
    """What came of a build.

    Attributes:
        image: what the image is called here; empty where there is none.
        ok: whether there is one.
        status: exit status of `docker build`; None where it was not started.
        reason: why there is none, in words.
        hint: what to do about it.
        output: what the build printed.
        seconds: how long it took.
        image_id: the image's content address.
        changes: what was rewritten for the classic builder.
    """

    image: str
    ok: bool
    status: int | None = None
    reason: str = ""
    hint: str = ""
    output: str = ""
    seconds: float = 0.0
    image_id: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildPlan:
    """What a build needs before its context is made.

    Attributes:
        refused: why nothing is built; None where it may be.
        images: the images that it takes something from.
    """

    refused: BuildResult | None
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class PreparedContext:
    """A context that is ready to be built.

    Attributes:
        refused: why it is not; None where it is.
        name: of the Dockerfile in it.
        runs: whether a step runs a program.
        changes: what was rewritten or left out, in words.
    """

    refused: BuildResult | None
    name: str = ""
    runs: bool = False
    changes: tuple[str, ...] = ()


class BuildPlanner:
    """Reads the Dockerfiles of a submission.

    Args:
        submission: whose.
        limits: how much a context may hold.
    """

    def __init__(self, submission: Submission, limits: Limits) -> None:
        self.submission = submission
        self.limits = limits

    def plan(self, wanted: BuildRequest) -> BuildPlan:
        """Looks at a Dockerfile before anything is made of it."""
        if wrong := unbuildable(self.submission, wanted):
            return BuildPlan(wrong)
        dockerfile = self._read(wanted)
        last = last_stage(dockerfile, wanted.target)
        assert last is not None
        return BuildPlan(None, tuple(Image(name, line) for line, name in images_of(dockerfile, last)))

    def prepare(
        self, wanted: BuildRequest, folder: Path, variables: Mapping[str, Mapping[str, str]]
    ) -> PreparedContext:
        """Copies a context and writes the Dockerfile that is built.

        Args:
            wanted: what is built; its plan was not refused.
            folder: where the context goes; made here.
            variables: what each image sets.

        Raises:
            CannotCheck: it needs what only BuildKit knows.
        """
        dockerfile = self._read(wanted)
        context, left_out = copied(self.submission.path(wanted.context).resolve(), folder, self.limits)
        try:
            return self._written(wanted, dockerfile, context, left_out, variables)
        except BuildRefused as error:
            return PreparedContext(
                refused_at(f"{wanted.context}/{wanted.dockerfile}", error.line, str(error))
            )
        except ContextError as error:
            return PreparedContext(
                BuildResult("", False, reason=f"{wanted.context}: {error}", hint="Leave it out.")
            )

    def _written(
        self,
        wanted: BuildRequest,
        dockerfile: Dockerfile,
        context: Tree,
        left_out: list[str],
        variables: Mapping[str, Mapping[str, str]],
    ) -> PreparedContext:
        adds = any(one.keyword == "ADD" for one in dockerfile.instructions)
        if adds and (why := swelling(context, self.limits)):
            raise ContextError(f"{why}; ADD would unpack it past every limit of the evaluation")
        rewritten = rewrite(
            dockerfile,
            context,
            target=wanted.target,
            arguments=dict(wanted.arguments),
            variables_of=lambda image: variables.get(image, {}),
        )
        if rewritten.needs_buildkit:
            raise CannotCheck(
                f"{wanted.context}/{wanted.dockerfile} uses what only BuildKit knows "
                f"({'; '.join(rewritten.needs_buildkit)}), where network and memory of a build cannot be limited",
                hint="Write it without, or build it by hand.",
            )
        runs = any(one.keyword == "RUN" for stage in dockerfile.stages for one in stage.instructions)
        return PreparedContext(
            None, write_dockerfile(context, rewritten), runs, (*rewritten.changes, *left_out)
        )

    def _read(self, wanted: BuildRequest) -> Dockerfile:
        text = self.submission.text(f"{wanted.context}/{wanted.dockerfile}")
        return read_dockerfile(text, dict(wanted.arguments))


def unbuildable(submission: Submission, wanted: BuildRequest) -> BuildResult | None:
    """Why something is not built at all, as far as its files tell; None where it may be."""
    path = f"{wanted.context}/{wanted.dockerfile}"
    if not submission.has(path):
        return BuildResult("", False, reason=f"there is no {path}", hint=f"Write {path}.")
    arguments = dict(wanted.arguments)
    if any("\0" in name + value or len(name + value) > LONGEST for name, value in wanted.arguments):
        return BuildResult(
            "", False, reason=f"the build arguments of {path} are too long, or hold a NUL character"
        )
    dockerfile = read_dockerfile(submission.text(path), arguments)
    if dockerfile.mistakes:
        line, text = dockerfile.mistakes[0]
        return refused_at(path, line, text, "Docker cannot read this Dockerfile.")
    for line, text in refusals(dockerfile, wanted.target, arguments):
        hint = "Put the file into the folder and COPY it." if text.startswith("ADD ") else ""
        return refused_at(path, line, text, hint)
    return None


def refused_at(path: str, line: int, reason: str, hint: str = "") -> BuildResult:
    """A build that is refused for a line of its Dockerfile."""
    return BuildResult("", False, reason=f"{path} line {line}: {reason}", hint=hint)
