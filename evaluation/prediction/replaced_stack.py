"""A stack with replaced rows and a replaced network, in separate images and folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from common.project import ACTIVATIONBASE, KNOWLEDGEBASE
from evaluation.compose.roles import Roles
from evaluation.engine.session import EngineSession
from evaluation.errors import MissingPrerequisite
from evaluation.prediction.replacement import ReplacementFiles
from evaluation.quotas import Limits
from evaluation.sandbox.stack import Stack
from evaluation.submission.copying import CHUNK, Copy
from evaluation.submission.submission import Submission


@dataclass(frozen=True)
class SubmissionFiles:
    """The locations of the rows and the network of a submission.

    Attributes:
        rows: the path of the rows in the submission.
        model: the path of the network.
        image_paths: for each data container, the paths of its file in its image.
    """

    rows: str
    model: str
    image_paths: Mapping[str, Sequence[str]]

    def name(self, role: str) -> str:
        """Return the path of a data container's file in the submission."""
        return {ACTIVATIONBASE: self.rows, KNOWLEDGEBASE: self.model}[role]


@contextmanager
def replaced_stack(
    stack: Stack,
    roles: Roles,
    files: SubmissionFiles,
    replacement: ReplacementFiles,
    folder: Path,
    attempt: int,
) -> Iterator[Stack]:
    """Provide a stack with replaced files, as a context manager.

    The files are replaced in images based on the submission's own, and in the folders that its services mount.

    Args:
        stack: the stack of the submission.
        roles: which service is which container.
        files: the locations of the files to replace.
        replacement: the replacement.
        folder: a working folder of the evaluation.
        attempt: the number of the replacement, from 1.

    Yields:
        The stack. Its files are removed afterwards.
    """
    new_files = {files.name(role): path for role, path in replacement.replaced.items()}
    root = folder / f"replaced{attempt}"
    try:
        submission = submission_with_files(stack.submission, new_files, root, stack.engine.limits)
        images = {}
        for role, path in replacement.replaced.items():
            if files.image_paths.get(role):
                service, tag = roles.service(role), f"rerun{attempt}-{role}"
                images[service] = image_with_file(
                    stack.engine,
                    stack.images[service],
                    path,
                    files.image_paths[role],
                    new_folder(folder, tag),
                    tag,
                )
        yield stack.with_replacements(submission, images)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def new_folder(folder: Path, name: str) -> Path:
    """Create a folder and return its path.

    Args:
        folder: the parent folder.
        name: the name of the new folder.
    """
    created = folder / name
    created.mkdir(exist_ok=True)
    return created


def submission_with_files(
    submission: Submission, files: Mapping[str, Path], root: Path, limits: Limits
) -> Submission:
    """Return a copy of a submission with replaced files; no link in the copy leads out of it.

    Args:
        submission: the submission.
        files: the new files, by the path that they replace.
        root: the path of the copy; created by this function.
        limits: limits on the size of the copy.

    Raises:
        MissingPrerequisite: a file is reached through a symbolic link.
    """
    copy = Copy(root, limits)
    copy.folder(submission.root)
    for name, path in files.items():
        parts = PurePosixPath(name).parts
        try:
            copy.tree.unlink(parts)
            with path.open("rb") as content:
                copy.tree.write(parts, iter(lambda: content.read(CHUNK), b""))
        except OSError as error:
            raise MissingPrerequisite(f"{name} cannot be replaced: {error.strerror}") from error
    return replace(submission, root=root)


def image_with_file(
    engine: EngineSession, image: str, new: Path, paths: Sequence[str], folder: Path, tag: str
) -> str:
    """Build an image that is based on another one, with a replaced file.

    Args:
        engine: the engine session.
        image: the base image.
        new: the file.
        paths: the paths of the file in the image.
        folder: an empty working folder of the evaluation.
        tag: the tag of the new image.

    Returns:
        The name of the new image.

    Raises:
        CannotCheck: the build failed, or it would execute ONBUILD steps of the submission.
    """
    details = engine.image(image) or {}
    if (details.get("Config") or {}).get("OnBuild"):
        raise MissingPrerequisite("the image has ONBUILD steps, which would run without limits")
    shutil.copyfile(new, folder / "file")
    (folder / "file").chmod(0o644)
    lines = [f"FROM {image}", *(f'COPY ["file", {_quoted(path)}]' for path in paths)]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
    name = f"{engine.id}:{tag}"
    engine.run_checked(
        "build", "--quiet", "--network", "none", "--label", engine.label, "--tag", name, str(folder)
    )
    engine.build_result(name)
    return name


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\\\$")
    return f'"{escaped}"'
