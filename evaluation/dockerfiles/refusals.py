"""Why a Dockerfile is not built, as far as its text tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.dockerfiles.stage_variables import with_variables, word_of
from evaluation.dockerfiles.stages import BuildRefused, images_of, last_stage, number_of, sources

_REMOTE = re.compile(r"(https?|ftp|git|ssh)://|git@", re.IGNORECASE)
# What Docker takes for the name of an image, with nothing in it that could mean more.
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")
# What the engine would take for the id of an image that happens to be there.
_ID = re.compile(r"(sha256:|@).*|[0-9a-f]{64}")


def refusals(dockerfile: Dockerfile, target: str, arguments: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Why a Dockerfile is not built at all, as far as its text tells: line and reason."""
    last = last_stage(dockerfile, target)
    if last is None:
        yield 1, f"there is no stage {target} to stop at"
        return
    for line, image in images_of(dockerfile, last):
        if "$" in image:
            yield (
                line,
                f"{image[:80]} is no fixed name: variables are put in in a FROM before the first stage only",
            )
        elif not _IMAGE.fullmatch(image):
            yield line, f"{image[:80]!r} is no name of an image"
        elif _ID.fullmatch(image):
            yield line, f"{image[:80]} is the id of an image of some machine; name an image and its tag"
    based_on = {number_of(dockerfile, stage.base, place) for place, stage in enumerate(dockerfile.stages)}
    for place, stage in enumerate(dockerfile.stages[: last + 1]):
        for one in stage.instructions:
            if one.keyword == "ONBUILD" and place in based_on:
                yield one.line, "ONBUILD is not carried out; write the instruction where it is to happen"
        try:
            yield from _remote(dockerfile, place, arguments)
        except BuildRefused as error:
            yield error.line, str(error)
            return


def _remote(dockerfile: Dockerfile, place: int, arguments: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    for one, values in with_variables(dockerfile, place, arguments):
        for word in sources(one) if one.keyword == "ADD" else []:
            plain = word_of(word, values, dockerfile.escape)
            if _REMOTE.match(plain):
                yield (
                    one.line,
                    f"ADD {plain[:200]} would be fetched by the engine itself, past every limit of the evaluation",
                )
