"""Builds in real containers: the submissions of a class share package files and cannot misuse the index."""

from __future__ import annotations

import uuid

import pytest

from common.docker_command import find_docker
from evaluation.compose.safe_stack import BuildRequest
from evaluation.engine.build_network import BuildNetwork
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.images.build_plan import BuildPlanner
from evaluation.images.builder import Builder
from evaluation.quotas import DEFAULT_LIMITS
from tests.evaluation.submissions import copy_submission

C3 = "container3_codebase"
BASE = "FROM python:3.11-slim\n"
PIP = "RUN pip install --retries 0 --no-cache-dir --no-deps six==1.17.0\n"


def opened(owner=""):
    version, compose = find_docker()
    return EngineSession(version, compose, DEFAULT_LIMITS, image_owner=owner)


def built(session, folder, files, network=None):
    """Build a submission with these files in its third container; return the result and the network of the builds."""
    for name, content in {"Dockerfile": BASE, **files}.items():
        path = folder / "handed-in" / C3 / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "work").mkdir()
    submission = copy_submission(str(folder / "handed-in"), folder / "work" / "submission", DEFAULT_LIMITS)
    network = network or BuildNetwork(session)
    builder = Builder(session, BuildPlanner(submission, session.limits), network, folder / "work")
    return builder.build(BuildRequest(C3, "Dockerfile")), network


def different():
    """Return a unique build step."""
    return f"RUN echo {uuid.uuid4()} >/different\n"


def test_submissions_of_a_class_with_different_dockerfiles_download_a_package_once(engine, tmp_path):
    counts = []
    with opened() as owner:
        for number in (1, 2):
            with opened(owner.id) as session:
                result, network = built(
                    session, tmp_path / str(number), {"Dockerfile": BASE + different() + PIP}
                )
                assert result.ok, result.output
                counts.append(network.packages())
                assert "Successfully installed six" in result.output
                assert "Downloading six-1.17.0" in result.output
                assert "127.0.0.1:3128/files" not in result.output
                assert "Looking in indexes" not in result.output
                variables = session.image(result.image)["Config"]["Env"]
                assert not [one for one in variables if one.startswith("PIP_")]
                assert (
                    f"{number % 2} downloaded, {(number + 1) % 2} from its cache" in network.protection().how
                )
        assert owner.inspect(f"{owner.id}-packages", kind="volume")
    assert counts == [(1, 0), (0, 1)]
    assert owner.inspect(f"{owner.id}-packages", kind="volume") == []


def test_identical_steps_of_submissions_are_shared(engine, tmp_path):
    lines = BASE + different() + PIP
    with opened() as owner:
        with opened(owner.id) as session:
            first, _ = built(session, tmp_path / "1", {"Dockerfile": lines + "CMD one\n"})
        with opened(owner.id) as session:
            second, network = built(session, tmp_path / "2", {"Dockerfile": lines + "CMD two\n"})
            assert network.packages() == (0, 0)
    assert (first.ok, second.ok) == (True, True)
    assert second.output.count("Using cache") == 3


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        (PIP.replace("six", "-i https://mirror.invalid/simple six"), {}),
        (
            "COPY r.txt /\nRUN pip install --retries 0 -r /r.txt\n",
            {"r.txt": "--index-url https://mirror.invalid/simple\nsix\n"},
        ),
        (f"ENV PIP_INDEX_URL=https://mirror.invalid/simple\n{PIP}", {}),
        (f"ARG PIP_INDEX_URL=https://mirror.invalid/simple\n{PIP}", {}),
        (
            f"COPY pip.conf /etc/pip.conf\n{PIP}",
            {"pip.conf": "[global]\nindex-url = https://mirror.invalid/simple\n"},
        ),
        (f"RUN pip config set global.index-url https://mirror.invalid/simple\n{PIP}", {}),
    ],
    ids=["option", "requirements", "env", "arg", "file", "command"],
)
def test_an_index_of_the_submission_itself_is_used(lines, files, engine, tmp_path):
    with (
        opened() as session,
        pytest.raises(CannotCheck, match=r"requests mirror\.invalid:443, which is not on the"),
    ):
        built(session, tmp_path, {"Dockerfile": BASE + different() + lines, **files})


class FailingNetwork(BuildNetwork):
    """A network whose proxy fails when a build begins.

    Args:
        engine: the engine session.
        command: what makes it fail; the name of its container is added.
    """

    def __init__(self, engine, command):
        super().__init__(engine)
        self.command = command

    def options(self):
        """Return the options of a build, and make the proxy fail if it runs."""
        options = super().options()
        self.engine.docker(*self.command, f"{self.engine.id}-proxy")
        return options


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("network", "disconnect", "bridge"), "cannot be reached from this machine"),
        (("kill",), "builds have no network: the proxy of the builds has stopped"),
    ],
    ids=["unreachable", "stopped"],
)
def test_an_index_that_fails_is_not_the_fault_of_the_submission(command, reason, engine, tmp_path):
    files = {"Dockerfile": BASE + different() + PIP.replace("--retries 0", "--retries 1")}
    with opened() as session, pytest.raises(CannotCheck, match=reason):
        built(session, tmp_path, files, FailingNetwork(session, command))


MISUSE = r"""
import http.client, json, re, socket, time

def asked(text, seconds=20):
    with socket.create_connection(("127.0.0.1", 3128), seconds) as client:
        client.settimeout(seconds)
        client.sendall(text.encode("latin-1"))
        response = b""
        while len(response) < 2000 and (chunk := client.recv(2000)):
            response += chunk
        return response

def status(line, *headers):
    try:
        response = asked("\r\n".join([line, *headers, "", ""]))
    except OSError as error:
        return type(error).__name__
    return (response.split(b"\r\n")[0] or b"closed").decode()

HERE = "http://127.0.0.1:3128"
for line, *headers in [
    [f"GET {HERE}/files/../../etc/passwd HTTP/1.1"],
    [f"GET {HERE}/files/{'0' * 64}/{'0' * 32}/https/169.254.169.254/latest HTTP/1.1"],
    [f"GET {HERE}/simple/../../proxy/socket HTTP/1.1"],
    [f"GET {HERE}/simple/{'n' * 60000}/ HTTP/1.1"],
    [f"GET {HERE}/simple/a@169.254.169.254/ HTTP/1.1"],
    ["GET http://127.0.0.1:3128@169.254.169.254/ HTTP/1.1"],
    ["GET http://127.0.0.1:31280/ HTTP/1.1"],
    ["GET http://169.254.169.254/latest HTTP/1.1", "Host: 127.0.0.1:3128"],
    ["CONNECT 127.0.0.1:3128 HTTP/1.1"],
    [f"PUT {HERE}/files/{'0' * 64} HTTP/1.1", "Content-Length: 1"],
    [f"GET {HERE}/simple/six/ HTTP/1.1\nHost: x"],
]:
    print("ASKED", line[:50], status(line, *headers))
page = asked(f"GET {HERE}/simple/six/ HTTP/1.1\r\nAccept: text/html\r\nHost: evil.invalid\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET {HERE}/x HTTP/1.1\r\n\r\n")
print("PAGE", page.split(b"\r\n")[0].decode())
path = re.search(rb'href="(/files/[^"#]+)', page).group(1).decode()
print("CHANGED", status(f"GET {HERE}{path[:-4]}.zip HTTP/1.1"))
print("OTHER", status("GET " + HERE + path.replace("/https/", "/https/evil.invalid/", 1) + " HTTP/1.1"))
slow = [socket.create_connection(("127.0.0.1", 3128)) for _ in range(40)]
for one in slow:
    one.sendall(f"GET {HERE}{path} HTTP/1.1\r\n\r\n".encode())
print("SLOW", status(f"GET {HERE}{path} HTTP/1.1"))
"""


def test_a_step_gets_only_pages_and_listed_files_from_the_index(engine, tmp_path):
    with opened() as session:
        # One step, because a repeated build shows no output of completed steps.
        misuse = PIP.replace("RUN ", "RUN python3 /misuse.py && ")
        dockerfile = f"{BASE}COPY misuse.py /\n{misuse}"
        result, network = built(session, tmp_path, {"Dockerfile": dockerfile, "misuse.py": MISUSE})
        assert result.ok, result.output
        asked = [line for line in result.output.splitlines() if line.startswith("ASKED")]
        assert len(asked) == 11
        assert not [line for line in asked if " 200" in line], asked
        assert "PAGE HTTP/1.1 200 OK" in result.output
        assert "CHANGED HTTP/1.1 404 no such path" in result.output
        assert "OTHER HTTP/1.1 404 no such path" in result.output
        assert "SLOW HTTP/1.1 200 OK" in result.output
        assert "Successfully installed six" in result.output
        assert network.refused() == ["127.0.0.1:31280", "169.254.169.254:80"]
