"""Why a Dockerfile is not built, as far as its content shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.dockerfiles.stage_variables import expand_word, instructions_with_variables
from evaluation.dockerfiles.stages import BuildRefused, external_images, sources, stage_index, target_stage

_REMOTE = re.compile(r"(https?|ftp|git|ssh)://|git@", re.IGNORECASE)
# An image name in Docker's syntax.
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")
# The engine would interpret these as the id of a local image.
_ID = re.compile(r"(sha256:|@).*|[0-9a-f]{64}")


def refusals(dockerfile: Dockerfile, target: str, arguments: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield why a Dockerfile is not built, as pairs of line and reason.

    Args:
        dockerfile: the file.
        target: the target stage; empty for the last one.
        arguments: build arguments.
    """
    last = target_stage(dockerfile, target)
    if last is None:
        yield 1, f"there is no target stage {target}"
        return
    for line, image in external_images(dockerfile, last):
        if "$" in image:
            yield (
                line,
                f"{image[:80]} is not a fixed name: in FROM, only variables before the first stage are expanded",
            )
        elif not _IMAGE.fullmatch(image):
            yield line, f"{image[:80]!r} is not a valid image name"
        elif _ID.fullmatch(image):
            yield line, f"{image[:80]} is an image id; use an image name with a tag"
    bases = {stage_index(dockerfile, stage.base, index) for index, stage in enumerate(dockerfile.stages)}
    for index, stage in enumerate(dockerfile.stages[: last + 1]):
        for instruction in stage.instructions:
            if instruction.keyword == "ONBUILD" and index in bases:
                yield (
                    instruction.line,
                    "ONBUILD is not supported; write the instruction in the stage that needs it",
                )
        try:
            yield from _remote(dockerfile, index, arguments)
        except BuildRefused as error:
            yield error.line, str(error)
            return


def _remote(dockerfile: Dockerfile, index: int, arguments: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    for instruction, values in instructions_with_variables(dockerfile, index, arguments):
        for word in sources(instruction) if instruction.keyword == "ADD" else []:
            plain = expand_word(word, values, dockerfile.escape)
            if _REMOTE.match(plain):
                yield (
                    instruction.line,
                    f"ADD {plain[:200]} would be downloaded by the engine itself, outside the limits of the evaluation",
                )
