"""Prepare a build: parse the Dockerfile, copy the context, write the Dockerfile that is built. Runs in a worker."""

from __future__ import annotations

import codecs
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation.compose.safe_stack import BuildRequest
from evaluation.dockerfiles.dockerfile import Dockerfile, Image
from evaluation.dockerfiles.parser import LONGEST, read_dockerfile
from evaluation.dockerfiles.refusals import refusals
from evaluation.dockerfiles.stages import BuildRefused, external_images, target_stage
from evaluation.errors import CannotCheck
from evaluation.images.build_context import (
    ContextError,
    copy_context,
    find_oversized_archive,
    write_dockerfile,
)
from evaluation.images.canonical import rewrite
from evaluation.quotas import Limits
from evaluation.submission.safe_tree import Tree
from evaluation.submission.submission import Submission


@dataclass(frozen=True)
class BuildResult:
    """The result of a build.

    Attributes:
        image: the local name of the image; empty if there is none.
        ok: whether the image was built.
        status: exit status of `docker build`; None if it was not started.
        reason: why there is no image.
        hint: what to do about it.
        output: the output of the build.
        seconds: its duration.
        image_id: the id of the image.
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
    """The properties of a build that are known before its context is copied.

    Attributes:
        refused: the result if it is not built; None if it can be built.
        images: the images that it refers to.
    """

    refused: BuildResult | None
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class PreparedContext:
    """A build context that is ready to be built.

    Attributes:
        refused: the result if it is not built; None if it can be built.
        name: the name of the Dockerfile in it.
        runs: whether a step runs a program.
        changes: messages about what was rewritten or left out.
    """

    refused: BuildResult | None
    name: str = ""
    runs: bool = False
    changes: tuple[str, ...] = ()


class BuildPlanner:
    """Prepares the builds of a submission.

    Args:
        submission: the submission.
        limits: limits on the size of a build context.
    """

    def __init__(self, submission: Submission, limits: Limits) -> None:
        self.submission = submission
        self.limits = limits

    def plan(self, request: BuildRequest) -> BuildPlan:
        """Check a Dockerfile before its context is copied."""
        if refusal := unbuildable(self.submission, request):
            return BuildPlan(refusal)
        dockerfile = self._read(request)
        last = target_stage(dockerfile, request.target)
        assert last is not None
        return BuildPlan(None, tuple(Image(name, line) for line, name in external_images(dockerfile, last)))

    def prepare(
        self, request: BuildRequest, folder: Path, variables: Mapping[str, Mapping[str, str]]
    ) -> PreparedContext:
        """Copy the build context, and write the Dockerfile that is built.

        Args:
            request: what is built; its plan was not refused.
            folder: the path of the context, which is created.
            variables: the environment variables of each image.

        Raises:
            CannotCheck: the build needs features that only BuildKit has.
        """
        dockerfile = self._read(request)
        context, left_out = copy_context(self.submission.path(request.context).resolve(), folder, self.limits)
        try:
            return self._written(request, dockerfile, context, left_out, variables)
        except BuildRefused as error:
            return PreparedContext(refused_build(request.path, error.line, str(error)))
        except ContextError as error:
            return PreparedContext(
                BuildResult("", False, reason=f"{request.context}: {error}", hint="Remove it.")
            )

    def _written(
        self,
        request: BuildRequest,
        dockerfile: Dockerfile,
        context: Tree,
        left_out: list[str],
        variables: Mapping[str, Mapping[str, str]],
    ) -> PreparedContext:
        adds = any(instruction.keyword == "ADD" for instruction in dockerfile.instructions)
        if adds and (why := find_oversized_archive(context, self.limits)):
            raise ContextError(f"{why}; ADD would unpack it outside the limits of the evaluation")
        rewritten = rewrite(
            dockerfile,
            context,
            target=request.target,
            arguments=dict(request.arguments),
            variables_of=lambda image: variables.get(image, {}),
        )
        if rewritten.needs_buildkit:
            raise CannotCheck(
                f"{request.path} uses features that only BuildKit has "
                f"({'; '.join(rewritten.needs_buildkit)}); its builds cannot be limited in network and memory",
                hint="Write it without them, or build it by hand.",
            )
        runs = any(
            instruction.keyword == "RUN" for stage in dockerfile.stages for instruction in stage.instructions
        )
        return PreparedContext(
            None, write_dockerfile(context, rewritten), runs, (*rewritten.changes, *left_out)
        )

    def _read(self, request: BuildRequest) -> Dockerfile:
        text = self.submission.text(request.path)
        return read_dockerfile(text, dict(request.arguments))


def unbuildable(submission: Submission, request: BuildRequest) -> BuildResult | None:
    """Return the result of a build that is refused because of its files; None if it can be built.

    Args:
        submission: the submission.
        request: what is built.
    """
    path = request.path
    if not submission.has(path):
        hint = missing_dockerfile_hint(submission, request.context, request.dockerfile)
        return BuildResult("", False, reason=f"{path} was not found", hint=hint)
    if submission.bytes(path)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return refused_build(path, 1, "Docker reads UTF-8, and the file is UTF-16", "Save it as UTF-8.")
    arguments = dict(request.arguments)
    if any("\0" in name + value or len(name + value) > LONGEST for name, value in request.arguments):
        return BuildResult(
            "", False, reason=f"the build arguments of {path} are too long, or contain a NUL character"
        )
    dockerfile = read_dockerfile(submission.text(path), arguments)
    if dockerfile.mistakes:
        line, text = dockerfile.mistakes[0]
        return refused_build(path, line, text, "Docker cannot parse this Dockerfile.")
    for line, text in refusals(dockerfile, request.target, arguments):
        hint = "Put the file into the folder and COPY it." if text.startswith("ADD ") else ""
        return refused_build(path, line, text, hint)
    return None


def missing_dockerfile_hint(submission: Submission, context: str, dockerfile: str) -> str:
    """Return advice for a missing Dockerfile: a file with a similar name may be one.

    Args:
        submission: the submission.
        context: the folder of the build.
        dockerfile: the name of the Dockerfile.
    """
    path = posixpath.join(context, dockerfile)
    names = (name for name in submission.files if posixpath.dirname(name) == context.rstrip("/"))
    similar = [name for name in names if posixpath.basename(name).lower().startswith("dockerfile")]
    if not similar:
        return f"Write {path.replace('*', '')}."  # of a pattern, the shortest name
    return (
        f"Rename {similar[0]} to {dockerfile}, without an extension: by default, `docker build` looks only for that "
        f"name."
    )


def refused_build(path: str, line: int, reason: str, hint: str = "") -> BuildResult:
    """Return the result of a build that is refused because of a line of its Dockerfile.

    Args:
        path: the path of the Dockerfile.
        line: the line.
        reason: why it is refused.
        hint: what to do about it.
    """
    return BuildResult("", False, reason=f"{path} line {line}: {reason}", hint=hint)
