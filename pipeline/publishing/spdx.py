"""A software bill of materials in the JSON format of SPDX 2.3.

Source: the SPDX specification 2.3, clauses 6 (document), 7 (packages) and 11 (relationships).
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.publishing.contents import Contents
from pipeline.publishing.package import DEB, PYPI, Package

_NO = "NOASSERTION"
_DOCUMENT = "SPDXRef-DOCUMENT"
_IMAGE = "SPDXRef-Image"
_NAMESPACE = uuid.UUID(
    "2f0f3a52-6c34-5c0e-9d4b-0f3b6d1b7a10"
)  # the namespace of all documents of this program


@dataclass(frozen=True)
class Subject:
    """The published image that a document describes.

    Attributes:
        name: the image name without registry and path.
        tag: the tag.
        repository: the repository, with the registry.
        digest: the digest of the manifest.
        created: the creation time in RFC 3339.
        version: the version of the project.
    """

    name: str
    tag: str
    repository: str
    digest: str
    created: str
    version: str

    def url(self, architecture: str) -> str:
        """Return the package URL of the image."""
        return (
            f"pkg:oci/{self.name}@{self.digest.replace(':', '%3A')}"
            f"?arch={architecture}&repository_url={self.repository}&tag={self.tag}"
        )


def spdx_document(
    subject: Subject, contents: Contents, locked: Mapping[str, Mapping[str, str]]
) -> dict[str, object]:
    """Return the SPDX document of an image. The same image always gives the same document.

    Args:
        subject: the image.
        contents: the packages of the image.
        locked: the package versions in the lock files, as returned by `locked_versions`.
    """
    ids = _identifiers(contents.packages)
    packages = [
        _package(package, identifier, contents.distribution, locked)
        for identifier, package in zip(ids, contents.packages, strict=True)
    ]
    unique = uuid.uuid5(_NAMESPACE, f"{subject.repository}:{subject.tag}@{subject.digest} {subject.created}")
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": f"{subject.name}:{subject.tag}",
        "documentNamespace": f"https://spdx.org/spdxdocs/{subject.name}-{unique}",
        "creationInfo": {"created": subject.created, "creators": [f"Tool: app07-{subject.version}"]},
        "packages": [_image(subject, contents), *packages],
        "relationships": [
            _relationship(_DOCUMENT, "DESCRIBES", _IMAGE),
            *(_relationship(_IMAGE, "CONTAINS", identifier) for identifier in ids),
        ],
    }


def _image(subject: Subject, contents: Contents) -> dict[str, object]:
    architecture = contents.image.platform.partition("/")[2]
    return {
        **_common(_IMAGE, subject.name, subject.tag),
        "primaryPackagePurpose": "CONTAINER",
        # The image ID in the engine, which is the digest of the configuration that lists the layers.
        "checksums": [{"algorithm": "SHA256", "checksumValue": contents.image.id.removeprefix("sha256:")}],
        "externalRefs": [_purl(subject.url(architecture))],
    }


def _package(
    package: Package, identifier: str, distribution: str, locked: Mapping[str, Mapping[str, str]]
) -> dict[str, object]:
    described = _common(identifier, package.name, package.version)
    if package.license:
        described["licenseDeclared"] = package.license
    described["supplier"] = f"Organization: {package.supplier}" if package.supplier else _NO
    described["sourceInfo"] = f"described by /{package.path}; {_origin(package, locked)}"
    described["externalRefs"] = [_purl(package.url(distribution))]
    return described


def _origin(package: Package, locked: Mapping[str, Mapping[str, str]]) -> str:
    name = normalized(package.name)
    files = [file for file, versions in locked.items() if versions.get(name) == package.version]
    if package.kind == PYPI and files and package.path.startswith("opt/"):
        return f"installed from {files[0]}, which has its hashes"
    if package.kind == DEB or not package.path.startswith("opt/"):
        return "part of the base image"
    return "added by the Dockerfile"


def _common(identifier: str, name: str, version: str) -> dict[str, object]:
    return {
        "SPDXID": identifier,
        "name": name,
        "versionInfo": version,
        "downloadLocation": _NO,
        "filesAnalyzed": False,
        "licenseConcluded": _NO,
        "licenseDeclared": _NO,
        "copyrightText": _NO,
    }


def _purl(url: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url}


def _relationship(element: str, kind: str, related: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}


def _identifiers(packages: Iterable[Package]) -> list[str]:
    """Return a unique identifier for each package, because an image may contain a package twice."""
    seen: Counter[str] = Counter()
    identifiers = []
    for package in packages:
        text = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{package.kind}-{package.name}-{package.version}")
        seen[text.casefold()] += 1
        count = seen[text.casefold()]
        identifiers.append(f"SPDXRef-{text}" if count == 1 else f"SPDXRef-{text}..{count}")
    return identifiers


def normalized(name: str) -> str:
    """Return the normalized name of a Python package."""
    return re.sub(r"[-_.]+", "-", name).lower()
