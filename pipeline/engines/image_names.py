"""The names of images and stacks of a checkout: images built from the same files have the same name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from common.project import Layout, Service


def project_name(layout: Layout) -> str:
    """Return the name of the stack of a checkout, which is unique even if two folders have the same name."""
    digest = hashlib.sha256(str(layout.root).encode()).hexdigest()[:8]
    return f"{re.sub(r'[^a-z0-9]', '', layout.root.name.lower()) or 'app'}-{digest}"


def content_tag(layout: Layout, services: Sequence[Service]) -> str:
    """Return a tag of twelve hex digits: a hash of all files that images are built from.

    Args:
        layout: the checkout.
        services: the services of the images.
    """
    digest = hashlib.sha256()
    for service in services:
        context = layout.context(service)
        for path in sorted(context.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(context).as_posix().encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def indented(text: str) -> str:
    """Return the lines of a build, indented for an error message."""
    return "\n".join(f"    {line}" for line in text.splitlines())
