"""Write a bundle: the generated file, the files that it expects, and a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.project import SHARED_FOLDER
from pipeline.bundles.addresses import SourceHost
from pipeline.bundles.archive import Entry, write_archive
from pipeline.bundles.bundle_limits import DEFAULT_BUNDLE_LIMITS, BundleLimits
from pipeline.bundles.collecting import Collector, SourceRecord
from pipeline.bundles.texts import CHECKSUMS, MANIFEST, README, checksums, manifest, readme
from pipeline.compose import Generated

# Part of the bundle so that it belongs to the user who unpacks it; Docker would create it as root.
SHARED = f"{SHARED_FOLDER}/"
TEXT_NAMES = {"compose": "docker-compose.yml", "swarm": "docker-stack.yml", "kubernetes": "kubernetes.yaml"}
"""The names of the generated files, by target."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was written.

    Attributes:
        path: the zip file.
        sources: the fetched files and repositories.
        warnings: the files that were left out, and the settings that the generated file does not reproduce.
    """

    path: Path
    sources: tuple[SourceRecord, ...]
    warnings: tuple[str, ...]


def write_bundle(
    generated: Generated,
    work: Path,
    project: Path,
    named: frozenset[SourceHost] = frozenset(),
    limits: BundleLimits = DEFAULT_BUNDLE_LIMITS,
) -> Bundle:
    """Fetch the files that a generated file expects, and write the bundle.

    Args:
        generated: the generated file.
        work: an empty folder for the bundle and the fetched files; the caller removes it.
        project: the folder with the packages of this project.
        named: hosts that may have any address and port.
        limits: the limits on fetched files.

    Raises:
        SourceError: a source cannot be fetched, or is refused; the error has its path in the request.
        BundleTooLarge: the bundle has too many sources, or too many bytes.
    """
    collector = Collector(work, project, named, limits)
    text_name = TEXT_NAMES[generated.target]
    collector.put(text_name, Entry(generated.text.encode("utf-8")))
    for file in generated.files:
        collector.add(file)
    # A warning without a path is about the generated file without a bundle.
    stated = [f"{warning.path}: {warning.message}" for warning in generated.warnings if warning.path]
    warnings = stated + collector.warnings
    collector.put(README, Entry(readme(generated.target, text_name, collector.sources, warnings)))
    collector.put(MANIFEST, Entry(manifest(generated.target, collector.entries, collector.sources, warnings)))
    collector.put(CHECKSUMS, Entry(checksums(collector.entries)))
    empty = {SHARED, *collector.folders}
    folders = frozenset(
        name for name in empty if not any(path.startswith(name) for path in collector.entries)
    )
    path = work / "bundle.zip"
    write_archive(path, collector.entries, folders)
    return Bundle(path, tuple(collector.sources), tuple(warnings))
