"""The API of the engine is used if its client would use the same engine; both backends give the same results."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from io import BytesIO

import pytest

from common.docker_command import Compose
from evaluation.engine.api_backend import ApiBackend
from evaluation.engine.client_backend import ClientBackend
from evaluation.engine.engine_api import EngineApi, connect
from evaluation.engine.engine_socket import socket_path
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.quotas import DEFAULT_LIMITS, MIB

NOTHING_SET = {"DOCKER_CONFIG": "/nonexistent"}


class Replies(BaseHTTPRequestHandler):
    """Responds to each path with the configured response of the server."""

    def do_GET(self):
        status, content = self.server.replies.get(
            self.path.partition("?")[0], (404, b'{"message": "no such"}')
        )
        if status == 0:
            time.sleep(1)
            return
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        if content == b"cut":
            self.send_header("Transfer-Encoding", "chunked")
            content = b"5\r\n" + content
        else:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.command != "HEAD" else b"")

    do_POST = do_HEAD = do_GET

    def version_string(self):
        return "Docker/20.10.24 (linux)"

    def log_message(self, *words):
        """Print nothing."""


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def get_request(self):
        return super().get_request()[0], ("", 0)


@pytest.fixture
def replies(tmp_path):
    """Serve the paths of a dictionary on a unix socket, and return both."""
    path = str(tmp_path / "engine.sock")
    with Server(path, Replies) as server:
        server.replies = {"/_ping": (200, b"OK")}
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield path, server.replies
        server.shutdown()


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        (NOTHING_SET, "/var/run/docker.sock"),
        (NOTHING_SET | {"DOCKER_CONTEXT": "default"}, "/var/run/docker.sock"),
        (NOTHING_SET | {"DOCKER_HOST": "unix:///run/user/1000/docker.sock"}, "/run/user/1000/docker.sock"),
        (NOTHING_SET | {"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "other"}, "/x"),
        (NOTHING_SET | {"DOCKER_HOST": "tcp://engine:2376"}, ""),
        (NOTHING_SET | {"DOCKER_HOST": "ssh://somebody@engine"}, ""),
        (NOTHING_SET | {"DOCKER_HOST": "unix://relative"}, ""),
        (NOTHING_SET | {"DOCKER_CONTEXT": "other"}, ""),
    ],
)
def test_the_socket_is_that_of_the_engine_that_the_client_would_use(variables, path):
    assert socket_path(variables) == path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{}", "/var/run/docker.sock"),
        ('{"auths": {}, "currentContext": "default"}', "/var/run/docker.sock"),
        ('{"currentContext": "rootless"}', ""),
        ("[]", ""),
        ("no JSON", ""),
        ("[" * 100_000, ""),
    ],
)
def test_a_context_that_the_user_has_chosen_is_left_to_the_client(tmp_path, text, path):
    (tmp_path / "config.json").write_text(text)
    assert socket_path({"DOCKER_CONFIG": str(tmp_path)}) == path


def test_only_the_engine_that_the_client_has_reported_is_used(replies, tmp_path):
    path, _ = replies
    found = connect("20.10.24", {"DOCKER_HOST": f"unix://{path}"})
    assert found is not None
    assert found.path == path
    assert connect("27.0.1", {"DOCKER_HOST": f"unix://{path}"}) is None
    assert connect("20.10.24", {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}) is None
    assert connect("20.10.24", {"DOCKER_HOST": "tcp://engine:2376"}) is None


def test_a_session_uses_the_client_for_an_engine_that_is_not_on_this_machine(replies, monkeypatch):
    path, _ = replies
    compose = Compose(("docker", "compose"), "2")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    assert isinstance(EngineSession("20.10.24", compose, DEFAULT_LIMITS).backend, ApiBackend)
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine:2376")
    assert isinstance(EngineSession("20.10.24", compose, DEFAULT_LIMITS).backend, ClientBackend)


def test_an_engine_that_does_not_respond_is_reported(replies):
    path, table = replies
    table["/v1.41/info"] = (0, b"")
    with pytest.raises(CannotCheck, match=r"the engine did not respond to GET /v1\.41/info within 0\.2 s"):
        EngineApi(path, "1.41").request("GET", "info", timeout=0.2)


def test_an_engine_that_has_ended_reports_nothing_as_with_the_client(tmp_path):
    backend = ApiBackend(EngineApi(str(tmp_path / "none.sock")))
    assert backend.inspect("container", "one") == []
    assert backend.ids("container") == []
    assert backend.written_bytes("one") == 0
    assert backend.history_length("one") == 0
    assert backend.output("one") == ""
    assert backend.information().processors == 0
    with pytest.raises(CannotCheck, match="`docker volume create` failed: the engine cannot be reached"):
        backend.create_volume("one", "a=b", {})


def test_the_size_of_a_response_is_limited(replies):
    path, table = replies
    table["/containers/json"] = (200, b"[" + b" " * (17 << 20))
    with pytest.raises(CannotCheck, match="the engine's response has more than 16,777,216 bytes"):
        ApiBackend(EngineApi(path)).ids("container")


def test_a_response_that_is_not_json_is_reported(replies):
    path, table = replies
    for content in (b"<html>", b"[" * 100_000):
        table["/info"] = (200, content)
        with pytest.raises(CannotCheck, match="the engine's response is not JSON"):
            ApiBackend(EngineApi(path)).information()


def test_the_message_of_the_engine_is_reported(replies):
    path, table = replies
    table["/volumes/create"] = (500, json.dumps({"message": "no space left"}).encode())
    with pytest.raises(
        CannotCheck, match="`docker volume create` failed: Error response from daemon: no space"
    ):
        ApiBackend(EngineApi(path)).create_volume("one", "a=b", {})


def test_an_archive_that_ends_early_or_exceeds_its_limit_is_reported(replies, tmp_path):
    path, table = replies
    api = EngineApi(path)
    table["/containers/one/archive"] = (200, b"x" * 2000)
    assert api.download("containers", "one", "archive", file=tmp_path / "out", limit=2000, path="/a b") == ""
    assert (tmp_path / "out").read_bytes() == b"x" * 2000
    backend = ApiBackend(api)
    assert (
        backend.download("one", "/a", tmp_path / "out", 1999, follow_link=True)
        == "it has more than 1,999 bytes"
    )
    assert backend.export("two", tmp_path / "out", 10) == "Error response from daemon: no such"
    table["/containers/one/export"] = (200, b"cut")
    assert "the engine's response is incomplete" in backend.export("one", tmp_path / "out", 10)


def frame(stream, content, size=None):
    length = len(content) if size is None else size
    return bytes([stream, 0, 0, 0]) + length.to_bytes(4, "big") + content


def test_a_log_is_extracted_from_its_frames_and_truncated_at_its_limit(replies):
    path, table = replies
    table["/containers/one/json"] = (200, b'{"Config": {"Tty": false}}')
    long = b"x" * 900_000
    log = frame(1, b"out\n") + frame(2, b"\x1b[31merror\x1b[0m\n") + frame(1, long) + frame(1, long)
    table["/containers/one/logs"] = (200, log)
    lines = ApiBackend(EngineApi(path)).last_lines("one", 15)
    assert lines[:2] == ["out", "error"]
    assert lines[2:] == ["x" * 8192]
    table["/containers/one/logs"] = (200, frame(1, b"cut", size=2**32 - 1) + b"\0\0")
    assert ApiBackend(EngineApi(path)).output("one").startswith("cut")


# In real containers.


@pytest.fixture(params=["api", "client"])
def backend(request, engine):
    """Return a backend of each kind for the same engine."""
    if request.param == "client":
        return ClientBackend()
    api = connect(engine, os.environ)
    if api is None:
        pytest.skip("the engine has no socket on this machine")
    return ApiBackend(api)


@pytest.fixture
def label(request, engine):
    """Yield a label, and remove the objects that have it afterwards."""
    value = f"app07api-{os.getpid()}-{time.monotonic_ns():x}"
    yield f"app07.tests={value}"
    client = ClientBackend()
    for kind in ("container", "network", "volume"):
        client.remove(kind, *client.ids(kind, f"label=app07.tests={value}"))


def start(label, name, script):
    options = ["--detach", "--name", name, "--label", label, "--network", "none", "--entrypoint", "sh"]
    subprocess.run(
        ["docker", "run", *options, "busybox:latest", "-c", script],
        check=True,
        capture_output=True,
        timeout=300,
    )


def wait_until(holds):
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_both_backends_report_and_change_a_container_alike(backend, label):
    name = label.partition("=")[2]
    start(label, name, "echo out; echo error >&2; head -c 3000000 /dev/zero > /fill; sleep 600")
    wait_until(lambda: backend.written_bytes(name) >= 3_000_000)
    (details,) = backend.inspect("container", "app07-there-is-none", name)
    assert details["Name"] == f"/{name}"
    assert backend.ids("container", f"label={label}") == [details["Id"]]
    assert backend.ids("container", f"label={label}", "status=exited") == []
    assert name in backend.labels("container", "app07.tests")
    assert backend.written_bytes("app07-there-is-none", name) == backend.most_written(f"label={label}")
    assert 3_000_000 <= backend.written_bytes(name) < 3_100_000
    assert backend.output(name) == "out\n"
    assert sorted(backend.last_lines(name, 15)) == ["error", "out"]
    assert len(backend.last_lines(name, 1)) == 1

    backend.limit_processes(name, 40)
    assert backend.inspect("container", name)[0]["HostConfig"]["PidsLimit"] == 40
    backend.kill(name, "app07-there-is-none")
    assert backend.inspect("container", name)[0]["State"]["ExitCode"] == 137
    assert backend.ids("container", f"label={label}", "status=exited") == [details["Id"]]
    backend.remove("container", "app07-there-is-none", name)
    assert backend.inspect("container", name) == []


def test_both_backends_create_and_remove_volumes_and_networks_alike(backend, label):
    name = label.partition("=")[2]
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}
    backend.create_volume(name, label, options)
    (details,) = backend.inspect("volume", name)
    assert details["Options"] == options
    assert backend.ids("volume", f"label={label}") == [name]
    assert name in backend.labels("volume", "app07.tests")
    backend.remove("volume", name)
    assert backend.ids("volume", f"label={label}") == []
    with pytest.raises(
        CannotCheck, match=r"`docker volume create` failed: Error response from daemon: .*too short"
    ):
        backend.create_volume("/", label, options)

    words = ["network", "create", "--internal", "--label", label, name]
    subprocess.run(["docker", *words], check=True, capture_output=True, timeout=300)
    assert len(backend.ids("network", f"label={label}")) == 1
    backend.remove("network", *backend.ids("network", f"label={label}"))
    assert backend.inspect("network", name) == []


def tar_of(folder, files):
    archive = folder / "in.tar"
    with tarfile.open(archive, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.uid, entry.gid = len(content), 1234, 1234
            tar.addfile(entry, BytesIO(content))
    return archive


def contents(archive):
    with tarfile.open(archive) as tar:
        files = [entry for entry in tar if entry.isreg()]
        return {file.name: (tar.extractfile(file).read(), file.uid) for file in files}


def test_both_backends_copy_files_into_and_out_of_a_container_alike(backend, label, tmp_path):
    container = backend.create_container("busybox:latest", label)
    (details,) = backend.inspect("container", container)
    assert details["State"]["Status"] == "created"
    assert details["HostConfig"]["NetworkMode"] == "none"
    assert backend.ids("container", f"label={label}") == [details["Id"]]

    sent, archive = {"one.txt": b"one", "folder/two.txt": b"two" * 1000}, tmp_path / "out.tar"
    assert backend.upload(tar_of(tmp_path, sent), container, "/tmp") == ""
    assert backend.download(container, "/tmp/.", archive, MIB) == ""
    assert contents(archive) == {f"./{name}": (content, 1234) for name, content in sent.items()}
    assert backend.download(container, "/tmp/one.txt", archive, MIB) == ""
    assert contents(archive) == {"one.txt": (b"one", 1234)}
    assert backend.export(container, archive, 64 * MIB) == ""
    assert contents(archive)["tmp/one.txt"] == (b"one", 1234)
    assert backend.export(container, archive, 1000) == "it has more than 1,000 bytes"

    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "folder/two.txt"
    with tarfile.open(tmp_path / "in.tar", "w") as tar:
        tar.addfile(link)
    assert backend.upload(tmp_path / "in.tar", container, "/tmp") == ""
    assert backend.download(container, "/tmp/link", archive, MIB, follow_link=True) == ""
    assert list(contents(archive).values()) == [(b"two" * 1000, 1234)]
    assert backend.download(container, "/tmp/link", archive, MIB) == ""
    assert contents(archive) == {}
    for follow in (False, True):
        message = backend.download(container, "/tmp/none", archive, MIB, follow_link=follow)
        assert "Could not find the file /tmp/none" in message
    assert "/none" in backend.upload(tmp_path / "in.tar", container, "/none")


def test_a_session_creates_one_container_for_the_files_of_an_image_and_removes_it(backend, engine):
    compose = Compose(("docker", "compose"), "2")
    with EngineSession(engine, compose, DEFAULT_LIMITS, backend=backend) as session:
        container = session.unstarted_container("busybox:latest")
        assert session.unstarted_container("busybox") == container
        assert session.containers() == [container]
    assert backend.inspect("container", container) == []


def test_both_backends_report_why_a_container_cannot_be_created(backend, label):
    with pytest.raises(CannotCheck, match=r"`docker create.*` failed: .*app07-there-is-none"):
        backend.create_container("app07-there-is-none:1", label)


def test_both_backends_report_images_alike(backend):
    (details,) = backend.inspect("image", "busybox:latest", "app07-there-is-none:1")
    assert details["Id"] in backend.ids("image", "reference=busybox", "reference=app07-there-is-none")
    assert backend.history_length("busybox:latest") >= 1
    assert backend.inspect("image", "app07/../../containers/json") == []
    assert backend.inspect("image", "") == []
    information = backend.information()
    assert information.processors >= 1
    assert information.time[:4].isdigit()


def test_both_backends_remove_an_image_alike(backend, label, tmp_path):
    name = f"{label.partition('=')[2]}:1"
    (tmp_path / "Dockerfile").write_text("FROM busybox:latest\n")
    command = ["docker", "build", "--quiet", "--label", label, "--tag", name, str(tmp_path)]
    subprocess.run(
        command, env=os.environ | {"DOCKER_BUILDKIT": "0"}, check=True, capture_output=True, timeout=300
    )
    backend.remove("image", *backend.ids("image", f"label={label}"))
    assert backend.inspect("image", name) == []
