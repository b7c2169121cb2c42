"""Publish the images of a group: build, push and verify them, and write SBOMs and a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from common import atomic_files
from common.project import Layout
from pipeline.engines.image_names import project_name
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
    """An image to publish for one platform.

    Attributes:
        target: the target that it is built from, with the tag to push.
        platform: the platform, such as ``linux/amd64``.
    """

    target: Target
    platform: str


class Publication:
    """Publishes the images of a group to a registry.

    Args:
        layout: the checkout.
        destination: the registry and the path in it.
        tag: the tag of the images.
        platforms: the platforms of the images. With several platforms, the tag of each image contains its platform,
            and an index joins them.
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
        """Return the images of a group of docker-bake.hcl, by target, one for each platform.

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
        """Build images; unchanged steps come from the build cache.

        Args:
            images: the images to build.
            on_line: called with each line of the output.

        Raises:
            BuildFailed: an image cannot be built.
        """
        for platform in self._platforms:
            targets = [image.target for image in images if image.platform == platform]
            self._bake.build(targets, platform, self._platform_tag(platform), on_line)

    def read(self, image: PlatformImage) -> Contents:
        """Return the packages of a built image.

        Raises:
            EngineUnavailable: the engine cannot export the image.
            VerificationFailed: the file system of the image cannot be read.
        """
        return read_contents(image.target.reference, f"app07-sbom-{project_name(self._layout)}")

    def packages(self, contents: Sequence[Contents]) -> list[Package]:
        """Return the packages of several images, each once, sorted."""
        return sorted({package for each in contents for package in each.packages})

    def push(
        self, target: Target, images: Sequence[PlatformImage], contents: Sequence[Contents], record: Record
    ) -> PublishedImage:
        """Push and verify the image of a target for each platform, write its SBOM, and add it to the record.

        Args:
            target: the target.
            images: the images of the target, one for each platform.
            contents: the packages of each image.
            record: the record to which the image is added.

        Raises:
            RegistryFailed: the registry cannot be used.
            VerificationFailed: the registry returns different content from what was pushed.
            CannotWrite: an SBOM or the record cannot be written.
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
        """Write the SBOM of a pushed image and return the record of the image."""
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
