"""Publish the images of a group: build, read, push, verify, record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline import atomic_files
from pipeline.engines.image_names import project_name
from pipeline.project import Layout
from pipeline.publishing.bake import Bake, Target
from pipeline.publishing.contents import Contents, read_contents
from pipeline.publishing.destination import Destination
from pipeline.publishing.image_index import push_index
from pipeline.publishing.locked import locked_versions
from pipeline.publishing.package import Package
from pipeline.publishing.record import PublishedImage, PublishedPlatform, Record
from pipeline.publishing.source_state import SourceState
from pipeline.publishing.spdx import Subject, spdx_document
from pipeline.publishing.transfer import push, verify_image, verify_tag


@dataclass(frozen=True)
class PlatformImage:
    """An image to publish, for one platform.

    Attributes:
        target: what it is built from, with the tag that it is pushed under.
        platform: its platform.
    """

    target: Target
    platform: str


class Publication:
    """The images of a group and their way into a registry.

    Args:
        layout: the checkout.
        destination: the registry and the path in it.
        tag: the tag of the images.
        platforms: their platforms. With several, the image of each has the platform in its tag, and an index joins
            them.
        state: the state of the sources.
        environment: the environment variables for docker.
    """

    def __init__(
        self,
        layout: Layout,
        destination: Destination,
        tag: str,
        platforms: Sequence[str],
        state: SourceState,
        environment: Mapping[str, str],
    ) -> None:
        self._layout = layout
        self._destination = destination
        self._tag = tag
        self._platforms = tuple(platforms)
        self._state = state
        self._bake = Bake(layout, environment, {"REGISTRY": f"{destination}/", **state.variables()})
        self._locked = locked_versions(layout)

    def images(self, group: str) -> dict[Target, list[PlatformImage]]:
        """Return the images of a group of docker-bake.hcl, each with those of its platforms.

        Raises:
            EngineUnavailable: docker buildx is not installed.
            BuildFailed: docker-bake.hcl cannot be read.
        """
        found: dict[Target, list[PlatformImage]] = {
            target: [] for target in self._bake.targets(group, self._tag)
        }
        for platform in self._platforms:
            built = self._bake.targets(group, self._platform_tag(platform))
            for images, target in zip(found.values(), built, strict=True):
                images.append(PlatformImage(target, platform))
        return found

    def _platform_tag(self, platform: str) -> str:
        return self._tag if len(self._platforms) == 1 else f"{self._tag}-{platform.rpartition('/')[2]}"

    def build(self, images: Sequence[PlatformImage], on_line: Callable[[str], None]) -> None:
        """Build images; what has not changed comes from the cache of the engine.

        Raises:
            BuildFailed: one cannot be built.
        """
        for platform in self._platforms:
            targets = [image.target for image in images if image.platform == platform]
            self._bake.build(targets, platform, self._platform_tag(platform), on_line)

    def read(self, image: PlatformImage) -> Contents:
        """Return what a built image contains.

        Raises:
            EngineUnavailable: the engine does not export it.
            VerificationFailed: it cannot be read.
        """
        return read_contents(image.target.reference, f"app07-sbom-{project_name(self._layout)}")

    def packages(self, contents: Sequence[Contents]) -> list[Package]:
        """Return the packages of several images."""
        return sorted({package for each in contents for package in each.packages})

    def push(
        self, target: Target, images: Sequence[PlatformImage], contents: Sequence[Contents], record: Record
    ) -> PublishedImage:
        """Push the image of every platform of a target, verify it, write its SBOM, and add it to the record.

        Args:
            target: the target.
            images: its images.
            contents: what each contains.
            record: the record.

        Raises:
            RegistryFailed: the registry cannot be used.
            VerificationFailed: it returns something else than was pushed.
            CannotWrite: SBOM or record cannot be written.
        """
        platforms = {}
        for image, content in zip(images, contents, strict=True):
            digest = push(image.target.reference, self._destination.host)
            verify_image(image.target.repository, digest, content.image, self._destination.host)
            verify_tag(image.target.reference, digest, self._destination.host)
            platforms[image.platform] = self._described(image, content, digest, record)
        digests = {platform: published.digest for platform, published in platforms.items()}
        digest = next(iter(digests.values()))
        if len(digests) > 1:
            digest = push_index(target.repository, target.tag, digests, self._destination.host)
        published = PublishedImage(target.reference, digest, platforms)
        record.images.append(published)
        record.write()
        return published

    def _described(
        self, image: PlatformImage, contents: Contents, digest: str, record: Record
    ) -> PublishedPlatform:
        """Write the SBOM of a pushed image."""
        target = image.target
        subject = Subject(
            target.image, target.tag, target.repository, digest, self._state.created, self._state.version
        )
        document = spdx_document(subject, contents, self._locked)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        path = record.folder / f"{target.image}_{target.tag}_{image.platform.rpartition('/')[2]}.spdx.json"
        atomic_files.write_text(path, text)
        return PublishedPlatform(
            digest, contents.image.id, path.name, atomic_files.sha256_of(path), len(contents.packages)
        )
