"""Choose the build context of a container: its own folder, or the folder above that its Dockerfile is written for.

Many repositories build all their images from the top: ``docker build -f images/codeBase/Dockerfile .``. Their COPY
lines contain paths such as ``images/codeBase/apply.py``, which a build in the Dockerfile's folder does not find.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator

from evaluation.compose.safe_stack import BuildRequest
from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.dockerfiles.stages import copy_source_of, sources
from evaluation.dockerfiles.words import HEREDOC
from evaluation.layout.places import TOP, Place, join
from evaluation.submission.submission import Submission

# Maximum number of sources to look for.
_MOST_SOURCES = 100


def request_of(submission: Submission, place: Place, dockerfile: Dockerfile) -> BuildRequest:
    """Return how the image of a container is built.

    Args:
        submission: the submission.
        place: the container.
        dockerfile: its Dockerfile.

    Returns:
        A build in the folder of the container, or in a folder above it in which more of the copied files are found.
    """
    copied = list(_copied(dockerfile))[:_MOST_SOURCES]

    def found(folder: str) -> int:
        return sum(_is_found(submission, folder, source) for source in copied)

    folders = [place.folder]
    if found(place.folder) < len(copied):
        folders += _folders_above(place.folder)
    context = max(folders, key=found)  # the nearest of several
    if context == place.folder:
        return BuildRequest(context, place.dockerfile)
    inner = place.folder if context == TOP else posixpath.relpath(place.folder, context)
    return BuildRequest(context, f"{inner}/{place.dockerfile}")


def build_command(request: BuildRequest, image: str) -> str:
    """Return the command that builds an image as the evaluation does, for a report.

    Args:
        request: what is built.
        image: the name of the image.
    """
    option = "" if request.dockerfile.lower() == "dockerfile" else f" -f {request.dockerfile}"
    build = f"docker build -t {image}{option} ."
    return build if request.context == TOP else f"cd {request.context} && {build}"


def copied_files(submission: Submission, context: str, dockerfile: Dockerfile) -> list[str]:
    """Return the paths of the submission's files that an image copies from its context.

    Args:
        submission: the submission.
        context: the folder in which it is built.
        dockerfile: its Dockerfile.
    """
    wanted = [join(context, source) for source in list(_copied(dockerfile))[:_MOST_SOURCES] if source]
    return [name for name in submission.files if any(_is_below(name, path) for path in wanted)]


def _is_below(name: str, pattern: str) -> bool:
    """Return whether a file matches a source of a COPY, or is in a folder that matches it."""
    depth = pattern.count("/") + 1
    return fnmatch.fnmatchcase("/".join(name.split("/")[:depth]), pattern)


def files_in(submission: Submission, folder: str) -> list[str]:
    """Return the paths of the files in a folder of a submission, relative to it.

    Args:
        submission: the submission.
        folder: the folder; ``.`` for all files.
    """
    if folder == TOP:
        return list(submission.files)
    return [name[len(folder) + 1 :] for name in submission.files if name.startswith(f"{folder}/")]


def _copied(dockerfile: Dockerfile) -> Iterator[str]:
    """Yield the paths that a Dockerfile copies from its context, as BuildKit resolves them."""
    for instruction in dockerfile.instructions:
        if instruction.keyword not in ("COPY", "ADD") or copy_source_of(instruction):
            continue
        for source in sources(instruction):
            # Sources from a variable, a heredoc or a URL do not identify the folder.
            if "$" not in source and "://" not in source and not HEREDOC.fullmatch(source):
                yield posixpath.normpath(f"/{source}").lstrip("/")


def _is_found(submission: Submission, folder: str, source: str) -> bool:
    """Return whether a path or a pattern of a COPY names something in a folder of the submission."""
    wanted = join(folder, source) if source else folder
    if wanted == TOP:
        return True
    depth = wanted.count("/") + 1
    names = {"/".join(name.split("/")[:depth]) for name in submission.files if name.count("/") + 1 >= depth}
    return wanted in names or any(fnmatch.fnmatchcase(name, wanted) for name in names)


def _folders_above(folder: str) -> Iterator[str]:
    while folder not in (TOP, ""):
        folder = posixpath.dirname(folder) or TOP
        yield folder
