"""The record of a publication: the destination, and the digests and SBOMs of the pushed images."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common import atomic_files
from common.project import Layout
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
        image_id: the image ID in the engine.
        sbom: the file name of its SBOM in the folder of the record.
        sbom_sha256: the SHA-256 of the SBOM.
        packages: the number of packages in the SBOM.
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
        reference: the image name with registry and tag.
        digest: the digest of its manifest, or of the index of several platforms.
        platforms: the images by platform.
    """

    reference: str
    digest: str
    platforms: dict[str, PublishedPlatform]


@dataclass
class Record:
    """The record. It is written after each image, so that it is accurate even if the command is killed.

    Attributes:
        folder: the folder of the record, its SBOMs and its vulnerability report.
        destination: the registry and the path in it.
        tag: the tag of the images.
        state: the state of the sources.
        audit: the vulnerability report; None if none was requested.
        images: the images that were pushed and verified.
        is_complete: whether all images were pushed and verified.
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
            CannotWrite: the record cannot be written.
        """
        atomic_files.write_json(self.folder / RECORD_FILE, self.as_json())

    def as_json(self) -> dict[str, object]:
        """Return the record as a JSON object."""
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
    """Return the folder of the record for a destination and a tag.

    Args:
        layout: the checkout.
        destination: the registry and the path in it.
        tag: the tag of the images.
    """
    # A host contains neither _ nor +, and a path contains no +.
    name = str(destination).replace(":", "_").replace("/", "+")
    return layout.output / "publishing" / name / tag
