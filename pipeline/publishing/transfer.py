"""Push an image, and verify the manifest that the registry returns for its digest.

The engine computes the digest from the content that it sends. The registry is not trusted: the manifest that it returns
is hashed on this machine, and must describe the image that was built.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common import process
from common.errors import EngineUnavailable, PipelineError, TimedOut, VerificationFailed
from pipeline.publishing.failures import last_line, registry_failure

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PUSHED = re.compile(rf"^\S+: digest: ({DIGEST.pattern}) size: \d+\s*$", re.MULTILINE)
_MANIFEST_LIMIT = 4 * 1024 * 1024
_PUSH_TIMEOUT = 3600.0
_TIMEOUT = 600.0


@dataclass(frozen=True)
class LocalImage:
    """An image in the engine.

    Attributes:
        id: the image ID.
        platform: the operating system and architecture, such as ``linux/amd64``.
        environment: the environment variables that the image sets.
    """

    id: str
    platform: str
    environment: dict[str, str]


def local_image(reference: str) -> LocalImage:
    """Return an image in the engine.

    Raises:
        EngineUnavailable: the image does not exist, or the engine does not respond.
    """
    asked = process.capture(["docker", "image", "inspect", reference])
    if not asked.ok:
        raise EngineUnavailable(f"the engine has no image {reference}: {last_line(asked.output)}")
    image = json.loads(asked.output)[0]
    settings = (entry.partition("=") for entry in image["Config"].get("Env") or [])
    return LocalImage(
        image["Id"], f"{image['Os']}/{image['Architecture']}", {name: value for name, _, value in settings}
    )


def push(reference: str, host: str) -> str:
    """Push an image and return its digest, as computed by the engine.

    Args:
        reference: the image, with registry and tag.
        host: the registry.

    Raises:
        RegistryFailed: the image was not pushed.
        TimedOut: the push took more than an hour.
    """
    pushed = process.run(["docker", "push", reference], timeout=_PUSH_TIMEOUT)
    found = _PUSHED.findall(pushed.output)
    if not pushed.ok or not found:
        raise _failure(pushed.output, reference, host)
    return str(found[-1])


def verify_image(repository: str, digest: str, image: LocalImage, host: str) -> None:
    """Verify that a registry returns an image for its digest.

    The engine may serve a pull from its cache, so the manifest is also requested without the engine.

    Args:
        repository: the repository, with the registry.
        digest: the digest of the manifest.
        image: the pushed image.
        host: the registry.

    Raises:
        VerificationFailed: the registry returns different content.
        RegistryFailed: the registry does not return the manifest.
    """
    name = f"{repository}@{digest}"
    manifest = read_manifest(name, host)
    config = manifest.get("config")
    described = config.get("digest") if isinstance(config, dict) else None
    if image.id not in (described, digest):  # newer engines identify an image by its manifest
        raise VerificationFailed(
            f"{name} describes the image {described} instead of the pushed image {image.id}"
        )
    pulled = process.run(["docker", "pull", "--quiet", name], timeout=_PUSH_TIMEOUT)
    if not pulled.ok:
        raise _failure(pulled.output, name, host)
    if local_image(name).id != image.id:
        raise VerificationFailed(
            f"pulling {name} returned a different image from the pushed image {image.id}"
        )


def read_manifest(name: str, host: str) -> dict[str, object]:
    """Return the manifest that a registry returns for a digest.

    Args:
        name: the image, as ``REPOSITORY@DIGEST``.
        host: the registry.

    Raises:
        VerificationFailed: the manifest has another digest, is too large, or is not a JSON object.
        RegistryFailed: the registry does not return the manifest.
    """
    raw = _raw_manifest(name, host)
    digest = name.rpartition("@")[2]
    if f"sha256:{hashlib.sha256(raw).hexdigest()}" != digest:
        raise VerificationFailed(f"the registry returned different content under {name}")
    return _json_object(raw, name)


def verify_tag(reference: str, digest: str, host: str) -> None:
    """Verify that a registry also returns a manifest for its tag.

    Args:
        reference: the image, with registry and tag.
        digest: the digest of the manifest.
        host: the registry.

    Raises:
        VerificationFailed: the tag points to another manifest, because another push may have moved it.
        RegistryFailed: the registry does not return the manifest.
    """
    found = f"sha256:{hashlib.sha256(_raw_manifest(reference, host)).hexdigest()}"
    if found != digest:
        raise VerificationFailed(f"{reference} points to {found}, not to {digest}, which was pushed")


def _json_object(raw: bytes, name: str) -> dict[str, object]:
    """Parse a JSON object that a registry has returned.

    Raises:
        VerificationFailed: the content is not a JSON object.
    """
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise VerificationFailed(f"the manifest of {name} is not valid JSON") from error
    if not isinstance(value, dict):
        raise VerificationFailed(f"the manifest of {name} is not a JSON object")
    return value


def _raw_manifest(name: str, host: str) -> bytes:
    command = ["docker", "buildx", "imagetools", "inspect", "--raw", name]
    with tempfile.TemporaryDirectory(prefix="app07-") as folder:
        path = Path(folder) / "manifest"
        asked = process.write_file(command, path, limit=_MANIFEST_LIMIT, timeout=_TIMEOUT)
        if asked is None:
            raise VerificationFailed(f"the manifest of {name} has more than {_MANIFEST_LIMIT:,} bytes")
        if asked.status == 137:
            raise TimedOut(f"the registry did not return the manifest of {name} within {_TIMEOUT:.0f} s")
        if not asked.ok:
            raise _failure(asked.output, name, host)
        return path.read_bytes()


def _failure(output: str, name: str, host: str) -> PipelineError:
    """Return the error for a failed transfer, which may be a wrong digest rather than a network failure."""
    line = last_line(output)
    if re.search(r"verification failed|digest mismatch|unexpected digest|unexpected commit digest", line):
        return VerificationFailed(f"the registry returned different content under {name} ({line})")
    path = name.removeprefix(f"{host}/").partition("@")[0]
    return registry_failure(output, host=host, path=path)
