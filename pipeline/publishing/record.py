"""The record of a publication: what was pushed where, with digests and SBOMs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline import atomic_files
from pipeline.project import Layout
from pipeline.publishing.audit import AuditReport
from pipeline.publishing.destination import Destination
from pipeline.publishing.source_state import SourceState

FORMAT = 1
RECORD_FILE = "record.json"
AUDIT_FILE = "vulnerabilities.json"


@dataclass(frozen=True)
class PublishedPlatform:
    """An image of one platform in the registry.

    Attributes:
        digest: the digest of its manifest.
        image_id: its digest in the engine.
        sbom: the file of its SBOM, in the folder of the record.
        sbom_sha256: the SHA-256 of this file.
        packages: how many packages the SBOM lists.
    """

    digest: str
    image_id: str
    sbom: str
    sbom_sha256: str
    packages: int


@dataclass(frozen=True)
class PublishedImage:
    """An image in the registry.

    Attributes:
        reference: its name, with registry and tag.
        digest: the digest of its manifest, or of the index of its platforms.
        platforms: its platforms.
    """

    reference: str
    digest: str
    platforms: dict[str, PublishedPlatform]


@dataclass
class Record:
    """The record, written after every image, so that it tells the truth when a command is killed.

    Attributes:
        folder: where it is written, with everything that it names.
        destination: the registry and the path in it.
        tag: the tag of the images.
        state: the state of the sources.
        audit: the report on vulnerabilities; None if none was asked for.
        images: what has been pushed and verified.
        is_complete: whether everything was.
    """

    folder: Path
    destination: Destination
    tag: str
    state: SourceState
    audit: AuditReport | None = None
    images: list[PublishedImage] = field(default_factory=list)
    is_complete: bool = False

    def write(self) -> None:
        """Write the record.

        Raises:
            CannotWrite: it cannot be written.
        """
        atomic_files.write_json(self.folder / RECORD_FILE, self.as_json())

    def as_json(self) -> dict[str, object]:
        """Return its content."""
        return {
            "format": FORMAT,
            "complete": self.is_complete,
            "registry": str(self.destination),
            "tag": self.tag,
            "version": self.state.version,
            "revision": self.state.revision,
            "source": self.state.address,
            "created": self.state.created if self.state.epoch is not None else "",
            "images": [_image(image) for image in self.images],
            "vulnerabilities": None
            if self.audit is None
            else {"status": self.audit.status, "report": AUDIT_FILE},
        }


def _image(image: PublishedImage) -> dict[str, object]:
    platforms = {name: vars(platform) for name, platform in image.platforms.items()}
    return {"reference": image.reference, "digest": image.digest, "platforms": platforms}


def record_folder(layout: Layout, destination: Destination, tag: str) -> Path:
    """Return the folder of the record: one for each destination and tag."""
    # A host has neither of these characters, and a path has no +.
    name = str(destination).replace(":", "_").replace("/", "+")
    return layout.output / "publishing" / name / tag
