"""Push an image index, which joins the images of several platforms under one tag."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from common import process
from common.errors import VerificationFailed
from pipeline.publishing.failures import registry_failure
from pipeline.publishing.transfer import read_manifest, verify_tag

_TIMEOUT = 600.0


def push_index(repository: str, tag: str, digests: Mapping[str, str], host: str) -> str:
    """Push an index of images that are already in the registry, verify it, and return its digest.

    Args:
        repository: the repository, with the registry.
        tag: the tag of the index.
        digests: the digests of the images by platform.
        host: the registry.

    Raises:
        RegistryFailed: the index was not pushed.
        VerificationFailed: the registry returns another index.
    """
    reference = f"{repository}:{tag}"
    sources = [f"{repository}@{digest}" for digest in digests.values()]
    command = ["docker", "buildx", "imagetools", "create", "--tag", reference]
    # The index is computed on this machine from verified manifests.
    planned = process.capture([*command, "--dry-run", *sources], timeout=_TIMEOUT)
    if not planned.ok:
        raise registry_failure(planned.output, host=host, path=repository.removeprefix(f"{host}/"))
    created = process.capture([*command, *sources], timeout=_TIMEOUT)
    if not created.ok:
        raise registry_failure(created.output, host=host, path=repository.removeprefix(f"{host}/"))
    digest = f"sha256:{hashlib.sha256(planned.output.rstrip().encode()).hexdigest()}"
    _check(read_manifest(f"{repository}@{digest}", host), digests, reference)
    verify_tag(reference, digest, host)
    return digest


def _check(index: Mapping[str, object], digests: Mapping[str, str], reference: str) -> None:
    """Compare the platforms and digests of an index with those of the pushed images."""
    entries = index.get("manifests")
    found = dict(_entry(entry) for entry in entries) if isinstance(entries, list) else {}
    if found != dict(digests):
        listed = ", ".join(re.sub(r"[^\w/]", "", name)[:40] for name in found) or "no platform"
        raise VerificationFailed(f"{reference} does not list the pushed images, but {listed}")


def _entry(entry: object) -> tuple[str, object]:
    if not isinstance(entry, dict) or not isinstance(entry.get("platform"), dict):
        return "unknown", None
    platform = entry["platform"]
    return f"{platform.get('os')}/{platform.get('architecture')}", entry.get("digest")
