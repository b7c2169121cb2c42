"""A container engine for the tests of this folder: without one they are skipped, or fail if CI is set."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.docker_command import Compose, find_docker
from common.project import SERVICES, Layout, Service
from tests.conftest import engine_required

COMMANDS = {"v1": ["docker-compose", "--ansi", "never"], "v2": ["docker", "compose", "--ansi", "never"]}
ORDINARY_USER = 23457
# For tests of what the containers do, which does not depend on the version of Compose that starts them.
inside_containers = pytest.mark.parametrize("generation", ["v2"], indirect=True)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):  # thousands of paths: their parents would be as many objects each
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session", autouse=True)
def docker() -> None:
    """Require a running daemon and both versions of Compose."""
    with engine_required():
        for generation in COMMANDS:
            find_docker(compose=generation)


@pytest.fixture(scope="session")
def latest_images_stay_as_they_are(docker: None) -> Iterator[None]:
    """Restore the `latest` tags of the developer's images after tests of the drivers.

    Modules that ask for it are in one `xdist_group`: there is one `latest` on a machine.
    """
    before = {service.image: image_id(service.image) for service in SERVICES}
    yield
    for name, image in before.items():
        if image:
            subprocess.run(["docker", "tag", image, f"{name}:latest"], check=True)


def image_id(name: str) -> str:
    """Return the ID of an image; empty if there is none."""
    asked = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Id}}", name],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()


@pytest.fixture(params=["v1", "v2"])
def generation(request: pytest.FixtureRequest) -> str:
    """Run a test with docker-compose 1.29.2 and with docker compose 2.x."""
    return str(request.param)


@pytest.fixture(scope="session")
def compose_versions(docker: None) -> dict[str, Compose]:
    return {generation: find_docker(compose=generation)[1] for generation in COMMANDS}


@dataclass(frozen=True)
class Typed:
    """A command and its result."""

    status: int
    output: str


@dataclass(frozen=True)
class Stack:
    """A checkout in which the literal Compose commands are run.

    The images get a tag of their own, so that broken ones do not take the place of the developer's.
    """

    layout: Layout
    generation: str
    tag: str
    user: int | None = None

    def up(self, *options: str, **environment: str) -> Typed:
        return self.type(
            [*COMMANDS[self.generation], "up", *options, "--abort-on-container-exit"], **environment
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of the commands, without the additions of a test."""
        return {**os.environ, "IMAGE_TAG": self.tag, "HOME": str(self.layout.root)}

    def plain(self, *words: str, **environment: str) -> Typed:
        """Run a literal Compose command with a time limit."""
        return self.type([*COMMANDS[self.generation], *words], **environment)

    def ids(self, service: str) -> list[str]:
        """Return the running containers of one service of this checkout."""
        filters = [f"project.working_dir={self.layout.root}", f"service={service}"]
        options = [word for name in filters for word in ("--filter", f"label=com.docker.compose.{name}")]
        listed = subprocess.run(["docker", "ps", "-q", *options], capture_output=True, text=True, check=True)
        return listed.stdout.split()

    def down(self) -> None:
        """Remove what a test has left behind; 2.x finds the containers of 1.29.2 as well, in a fraction of its time."""
        self.type([*COMMANDS["v2"], "down", "--volumes"])

    def type(self, command: Sequence[str], **environment: str) -> Typed:
        done = subprocess.run(
            command,
            cwd=self.layout.root,
            env={**self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            user=self.user,
            group=None if self.user is None else _docker_group(),
            extra_groups=None if self.user is None else [],
            check=False,
        )
        return Typed(done.returncode, done.stdout)

    def running(self) -> list[str]:
        """Return the running containers of this checkout."""
        where = f"label=com.docker.compose.project.working_dir={self.layout.root}"
        listed = subprocess.run(
            ["docker", "ps", "--filter", where, "--format", "{{.Names}}"],
            capture_output=True,
            text=True,
            check=True,
        )
        return listed.stdout.split()

    def shared(self, name: str) -> Path:
        return self.layout.shared_data / name


def _docker_group() -> int:
    return Path("/var/run/docker.sock").stat().st_gid


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that an ordinary user can access, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="app07-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def built_tag(
    docker: None, tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]
) -> Iterator[str]:
    """Return the tag of images that are built once, from an unchanged checkout."""
    tag = f"test-built-{uuid.uuid4().hex[:8]}"
    layout = copy_project(tmp_path_factory.mktemp("built") / tag)
    environment = os.environ | {"IMAGE_TAG": tag}
    command = [*COMMANDS["v2"], "build"]
    done = subprocess.run(
        command, cwd=layout.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield tag
    _remove_images(tag)


def _remove_images(tag: str) -> None:
    names = [f"{service.image}:{tag}" for service in SERVICES]
    subprocess.run(["docker", "image", "rm", "-f", *names], capture_output=True, check=False)


@pytest.fixture
def unbuilt(place: Path, generation: str, copy_project: Callable[[Path], Layout]) -> Iterator[Stack]:
    """Return a fresh checkout for one version of Compose; the first `up` builds its images.

    Its folder has a name of its own, because Compose takes that for the project's: several tests run at a time.
    """
    tag = f"test-{uuid.uuid4().hex[:8]}"
    made = Stack(copy_project(place / tag), generation, tag)
    yield made
    made.down()
    _remove_images(tag)


@pytest.fixture
def stack(unbuilt: Stack, built_tag: str) -> Stack:
    """Return a fresh checkout with built images. A test that changes their build contexts uses `unbuilt`."""
    return _tagged(unbuilt, built_tag, SERVICES)


@pytest.fixture
def without_codebase(unbuilt: Stack, built_tag: str) -> Stack:
    """Return a fresh checkout with the images of the data containers; the first `up` builds that of codebase."""
    return _tagged(unbuilt, built_tag, SERVICES[:2])


def _tagged(stack: Stack, built_tag: str, services: Sequence[Service]) -> Stack:
    for service in services:
        names = [f"{service.image}:{tag}" for tag in (built_tag, stack.tag)]
        subprocess.run(["docker", "tag", *names], check=True)
    return stack
