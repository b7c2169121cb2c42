"""The packages of an image are read from its file system, which is untrusted."""

from __future__ import annotations

import io
import tarfile

import pytest

from pipeline.publishing import contents, package_files
from pipeline.publishing.contents import scan, without_repetitions
from pipeline.publishing.package import Package
from tests.publishing.trees import DEBIAN_TREE, tree


def test_the_packages_of_a_debian_image_with_python_are_found() -> None:
    packages, distribution = scan(tree(DEBIAN_TREE))
    assert distribution == "debian-12"
    assert sorted(package.url(distribution) for package in packages) == [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12",
        "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12",
        "pkg:generic/app07-pybrain_runtime@0.1.0",
        "pkg:pypi/old@2.0",
        "pkg:pypi/tiny-package@1.0",
        "pkg:pypi/tiny-package@1.0",
    ]
    tiny = [package for package in packages if package.name == "Tiny_Package"]
    assert {package.license for package in tiny} == {"MIT AND BSD-3-Clause"}
    assert [package.supplier for package in packages if package.name == "libc6"] == ["GNU Libc Maintainers"]


def test_busybox_is_recognized_under_the_name_of_any_applet() -> None:
    program = b"\x7fELF" + bytes(5000) + b"BusyBox v1.36.1 (2024-01-01)" + bytes(5000)
    packages, distribution = scan(tree({"./bin/[": program, "bin/other": b"#!/bin/sh\n"}))
    assert [(package.name, package.version, package.path) for package in packages] == [
        ("busybox", "1.36.1", "bin/[")
    ]
    assert distribution == ""


GLIBC = b"\x7fELF" + bytes(999) + b"GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n"


@pytest.mark.parametrize("path", ["lib/libc.so.6", "lib64/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"])
def test_a_c_library_without_a_description_is_recognized(path: str) -> None:
    packages, _ = scan(tree({path: GLIBC}))
    assert [(package.name, package.version) for package in packages] == [("glibc", "2.36")]


def test_files_of_a_debian_package_are_not_listed_again() -> None:
    packages, _ = scan(tree({**DEBIAN_TREE, "usr/lib/x86_64-linux-gnu/libc.so.6": GLIBC}))
    packages |= {Package("generic", "python", "3.11.2", "usr/local/bin/python3")}
    names = sorted(package.name for package in without_repetitions(packages) if package.kind == "generic")
    assert names == ["app07-pybrain_runtime", "python"]


def test_packages_of_an_image_without_dpkg_are_read_from_the_folder_status_d() -> None:
    packages, _ = scan(
        tree({"var/lib/dpkg/status.d/nginx": "Package: nginx\nVersion: 1.22\nArchitecture: amd64\n"})
    )
    assert [package.name for package in packages] == ["nginx"]


@pytest.mark.parametrize(
    "metadata",
    [
        "Name: --index-url=http://x\nVersion: 1\n",
        "Name: a b\nVersion: 1\n",
        "Name: a\nVersion: 1; rm -rf /\n",
        "Name: a\nVersion: 1\n 2\n",
        "Name: a\n",
        "Version: 1\n",
        "Name: " + "a" * 200 + "\nVersion: 1\n",
        "Name: a\nVersion: " + "9" * 5000 + "\n",
        "",
        b"\xff\xfe\x00",
    ],
)
def test_invalid_names_and_versions_are_left_out(metadata: str | bytes) -> None:
    assert scan(tree({"a-1.dist-info/METADATA": metadata})) == (set(), "")


@pytest.mark.parametrize(
    ("stated", "license"),
    [
        ("MIT", "MIT"),
        ("(MIT OR Apache-2.0) AND BSD-3-Clause", "(MIT OR Apache-2.0) AND BSD-3-Clause"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-Own", ""),
        ("BSD License", ""),
        ("MIT AND", ""),
        ("((MIT)", ""),
        ("MIT AND " * 1000 + "MIT", ""),
    ],
)
def test_a_license_is_used_only_if_it_is_an_spdx_expression(stated: str, license: str) -> None:
    headers = f"Name: a\nVersion: 1\nLicense-Expression: {stated}\n".encode()
    assert [package.license for package in package_files.python_package("a", headers)] == [license]


def test_links_and_large_files_are_not_read() -> None:
    large = "Name: a\nVersion: 1\nSummary: " + "x" * (1 << 18) + "\nName: b\n"
    stream = tree({"a.dist-info/METADATA": large}, {"b.dist-info/METADATA": "/etc/passwd"})
    packages, _ = scan(stream)
    assert [package.name for package in packages] == ["a"]


def test_an_image_with_too_many_packages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_MOST_PACKAGES", 2)
    files = {f"p{number}.dist-info/METADATA": f"Name: p{number}\nVersion: 1\n" for number in range(5)}
    with pytest.raises(ValueError, match="more than"):
        scan(tree(files))


@pytest.mark.parametrize("stream", [b"", b"not a tar stream" * 1000])
def test_a_damaged_stream_is_an_error(stream: bytes) -> None:
    with pytest.raises((tarfile.TarError, EOFError)):
        scan(io.BytesIO(stream))
