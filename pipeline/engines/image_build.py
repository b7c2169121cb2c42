"""Build images with the docker command, and list those that a checkout has built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from common import process
from common.console import strip_escapes
from common.errors import BuildFailed, TimedOut
from pipeline.engines.image_names import indented

_TIMEOUT = 1800.0


def build_image(
    options: Sequence[str],
    context: Path,
    *,
    project: str,
    name: str,
    hint: str,
    on_line: Callable[[str], None],
) -> float:
    """Build an image, and return how long it took in seconds.

    Args:
        options: the options of `docker build`, including the tags.
        context: the folder of the Dockerfile.
        project: the project name of the checkout, which becomes a label.
        name: the name of the image in messages.
        hint: advice if the image cannot be built.
        on_line: called with each line of the output.

    Raises:
        BuildFailed: the image cannot be built, or not in time.
    """
    command = ["docker", "build", *options, "--label", _label(project), "."]
    try:
        built = process.run(command, cwd=context, timeout=_TIMEOUT, on_line=on_line)
    except TimedOut as error:
        raise BuildFailed(f"{name} was not built within {_TIMEOUT:.0f} s") from error
    if not built.ok:
        raise BuildFailed(
            f"{name} could not be built (docker build exited with status {built.status}). Its last lines:\n"
            + indented(strip_escapes(built.last_lines())),
            hint=hint,
        )
    return built.seconds


def images_of(project: str, repository: str) -> list[str]:
    """Return the images of a repository that a checkout has built, as ``name:tag``.

    Args:
        project: the project name of the checkout.
        repository: the name of the images without a tag.
    """
    filters = ["--filter", f"label={_label(project)}", "--format", "{{.Repository}}:{{.Tag}}"]
    return process.capture(["docker", "image", "ls", *filters, repository]).output.split()


def all_images_of(project: str) -> list[str]:
    """Return the images that a checkout has built, as ``name:tag``, or as image IDs if they have no tag.

    Args:
        project: the project name of the checkout.
    """
    form = "{{.Repository}}:{{.Tag}} {{.ID}}"
    listed = process.capture(
        ["docker", "image", "ls", "--filter", f"label={_label(project)}", "--format", form], timeout=20
    )
    lines = [line.split() for line in listed.output.splitlines()] if listed.ok else []
    return [identity if "<none>" in name else name for name, identity in lines]


def _label(project: str) -> str:
    return f"app07.checkout={project}"
