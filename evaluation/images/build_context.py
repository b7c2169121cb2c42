"""A build context of our own: a bounded copy of a folder of the submission, with links checked where they end up."""

from __future__ import annotations

from pathlib import Path

from evaluation.images.canonical import CanonicalDockerfile, free_name
from evaluation.images.unpacked_size import UnpackedSizeExceeded, unpacked_size
from evaluation.quotas import MIB, Limits
from evaluation.submission.copying import Copy
from evaluation.submission.safe_tree import Tree

IGNORE = ".dockerignore"
_RECIPE = "Dockerfile.app07"
_LARGEST_IGNORE = 64 * 1024


class ContextError(ValueError):
    """A folder that nothing can be built from; the text says why."""


def copied(source: Path, target: Path, limits: Limits) -> tuple[Tree, list[str]]:
    """Copies a folder to build from.

    Args:
        source: the folder; its path holds no link.
        target: where the copy goes.
        limits: how much it may hold.

    Returns:
        The copy, and what was left out of it, in words.
    """
    copy = Copy(target, limits)
    copy.folder(source)
    return copy.tree, [f"{remark.where} {remark.text}" for remark in copy.remarks]


def write_dockerfile(tree: Tree, rewritten: CanonicalDockerfile) -> str:
    """Puts the Dockerfile into a context, and sees to it that no image holds it; returns its name.

    The client of the engine reads `.dockerignore` whatever it is: a new file takes its place. What we add to the
    context is told there, so that a `COPY .` brings what the submission holds and nothing else.

    Raises:
        NoContext: `.dockerignore` is no file, or too large.
    """
    ignored = b""
    if tree.has((IGNORE,)):
        content = tree.read((IGNORE,), _LARGEST_IGNORE + 1)
        if content is None or len(content) > _LARGEST_IGNORE:
            raise ContextError(f"{IGNORE} is no file, or larger than {_LARGEST_IGNORE // 1024} KB")
        ignored = content.rstrip(b"\n") + b"\n"
        tree.unlink((IGNORE,))
    name = free_name(tree, _RECIPE)
    tree.write((name,), [rewritten.text.encode("utf-8", "replace")])
    lines = [IGNORE, name]
    lines += [f"!{rewritten.texts}", f"!{rewritten.texts}/**"] if rewritten.texts else []
    tree.write((IGNORE,), [ignored, "\n".join(lines).encode() + b"\n"])
    return name


def swelling(tree: Tree, limits: Limits) -> str:
    """What an ADD would unpack to far more than a submission may hold; empty where there is nothing like that.

    The engine unpacks it itself, past every limit of a build.
    """
    left = limits.total_size
    for parts, is_folder in tree.entries():
        if is_folder:
            continue
        try:
            with tree.opened(parts) as file:
                left -= unpacked_size(file, left)
        except UnpackedSizeExceeded:
            name = "/".join(parts)
            return f"{name} unpacks to more than {limits.total_size // MIB} MB, or to what cannot be told"
    return ""
