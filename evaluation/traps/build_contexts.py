"""The trap of a compose file that builds from folders that do not exist."""

from __future__ import annotations

import posixpath

from evaluation.evidence.evidence import Evidence
from evaluation.layout.build_contexts import build_context
from evaluation.layout.places import folders_of
from evaluation.result import RISK
from evaluation.traps.base import Places, Trap, detects

# Maximum depth of a folder.
_DEEPEST = 32

NO_CONTEXT = Trap(
    "no-context", "The compose file builds from a folder that does not exist", RISK,
    "Paths in a compose file are relative to its own folder. The evaluation built the images in their folders first, "
    "but `docker-compose build` and `up --build` fail.",
)  # fmt: skip


@detects(NO_CONTEXT)
def missing_build_contexts(evidence: Evidence) -> Places:
    """Find services that are built from a folder that does not exist in the submission."""
    compose = evidence.compose
    folders = folders_of(evidence.submission.files, _DEEPEST)
    for name, service in compose.services.items():
        folder = build_context(service, posixpath.dirname(compose.name))
        if folder and folder not in folders:
            yield compose.where(name), f"{name} is built from {folder}/"
