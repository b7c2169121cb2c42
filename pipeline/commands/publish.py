"""`publish`: push the images to a registry."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context

if TYPE_CHECKING:
    from pipeline.commands.actions.publish import PublishResult

_EPILOG = (
    "The images are built with docker-bake.hcl, pushed, and pulled again by digest. output/publishing/ gets a\n"
    "record with the digests, an SBOM of every image (SPDX 2.3), and a report on known vulnerabilities of their\n"
    "Python packages. Credentials are those of `docker login`. See docs/publishing.md.\n\n"
    "exit status: 0 done, 2 wrong usage, 69 the engine or the registry cannot be used, 70 the registry returns\n"
    "content other than what was pushed, or an internal error, 73 cannot write, 75 timed out or busy, 130 interrupted"
)
_PLATFORMS = ("linux/amd64", "linux/arm64")
_GROUPS = ("default", "fast", "gpu", "training", "serving", "monitored", "all")


class PublishCommand(Command):
    """Publish the images.

    Attributes:
        registry: the registry and the path of the images in the registry.
        tag: the tag; None for the version of the project.
        platform: the target platforms; empty for the engine's.
        group: the group of images.
        audit: whether known vulnerabilities are looked up.
    """

    name = "publish"
    position = 115
    summary = "Push the images to a registry, verify their digests, and write SBOMs and a record."
    epilog = _EPILOG

    registry: str
    tag: str | None
    platform: list[str]
    group: str
    audit: bool

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "--registry",
            metavar="HOST/NAME",
            required=True,
            help="the registry and the path of the images in it, such as localhost:5000/course",
        )
        parser.add_argument("--tag", help="the tag of the images (default: the version of the project)")
        parser.add_argument(
            "--platform",
            choices=_PLATFORMS,
            action="append",
            default=[],
            help="a target platform; repeat it to publish several under one tag (default: the engine's)",
        )
        parser.add_argument(
            "--group",
            choices=_GROUPS,
            default="default",
            help="which images: default (the three of the pipeline), or another group of docker-bake.hcl",
        )
        parser.add_argument(
            "--no-audit",
            dest="audit",
            action="store_false",
            help="skip the lookup of known vulnerabilities, which requires the package index",
        )

    def needs_checkout(self) -> bool:
        """Return true: the images are built from the checkout."""
        return True

    def run(self, context: Context) -> PublishResult:
        """Publish, and print the digests.

        Raises:
            UsageError: registry or tag is not valid.
            EngineUnavailable: there is no engine, or an image cannot be built.
            RegistryFailed: the registry cannot be used.
            VerificationFailed: the registry returns content other than what was pushed.
        """
        from pipeline.commands.actions.publish import publish

        return publish(context, self)
