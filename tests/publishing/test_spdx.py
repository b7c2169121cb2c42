"""An SBOM is valid SPDX 2.3 according to spdx-tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.project import PROJECT
from pipeline.publishing.contents import Contents, scan
from pipeline.publishing.locked import locked_versions
from pipeline.publishing.spdx import Subject, spdx_document
from pipeline.publishing.transfer import LocalImage
from tests.publishing.trees import DEBIAN_TREE, tree

SUBJECT = Subject(
    "codebase_app07",
    "1.0",
    "localhost:5000/course/codebase_app07",
    f"sha256:{'a' * 64}",
    "2026-01-02T03:04:05Z",
    "0.1.0",
)
LOCKED = {"container3_codebase/requirements.txt": {"tiny-package": "1.0"}}


@pytest.fixture
def contents() -> Contents:
    packages, distribution = scan(tree(DEBIAN_TREE))
    return Contents(
        LocalImage(f"sha256:{'b' * 64}", "linux/amd64", {}), tuple(sorted(packages)), distribution
    )


def problems(document: dict[str, object], folder: Path) -> list[str]:
    """Return the errors that spdx-tools finds in a document."""
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    path = folder / "image.spdx.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return [message.validation_message for message in validate_full_spdx_document(parse_file(str(path)))]


@pytest.mark.slow
def test_a_document_is_valid_and_lists_every_package(contents: Contents, tmp_path: Path) -> None:
    document: Any = spdx_document(SUBJECT, contents, LOCKED)
    assert problems(document, tmp_path) == []
    assert [package["name"] for package in document["packages"]] == [
        "codebase_app07", "libc6", "zlib1g", "app07-pybrain_runtime", "Tiny_Package", "Tiny_Package", "old",
    ]  # fmt: skip
    contained = [item for item in document["relationships"] if item["relationshipType"] == "CONTAINS"]
    assert {item["relatedSpdxElement"] for item in contained} == {
        package["SPDXID"] for package in document["packages"][1:]
    }


def test_the_origin_of_a_package_is_stated(contents: Contents) -> None:
    packages = spdx_document(SUBJECT, contents, LOCKED)["packages"]
    assert isinstance(packages, list)
    assert [package["sourceInfo"].partition("; ")[2] for package in packages[1:]] == [
        "part of the base image",
        "part of the base image",
        "added by the Dockerfile",
        "installed from container3_codebase/requirements.txt, which has its hashes",
        "part of the base image",
        "part of the base image",
    ]


def test_the_document_of_the_same_image_is_the_same(contents: Contents) -> None:
    assert spdx_document(SUBJECT, contents, LOCKED) == spdx_document(SUBJECT, contents, LOCKED)


@pytest.mark.slow
def test_the_validator_reports_an_invalid_document(contents: Contents, tmp_path: Path) -> None:
    document = spdx_document(SUBJECT, contents, LOCKED)
    assert problems({**document, "documentNamespace": "no address"}, tmp_path)


def test_the_lock_files_of_the_images_are_read() -> None:
    locked = locked_versions(PROJECT)
    assert "numpy" in locked["container3_codebase/requirements.txt"]
    assert "fastapi" in locked["container3_codebase/requirements-serving.txt"]
