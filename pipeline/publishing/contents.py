"""Read the packages of an image from its file system, which the engine exports as a tar stream."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from common import process
from common.errors import EngineUnavailable, VerificationFailed
from pipeline.publishing import package_files
from pipeline.publishing.failures import last_line
from pipeline.publishing.package import DEB, GENERIC, Package, is_valid
from pipeline.publishing.transfer import LocalImage, local_image

_MOST_FILES = 200_000
_MOST_PACKAGES = 5_000
_TAIL_TIMEOUT = 30.0

_Reader = Callable[[str, bytes], Iterator[Package]]
# The files that describe packages, the maximum number of bytes to read, and the functions that read them.
_READERS: tuple[tuple[re.Pattern[str], int, _Reader], ...] = (
    (re.compile(r".*\.dist-info/METADATA|.*\.egg-info(/PKG-INFO)?"), 1 << 17, package_files.python_package),
    (re.compile(r"var/lib/dpkg/status(\.d/[^/]+)?"), 1 << 25, package_files.debian_packages),
    # Every applet of the official image is a hard link, so the file has the name of the first applet.
    (re.compile(r"bin/[^/]+"), 1 << 22, package_files.busybox),
    (re.compile(r"(usr/)?lib(64)?/([^/]+/)?libc\.so\.6"), 1 << 23, package_files.glibc),
    (re.compile(r"opt/pybrain/(pybrain|pybrain_runtime|serving|training)/(_version|__init__)\.py"), 1 << 16,
     package_files.own_package),
)  # fmt: skip
_OS_RELEASE = re.compile(r"(etc|usr/lib)/os-release")


@dataclass(frozen=True)
class Contents:
    """The packages of an image.

    Attributes:
        image: the image.
        packages: the packages, sorted.
        distribution: the Linux distribution, such as ``debian-12``; empty if there is none.
    """

    image: LocalImage
    packages: tuple[Package, ...]
    distribution: str


def read_contents(reference: str, container: str) -> Contents:
    """Return the packages of an image in the engine.

    Args:
        reference: the name of the image.
        container: the name of a temporary container, which is created to export the image, but never started.

    Raises:
        EngineUnavailable: the engine does not have the image, or cannot export it.
        VerificationFailed: the file system of the image is damaged, or has too many files or packages.
    """
    image = local_image(reference)
    process.capture(["docker", "rm", "--force", container])  # left by a killed command
    with process.signals_deferred():
        created = process.capture(
            ["docker", "create", "--name", container, "--network", "none", image.id, "none"]
        )
    if not created.ok:
        raise EngineUnavailable(f"{reference} cannot be read: {last_line(created.output)}")
    try:
        packages, distribution = _exported(container, reference)
    finally:
        with process.ignore_signals():
            process.capture(["docker", "rm", "--force", container])
    python = image.environment.get("PYTHON_VERSION", "")  # built from source in the official image
    if is_valid("python", python):
        packages.add(Package(GENERIC, "python", python, "usr/local/bin/python3", license="PSF-2.0"))
    return Contents(image, tuple(sorted(without_repetitions(packages))), distribution)


def without_repetitions(packages: set[Package]) -> set[Package]:
    """Return the packages without those that were found in a file of a Debian package."""
    described = {package.name for package in packages if package.kind == DEB}
    repeated = {
        name
        for name, pattern in (("glibc", r"libc6"), ("busybox", r"busybox.*"), ("python", r"python3\.\d+"))
        if any(re.fullmatch(pattern, word) for word in described)
    }
    return {package for package in packages if package.kind != GENERIC or package.name not in repeated}


def _exported(container: str, reference: str) -> tuple[set[Package], str]:
    """Return the packages in the file system of a container and the distribution."""
    program = process.open_pipes(["docker", "export", container], os.environ)
    assert program.stdin is not None and program.stdout is not None
    program.stdin.close()
    try:
        found = scan(program.stdout)
        while program.stdout.read(1 << 20):  # the padding after the last file
            pass
        status = program.wait(_TAIL_TIMEOUT)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise VerificationFailed(f"the file system of {reference} cannot be read: {error}") from error
    finally:
        program.stdout.close()
        program.kill()
        program.wait(_TAIL_TIMEOUT)
    if status:  # a stream that is truncated between two files looks complete
        raise EngineUnavailable(
            f"{reference} was not exported completely (docker export exited with status {status})"
        )
    return found


def scan(stream: IO[bytes]) -> tuple[set[Package], str]:
    """Return the packages in a tar stream of a file system and the distribution.

    Args:
        stream: the stream, which is read once from its current position.

    Raises:
        ValueError: the file system has too many files or packages.
        tarfile.TarError: the stream is not a valid tar archive.
    """
    packages: set[Package] = set()
    distribution = ""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for count, member in enumerate(archive):
            if count > _MOST_FILES or len(packages) > _MOST_PACKAGES:
                raise ValueError(f"it has more than {_MOST_FILES:,} files or {_MOST_PACKAGES:,} packages")
            path = member.name.removeprefix("./").lstrip("/")
            if not member.isreg():
                continue
            for pattern, limit, reader in _READERS:
                if pattern.fullmatch(path):
                    packages.update(reader(path, _content(archive, member, limit)))
            if _OS_RELEASE.fullmatch(path):
                distribution = package_files.distribution(_content(archive, member, 1 << 16)) or distribution
    return packages, distribution


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, limit: int) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read(limit)
