"""The build context: a bounded copy of a folder of the submission, with its links checked again."""

from __future__ import annotations

from pathlib import Path

from evaluation.images.canonical import CanonicalDockerfile, unused_name
from evaluation.images.unpacked_size import UnpackedTooLarge, unpacked_size
from evaluation.quotas import MIB, Limits
from evaluation.submission.copying import Copy
from evaluation.submission.safe_tree import Tree

IGNORE = ".dockerignore"
_DOCKERFILE = "Dockerfile.app07"
_LARGEST_IGNORE = 64 * 1024


class ContextError(ValueError):
    """A folder that cannot be a build context."""


def copy_context(source: Path, target: Path, limits: Limits) -> tuple[Tree, list[str]]:
    """Copy a folder to a build context.

    Args:
        source: the folder; its path has no links.
        target: the path of the copy.
        limits: the limits on the size of the copy.

    Returns:
        The copy, and messages about what was left out.
    """
    copy = Copy(target, limits)
    copy.folder(source)
    return copy.tree, [f"{remark.where} {remark.text}" for remark in copy.remarks]


def write_dockerfile(tree: Tree, rewritten: CanonicalDockerfile) -> str:
    """Write the Dockerfile into a build context, and keep it out of the image.

    The engine's client reads `.dockerignore` even if it is not a regular file, so a new file replaces it. The new file
    lists the files that the evaluation adds, so that a `COPY .` copies only the files of the submission.

    Args:
        tree: the build context.
        rewritten: the Dockerfile.

    Returns:
        The name of the Dockerfile.

    Raises:
        ContextError: `.dockerignore` is not a regular file, or too large.
    """
    ignored = b""
    if tree.has((IGNORE,)):
        content = tree.read((IGNORE,), _LARGEST_IGNORE + 1)
        if content is None or len(content) > _LARGEST_IGNORE:
            raise ContextError(f"{IGNORE} must be a regular file of at most {_LARGEST_IGNORE // 1024} KB")
        ignored = content.rstrip(b"\n") + b"\n"
        tree.unlink((IGNORE,))
    name = unused_name(tree, _DOCKERFILE)
    tree.write((name,), [rewritten.text.encode("utf-8", "replace")])
    lines = [IGNORE, name]
    lines += [f"!{rewritten.texts}", f"!{rewritten.texts}/**"] if rewritten.texts else []
    tree.write((IGNORE,), [ignored, "\n".join(lines).encode() + b"\n"])
    return name


def find_oversized_archive(tree: Tree, limits: Limits) -> str:
    """Return a message about an archive that an ADD would unpack to too many bytes; empty if there is none.

    The engine unpacks archives itself, outside the limits of a build.

    Args:
        tree: the build context.
        limits: limits on the size of a submission.
    """
    remaining = limits.total_size
    for parts, is_folder in tree.entries():
        if is_folder:
            continue
        try:
            with tree.opened(parts) as file:
                remaining -= unpacked_size(file, remaining)
        except UnpackedTooLarge:
            name = "/".join(parts)
            return f"{name} unpacks to more than {limits.total_size // MIB} MB, or to an unknown size"
    return ""
