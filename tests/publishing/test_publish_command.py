"""`publish` pushes to a real registry, verifies what it returns, and reports errors."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from common import atomic_files
from common.errors import EngineUnavailable, RegistryFailed, VerificationFailed
from common.project import Layout
from pipeline.publishing import contents
from pipeline.publishing.transfer import local_image, push, read_manifest, verify_image, verify_tag
from tests.driving import Driven
from tests.publishing.registries import Registry, free_port, marked_processes, running_registry

pytestmark = pytest.mark.docker

_START = """
import sys
from pathlib import Path
from pipeline.cli import execute, parse
from common.project import Layout
sys.exit(execute(parse(sys.argv[2:]), Layout(Path(sys.argv[1]))))
"""


def record_of(layout: Layout, registry: Registry, tag: str) -> dict[str, Any]:
    folder = layout.output / "publishing" / f"localhost_{registry.port}+course" / tag
    value = json.loads((folder / "record.json").read_text("utf-8"))
    assert isinstance(value, dict)
    return {**value, "folder": folder}


def test_the_three_images_are_pushed_verified_and_recorded(
    clone: Layout, registry: Registry, publish: Callable[..., Driven]
) -> None:
    done = publish(clone, "--registry", registry.name, "--json", "--no-audit")
    assert done.status == 0, done.err
    record = record_of(clone, registry, "0.1.0")
    assert done.json["images"] == record["images"]
    assert record["complete"] and record["vulnerabilities"] is None
    assert [image["reference"].rpartition("/")[2] for image in record["images"]] == [
        "activationbase_app07:0.1.0", "codebase_app07:0.1.0", "knowledgebase_app07:0.1.0",
    ]  # fmt: skip
    for image in record["images"]:
        (platform,) = image["platforms"].values()
        assert platform["digest"] == image["digest"]
        assert registry.blob(image["digest"]).is_file()
        sbom = record["folder"] / platform["sbom"]
        assert atomic_files.sha256_of(sbom) == platform["sbom_sha256"]
    names = {package["name"] for package in json.loads(sbom_of(record, 1).read_text("utf-8"))["packages"]}
    assert {"numpy", "app07-pybrain_runtime"} <= names
    assert "busybox" in sbom_of(record, 0).read_text("utf-8")


def sbom_of(record: dict[str, Any], number: int) -> Path:
    (platform,) = record["images"][number]["platforms"].values()
    path = record["folder"] / platform["sbom"]
    assert isinstance(path, Path)
    return path


def test_a_second_push_gives_the_same_digests(
    small_checkout: Layout, registry: Registry, publish: Callable[..., Driven]
) -> None:
    first = publish(small_checkout, "--registry", registry.name, "--tag", "1.0", "--json")
    second = publish(small_checkout, "--registry", registry.name, "--tag", "1.0", "--json")
    assert first.status == second.status == 0, first.err + second.err
    assert first.json["images"][0]["digest"] == second.json["images"][0]["digest"]
    assert first.json["vulnerabilities"]["status"] == "clean"  # it has no Python package


def test_the_images_of_several_platforms_are_joined_under_one_tag(
    small_checkout: Layout, registry: Registry, publish: Callable[..., Driven]
) -> None:
    platforms = ("--platform", "linux/amd64", "--platform", "linux/arm64")
    done = publish(small_checkout, "--registry", registry.name, "--tag", "1.0", "--json", *platforms)
    assert done.status == 0, done.err
    (image,) = done.json["images"]
    index = read_manifest(f"{registry.name}/activationbase_app07@{image['digest']}", registry.host)
    manifests = index["manifests"]
    assert isinstance(manifests, list)
    listed = {
        f"{entry['platform']['os']}/{entry['platform']['architecture']}": entry["digest"]
        for entry in manifests
    }
    assert listed == {platform: described["digest"] for platform, described in image["platforms"].items()}
    assert sorted(listed) == ["linux/amd64", "linux/arm64"]
    verify_tag(f"{registry.name}/activationbase_app07:1.0", image["digest"], registry.host)


def test_a_registry_that_does_not_respond_is_reported(
    engine: None, small_checkout: Layout, publish: Callable[..., Driven]
) -> None:
    host = f"localhost:{free_port()}"
    done = publish(small_checkout, "--registry", f"{host}/course", "--tag", "1.0")
    assert done.status == 69
    assert f"no registry responds at {host}" in done.err and "connection refused" in done.err
    assert "Traceback" not in done.err
    subprocess.run(
        ["docker", "image", "rm", f"{host}/course/activationbase_app07:1.0"], check=True, capture_output=True
    )


def test_a_registry_that_refuses_images_is_reported_with_the_reason(
    engine: None, tmp_path: Path, small_checkout: Layout, publish: Callable[..., Driven]
) -> None:
    with running_registry(tmp_path / "registry", read_only=True) as registry:
        done = publish(small_checkout, "--registry", registry.name, "--tag", "1.0", "--json")
    assert done.status == 69
    assert f"{registry.host} is not a registry, or refuses the image" in done.err
    assert "HTTP 405" in done.err
    assert (done.json["complete"], done.json["images"]) == (False, [])


def test_credentials_are_those_of_docker_login(
    engine: None,
    tmp_path: Path,
    small_checkout: Layout,
    publish: Callable[..., Driven],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with running_registry(tmp_path / "registry", with_account=True) as registry:
        refused = publish(small_checkout, "--registry", registry.name, "--tag", "1.0")
        assert refused.status == 69
        assert f"{registry.host} requires credentials" in refused.err
        assert f"docker login {registry.host}" in refused.err
        subprocess.run(
            ["docker", "login", "--username", "student", "--password-stdin", registry.host],
            input=b"right", check=True, capture_output=True,
        )  # fmt: skip
        done = publish(small_checkout, "--registry", registry.name, "--tag", "1.0", "--json")
        assert done.status == 0, done.err
        folder = record_of(small_checkout, registry, "1.0")["folder"]
        assert "student" not in "".join(path.read_text("utf-8") for path in folder.iterdir())


def test_a_registry_that_returns_other_content_is_detected(
    registry: Registry, small_checkout: Layout, publish: Callable[..., Driven]
) -> None:
    assert publish(small_checkout, "--registry", registry.name, "--tag", "1.0").status == 0
    reference = f"{registry.name}/activationbase_app07:1.0"
    digest = push(reference, registry.host)
    image = local_image(reference)
    stored = registry.blob(digest)
    stored.write_bytes(stored.read_bytes() + b"\n")
    repository = reference.rpartition(":")[0]
    with pytest.raises(VerificationFailed, match="returned different content"):
        verify_image(repository, digest, image, registry.host)
    with pytest.raises(VerificationFailed, match="points to sha256:"):
        verify_tag(reference, digest, registry.host)
    stored.unlink()
    # The engine would still serve a pull from its cache.
    with pytest.raises((RegistryFailed, VerificationFailed)):
        verify_image(repository, digest, image, registry.host)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_interrupted_command_leaves_an_incomplete_record_and_can_be_repeated(
    registry: Registry,
    small_checkout: Layout,
    publish: Callable[..., Driven],
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    registry.freeze()
    words = ("publish", "--registry", registry.name, "--tag", "1.0")
    mark = f"APP07_TEST_MARK={tmp_path}"
    process = subprocess.Popen(
        [sys.executable, "-c", _START, str(small_checkout.root), *words],
        env=os.environ | dict([mark.split("=")]), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    path = small_checkout.output / "publishing" / f"localhost_{registry.port}+course" / "1.0" / "record.json"
    try:
        while not (path.exists() and any("push" in words for words in commands(mark))):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        os.kill(process.pid, number)
        status = process.wait(300)
    finally:
        left = marked_processes(mark)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        said = process.communicate()[0].decode()
    if number == signal.SIGTERM:
        assert (status, left) == (130, []), said
        assert "interrupted" in said
    record = record_of(small_checkout, registry, "1.0")
    assert (record["complete"], record["images"]) == (False, [])
    registry.thaw()
    assert publish(small_checkout, *words[1:]).status == 0
    assert record_of(small_checkout, registry, "1.0")["complete"]


def commands(mark: str) -> list[list[str]]:
    """Return the command lines of the processes with a mark in their environment."""
    lines = []
    for pid in marked_processes(mark):
        with suppress(OSError):
            lines.append(Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0"))
    return lines


def test_an_image_that_cannot_be_read_completely_is_an_error(engine: None) -> None:
    with pytest.raises(EngineUnavailable, match="has no image"):
        contents.read_contents("localhost/none/none:none", "app07-test-none")
    with pytest.raises((EngineUnavailable, VerificationFailed)):
        contents._exported("app07-no-such-container", "x")


def test_a_build_that_fails_is_reported_with_its_last_lines(
    registry: Registry, small_checkout: Layout, publish: Callable[..., Driven]
) -> None:
    dockerfile = small_checkout.root / "container1_activationbase" / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY missing.csv /\n", encoding="utf-8")
    done = publish(small_checkout, "--registry", registry.name, "--tag", "1.0")
    assert done.status == 69
    assert "activationbase could not be built for linux/amd64" in done.err and "missing.csv" in done.err
    assert not (small_checkout.output / "publishing").exists()


def test_missing_buildx_is_reported_with_a_hint_to_install_it(
    engine: None,
    small_checkout: Layout,
    publish: Callable[..., Driven],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    docker = shutil.which("docker")
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "docker"
    refusal = """echo "docker: 'buildx' is not a docker command." >&2; exit 1"""
    stub.write_text(
        f'#!/bin/sh\nif [ "$1" = buildx ]; then {refusal}; fi\nexec {docker} "$@"\n', encoding="utf-8"
    )
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    done = publish(small_checkout, "--registry", "localhost:1/course")
    assert done.status == 69
    assert "docker buildx is not installed" in done.err and "docker-buildx-plugin" in done.err


def test_an_output_folder_that_cannot_be_written_is_reported(
    registry: Registry, small_checkout: Layout, publish: Callable[..., Driven]
) -> None:
    folder = small_checkout.output / "publishing"
    folder.write_text("a file", encoding="utf-8")
    done = publish(small_checkout, "--registry", registry.name, "--tag", "1.0")
    assert done.status == 73
    assert str(folder) in done.err
    (small_checkout.output / ".publishing.lock").unlink()
    (small_checkout.output / ".publishing.lock").mkdir()
    assert publish(small_checkout, "--registry", registry.name, "--tag", "1.0").status == 73
