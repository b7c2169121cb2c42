"""Build the images of docker-bake.hcl with docker buildx bake, one platform at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from common import process
from common.console import strip_escapes
from common.errors import BuildFailed, EngineUnavailable, TimedOut
from common.project import Layout

BAKE_FILE = "docker-bake.hcl"
GROUPS = ("default", "fast", "gpu", "training", "serving", "monitored", "all")
"""The groups of targets in docker-bake.hcl."""

PLATFORMS = ("linux/amd64", "linux/arm64")
"""The platforms of the images."""

_BAKE = ("docker", "buildx", "bake", "-f", BAKE_FILE)
_TIMEOUT = 3600.0


@dataclass(frozen=True)
class Target:
    """An image to build.

    Attributes:
        name: the name of the target in docker-bake.hcl.
        repository: the repository of the image, with the registry.
        tag: the tag of the image.
    """

    name: str
    repository: str
    tag: str

    @property
    def reference(self) -> str:
        """The image name with registry and tag."""
        return f"{self.repository}:{self.tag}"

    @property
    def image(self) -> str:
        """The last part of the repository."""
        return self.repository.rpartition("/")[2]


class Bake:
    """Runs docker buildx bake in a checkout.

    Args:
        layout: the checkout.
        environment: the environment variables.
        variables: the variables of docker-bake.hcl, which override the environment.
    """

    def __init__(self, layout: Layout, environment: Mapping[str, str], variables: Mapping[str, str]) -> None:
        self._layout = layout
        self._environment = {**environment, **variables}

    def targets(self, group: str, tag: str) -> tuple[Target, ...]:
        """Return the targets of a group, in the order of the file.

        Args:
            group: one of `GROUPS`.
            tag: the tag of the images.

        Raises:
            EngineUnavailable: docker buildx is not installed.
            BuildFailed: docker-bake.hcl cannot be read.
        """
        asked = process.capture(
            [*_BAKE, "--print", group], cwd=self._layout.root, environment=self._variables(tag=tag)
        )
        if not asked.ok:
            raise self._not_read(asked)
        described = json.loads(asked.output)["target"]
        return tuple(
            Target(name, *_split(description["tags"][0])) for name, description in sorted(described.items())
        )

    def build(
        self, targets: Sequence[Target], platform: str, tag: str, on_line: Callable[[str], None]
    ) -> float:
        """Build images and load them into the engine.

        Args:
            targets: the images to build.
            platform: one of `PLATFORMS`.
            tag: the tag of the images.
            on_line: called with each line of the output.

        Returns:
            The duration in seconds.

        Raises:
            BuildFailed: the build failed, or exceeded its time limit.
        """
        names = ", ".join(target.name for target in targets)
        command = [*_BAKE, "--load", "--provenance=false", "--progress=plain"]
        try:
            built = process.run(
                [*command, *(target.name for target in targets)],
                cwd=self._layout.root,
                environment=self._variables(tag=tag, platform=platform),
                timeout=_TIMEOUT,
                on_line=on_line,
            )
        except TimedOut as error:
            raise BuildFailed(f"{names} ({platform}) were not built within {_TIMEOUT:.0f} s") from error
        if not built.ok:
            raise _build_failed(names, platform, strip_escapes(built.last_lines()))
        return built.seconds

    def _variables(self, *, tag: str, platform: str = "") -> dict[str, str]:
        platforms = {"PLATFORMS": platform} if platform else {}
        return {**self._environment, "IMAGE_TAG": tag, **platforms}

    def _not_read(self, asked: process.CompletedProgram) -> EngineUnavailable:
        if not (self._layout.root / BAKE_FILE).is_file():
            return BuildFailed(f"{BAKE_FILE} is missing in {self._layout.root}")
        version = process.capture(["docker", "buildx", "version"])
        if not version.ok or "buildx" not in version.output:
            return EngineUnavailable(
                "docker buildx is not installed",
                hint="Install the package docker-buildx-plugin or docker-buildx; "
                "on Debian, scripts/install_compose.sh installs it.",
            )
        return BuildFailed(f"{BAKE_FILE} cannot be read:\n    {strip_escapes(asked.last_lines(3))}")


def _split(reference: str) -> tuple[str, str]:
    repository, _, tag = reference.rpartition(":")
    return repository, tag


def _build_failed(names: str, platform: str, output: str) -> BuildFailed:
    hint = ""
    if re.search(r"exec format error|not supported for the docker driver|no match for platform", output):
        hint = (
            f"Building for {platform} on this machine needs an emulator in the kernel (binfmt_misc, QEMU), and base "
            "images for that platform. See docs/publishing.md."
        )
    shown = "\n".join(f"    {line}" for line in output.splitlines())
    return BuildFailed(f"{names} could not be built for {platform}. The last lines:\n{shown}", hint=hint)
