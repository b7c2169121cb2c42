"""Failed builds and pulls: real outputs distinguish failures of the environment from mistakes in a submission."""

from __future__ import annotations

import pytest

from common.docker_command import Compose
from common.process import CompletedProgram
from evaluation.engine.image_names import is_no_such_image, misspelled_image, misspelled_official
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck, ImageRefused
from evaluation.images.environment_failures import BuildEnvironment, environment_reason
from evaluation.processes.bounded_process import BY_ITSELF, OUTPUT, TIME, BoundedResult
from evaluation.quotas import DEFAULT_LIMITS

NOT_FOUND = """\
ERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: none)
ERROR: No matching distribution found for numpy==2.4.6"""
RETRYING = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by "
    "'ProxyError('Cannot connect to proxy.', {})': /simple/numpy/\n"
)
UNREACHABLE = (
    RETRYING.format("OSError('Tunnel connection failed: 502 the host cannot be reached')") * 5 + NOT_FOUND
)
REFUSED = RETRYING.format("OSError('Tunnel connection failed: 403 not a package index')") + NOT_FOUND
NO_NETWORK = (
    RETRYING.format(
        "NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7ff383c63450>: Failed to "
        "establish a new connection: [Errno 111] Connection refused')"
    )
    + NOT_FOUND
)
APT_UNREACHABLE = """\
Err:1 http://deb.debian.org/debian bookworm InRelease
  502  the host cannot be reached [IP: 127.0.0.1 3128]
Reading package lists...
E: The repository 'http://deb.debian.org/debian bookworm InRelease' is not signed.
E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  502  the host cannot be reached [IP: 127.0.0.1 3128]
Reading package lists...
E: Unable to locate package gcc
Building dependency tree...
Reading state information..."""
APT_NO_NETWORK = """\
Err:1 http://deb.debian.org/debian bookworm InRelease
  Could not connect to 127.0.0.1:3128 (127.0.0.1). - connect (111: Connection refused)
W: Some index files failed to download. They have been ignored, or old ones used instead.
Reading package lists...
Building dependency tree...
Reading state information...
E: Unable to locate package gcc"""
WRONG_VERSION = """\
ERROR: Ignored the following versions that require a different python version: 1.21.2 Requires-Python >=3.7,<3.11
ERROR: Could not find a version that satisfies the requirement numpy==99.1 (from versions: 2.4.5, 2.4.6)
ERROR: No matching distribution found for numpy==99.1"""
OTHER_INDEX = """\
Looking in indexes: https://index.example/simple, https://wheels.example/whl/cpu
ERROR: Could not find a version that satisfies the requirement torch==2.0.0+cpu (from versions: 1.13.0, 2.0.0, 2.0.1)
ERROR: No matching distribution found for torch==2.0.0+cpu"""
WRONG_NAME = """\
ERROR: Could not find a version that satisfies the requirement nunpyy-xyz (from versions: none)
ERROR: No matching distribution found for nunpyy-xyz"""
WRONG_OPERATOR = "ERROR: Invalid requirement: 'numpy=2.4'\nHint: = is not a valid operator. Did you mean == ?"
NO_COMPILER = """\
            RuntimeError: Broken toolchain: cannot link a simple C program
            [end of output]
note: This error originates from a subprocess, and is likely not a problem with pip.
error: subprocess-exited-with-error
note: This error originates from a subprocess, and is likely not a problem with pip."""
WRONG_APT_NAME = "Reading package lists...\nBuilding dependency tree...\nE: Unable to locate package gccx"
SERVER_ERROR = "ERROR: HTTP error 503 while getting https://files.example/numpy.whl"
DOWN = BuildEnvironment(unreachable=["index.example:443"])
ASKED = BuildEnvironment(refused=["wheels.example:443"])


def build(output: str, *, status: int = 1, ended: str = BY_ITSELF, step: bool = True) -> BoundedResult:
    """Return the result of a build whose last step printed something, or that ended without a failed step."""
    if step:
        output = (
            "Step 2/3 : COPY pybrain /opt/pybrain/pybrain\n ---> 0123456789ab\nStep 3/3 : RUN pip install numpy\n"
            f" ---> Running in ab0123456789\n{output}\n"
            "The command '/bin/sh -c pip install numpy' returned a non-zero code: 1"
        )
    return BoundedResult(status, output, 1.0, ended)


@pytest.mark.parametrize(
    ("output", "environment", "reason"),
    [
        (UNREACHABLE, DOWN, "index.example:443 cannot be reached from this machine"),
        (APT_UNREACHABLE, DOWN, "index.example:443 cannot be reached"),
        (NO_NETWORK, BuildEnvironment(why_missing="its proxy did not start"), "builds have no network: its proxy"),
        (APT_NO_NETWORK, BuildEnvironment(why_missing="no image"), "builds have no network: no image"),
        (WRONG_NAME, DOWN, "index.example:443 cannot be reached"),
        (OTHER_INDEX, ASKED, "it requests wheels.example:443, which is"),
        (REFUSED, ASKED, "it requests wheels.example:443, which is not on the allow-list of package indexes"),
        ("curl: (56) CONNECT tunnel failed, response 403", ASKED, "it requests wheels.example:443"),
        (SERVER_ERROR, BuildEnvironment(), "a package index failed: HTTP error 503 while getting"),
    ],
)  # fmt: skip
def test_a_package_that_cannot_be_fetched_is_not_the_submissions_fault(output, environment, reason):
    assert environment_reason(build(output), environment)[0].startswith(reason)


@pytest.mark.parametrize(
    "output",
    [WRONG_VERSION, WRONG_OPERATOR, NO_COMPILER, WRONG_APT_NAME, "python: not found", ""],
)
@pytest.mark.parametrize("environment", [BuildEnvironment(), DOWN, ASKED])
def test_a_wrong_package_is_the_submissions_fault_whatever_else_was_requested(output, environment):
    assert environment_reason(build(output), environment) == ("", "")


@pytest.mark.parametrize("environment", [BuildEnvironment(), ASKED])
def test_a_package_that_no_index_has_is_the_submissions_fault(environment):
    assert environment_reason(build(WRONG_NAME), environment) == ("", "")


@pytest.mark.parametrize("output", [UNREACHABLE, REFUSED, NO_NETWORK, APT_UNREACHABLE])
def test_a_step_that_only_prints_such_messages_is_the_submissions_fault(output):
    assert environment_reason(build(output), BuildEnvironment()) == ("", "")


def test_messages_of_an_earlier_step_are_not_the_reason():
    earlier = f"{UNREACHABLE}\nStep 3/3 : RUN false\n ---> Running in cd0123456789\nboom"
    assert environment_reason(build(earlier), DOWN) == ("", "")
    later = UNREACHABLE + "\nTraceback (most recent call last):" + "\n  a line" * 20 + "\nKeyError: 'x'"
    assert environment_reason(build(later), DOWN) == ("", "")


def test_a_build_that_waits_for_a_host_is_not_the_submissions_fault():
    assert "index.example" in environment_reason(build("", ended=TIME), DOWN)[0]
    assert environment_reason(build("", ended=TIME), BuildEnvironment()) == ("", "")
    assert environment_reason(build(UNREACHABLE, ended=OUTPUT), DOWN) == ("", "")


@pytest.mark.parametrize(
    ("output", "of_engine"),
    [
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", True),
        ("unable to find image \"sha256:0123456789abcdef\"", True),
        ("failed to register layer: write /usr/lib/x: no space left on device", True),
        ('Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host', True),
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat a.csv", False),
        ("Dockerfile parse error line 3: unknown instruction: RUNN", False),
    ],
)  # fmt: skip
def test_a_failure_of_the_engine_is_not_the_submissions_fault(output, of_engine):
    reason, _ = environment_reason(build(output, step=False), BuildEnvironment())
    assert reason.startswith("the engine failed: ") is of_engine
    assert environment_reason(build("", status=137, step=False), BuildEnvironment())[0] == (
        "the engine failed: no output"
    )


PULLS = {
    "Error response from daemon: manifest unknown": True,
    "Error response from daemon: manifest for python:3.99-slim not found: manifest unknown: manifest unknown": True,
    "Error response from daemon: name unknown": True,
    "Error response from daemon: pull access denied for pythonn, repository does not exist or may require "
    "'docker login': denied: requested access to the resource is denied": True,
    "Error response from daemon: unauthorized": True,
    "invalid reference format: repository name (library/Python) must be lowercase": True,
    "Error response from daemon: toomanyrequests: You have reached your pull rate limit.": False,
    "Error response from daemon: received unexpected HTTP status: 503 Service Unavailable": False,
    "no matching manifest for linux/amd64 in the manifest list entries": False,
    'Error response from daemon: Get "https://registry.example/v2/": dial tcp: lookup registry.example on '
    "10.0.0.1:53: no such host": False,
    'Error response from daemon: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused': False,
}  # fmt: skip


@pytest.mark.parametrize(("output", "missing"), PULLS.items())
def test_a_missing_base_image_is_distinguished_from_a_registry_that_does_not_respond(output, missing):
    assert is_no_such_image(output, official=True) is missing
    engine = EngineSession("0", Compose(("docker", "compose"), "2"), DEFAULT_LIMITS)
    engine.image = lambda name: None  # type: ignore[method-assign]
    engine.docker = lambda *words, timeout: CompletedProgram((), 1, output, 0.0)  # type: ignore[method-assign]
    with pytest.raises(CannotCheck) as raised:
        engine.ensure_image("python:3.99-slim")
    assert isinstance(raised.value, ImageRefused) is missing
    assert raised.value.of_environment is not missing


def test_an_image_that_the_user_allowed_may_need_credentials():
    denied = "pull access denied for me/base, repository does not exist or may require 'docker login': denied"
    assert not is_no_such_image(denied, official=False)
    assert is_no_such_image("manifest for me/base:2 not found: manifest unknown", official=False)


def test_a_misspelled_image_of_the_submission_is_recognized():
    names = ["knowledgebase_app07", "codebase_app07"]
    assert misspelled_image("knowledge_base_app7", names) == "knowledgebase_app07"
    assert misspelled_image("codebase_ap07:v2", names) == "codebase_app07:v2"
    for other in ("codebase_app07", "anna/codebase_ap07", "node:20", "redis", "codebase"):
        assert misspelled_image(other, names) == ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pyhton:3.11-slim", "python:3.11-slim"), ("Python:3.11", "python:3.11"), ("ubunto", "ubuntu"),
        ("debain:12", "debian:12"), ("node:20", ""), ("pypy:3.10", ""), ("anna/pyhton:3", ""), ("nginx", ""),
        ("python:3.11", ""),
    ],
)  # fmt: skip
def test_a_misspelled_official_image_is_recognized(name, meant):
    assert misspelled_official(name) == meant
