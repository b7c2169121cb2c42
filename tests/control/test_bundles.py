"""Bundles: their content, refused sources, and limits on the server."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import yaml

from common.project import PROJECT
from pipeline.bundles.bundle import TEXT_NAMES
from pipeline.compose import TARGETS
from tests.bundles.servers import Answer, git_server, http_server, make_repository, redirect, send
from tests.control.conftest import control
from tests.control.examples import ROWS, document_example
from tests.control.test_api import BUNDLE
from tests.serving.servers import JSON, Server
from tests.serving.servers import Answer as HttpAnswer

MODEL = (PROJECT.models / "iris.pkl").read_bytes()
SCRIPT = b"print('hello')\n"


@dataclass(frozen=True)
class Sources:
    """Local servers for repositories and for files, whose responses tests may change."""

    files: str
    repositories: str
    answers: dict[str, Answer | bytes]
    root: Path
    commit: str

    def example(self) -> Any:
        return document_example(self.files, f"https://{self.repositories}/ml-code.git")

    def only(self, source: str) -> Any:
        """Return the example request with one of its three sources."""
        request = self.example()
        for container in request["containers"]:
            for name in {"data_source", "model_source", "code_source"} - {source}:
                container.pop(name, None)
        return request


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    root = tmp_path_factory.mktemp("root")
    links = {"passwd": "/etc/passwd"}
    commit = make_repository(root, "ml-code.git", {"activate.py": SCRIPT, "lib/part.py": b""}, links)
    answers: dict[str, Answer | bytes] = {"/data.csv": ROWS, "/model.pkl": MODEL}
    with ExitStack() as stack:
        files = stack.enter_context(http_server(answers))
        repositories = stack.enter_context(git_server(root))
        yield Sources(files, repositories, answers, root, commit)


def bundle(server: Server, request: Any, target: str = "compose") -> HttpAnswer:
    return server.ask("POST", f"{BUNDLE}?target={target}", request, JSON)


def archive(answer: HttpAnswer) -> zipfile.ZipFile:
    assert answer.status == 200, answer.body
    return zipfile.ZipFile(io.BytesIO(answer.body))


@pytest.fixture(scope="module")
def made(server: Server, sources: Sources) -> HttpAnswer:
    """Return the bundle of the example request."""
    return bundle(server, sources.example())


@pytest.mark.slow
def test_the_example_of_the_document_becomes_a_bundle(made: HttpAnswer, sources: Sources) -> None:
    with archive(made) as found:
        assert found.testzip() is None
        names = found.namelist()
        services = yaml.safe_load(found.read("docker-compose.yml"))["services"]
        manifest = json.loads(found.read("bundle.json"))
        for line in found.read("SHA256SUMS").decode().splitlines():
            sha256, _, name = line.partition("  ")
            assert hashlib.sha256(found.read(name)).hexdigest() == sha256
        readme = found.read("README.md").decode()
    assert made.headers["content-type"] == "application/zip"
    assert made.headers["x-app07-sha256"] == hashlib.sha256(made.body).hexdigest()
    assert set(services) == {"activationbase", "knowledgebase", "codebase"}
    for service in services.values():
        assert service["build"]["dockerfile"] in names
    by_name = {source["path"].rpartition("/")[2] or "code": source for source in manifest["sources"]}
    assert by_name["currentActivation.csv"]["sha256"] == hashlib.sha256(ROWS).hexdigest()
    assert by_name["currentSolution.pkl"]["about"].startswith("FeedForwardNetwork, 4 inputs, 3 outputs")
    assert (by_name["code"]["commit"], by_name["code"]["demanded"]) == (sources.commit, False)
    assert any(name.endswith("/code/activate.py") for name in names)
    assert any(name.endswith("/pybrain_runtime/__init__.py") for name in names)
    assert "shared_data/" in names and not any("passwd" in name or ".git/" in name for name in names)
    assert any("passwd: is a link" in text for text in manifest["warnings"])
    assert sources.commit in readme and "docker compose up" in readme


@pytest.mark.slow
def test_the_same_request_gives_the_same_bytes(server: Server, sources: Sources, made: HttpAnswer) -> None:
    assert bundle(server, sources.example()).body == made.body


def test_no_file_of_a_bundle_is_unpacked_outside_its_folder(made: HttpAnswer, tmp_path: Path) -> None:
    with archive(made) as found:
        for info in found.infolist():
            mode = info.external_attr >> 16
            assert not info.filename.startswith("/") and ".." not in info.filename.split("/")
            assert mode & 0o170000 in (0o100000, 0o040000) and info.date_time == (1980, 1, 1, 0, 0, 0)
        found.extractall(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"docker-compose.yml", "shared_data", "README.md"}


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_its_own_file(server: Server, sources: Sources, target: str) -> None:
    with archive(bundle(server, sources.only("data_source"), target)) as found:
        assert TEXT_NAMES[target] in found.namelist()
        assert json.loads(found.read("bundle.json"))["target"] == target


@pytest.mark.slow
def test_a_hash_in_the_request_is_enforced(server: Server, sources: Sources) -> None:
    request = sources.only("model_source")
    source = request["containers"][1]["model_source"]
    source["sha256"] = hashlib.sha256(MODEL).hexdigest()
    with archive(bundle(server, request)) as found:
        assert json.loads(found.read("bundle.json"))["sources"][0]["demanded"] is True
    source["sha256"] = "0" * 64
    answer = bundle(server, request)
    assert (answer.status, answer.json["problems"][0]["path"]) == (422, "containers[1].model_source.url")
    assert "the request states 000" in answer.json["problems"][0]["reason"]


def test_a_commit_in_the_request_is_enforced(server: Server, sources: Sources) -> None:
    request = sources.only("code_source")
    source = request["containers"][2]["code_source"]
    source["commit"] = sources.commit
    with archive(bundle(server, request)) as found:
        assert json.loads(found.read("bundle.json"))["sources"][0]["demanded"] is True
    source["commit"] = "0" * 40
    assert bundle(server, request).json["problems"][0]["path"] == "containers[2].code_source.repo"


class Evil:
    """An object that runs a program when pickle unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.system, ("touch unpickled",)


def failing(request: Any) -> None:
    raise ConnectionAbortedError


@pytest.mark.parametrize(
    ("path", "answer", "reason"),
    [
        ("/model.pkl", pickle.dumps(Evil()), "The model is refused"),
        ("/model.pkl", b"<html>log in</html>", "The model is refused"),
        (
            "/model.pkl",
            redirect("http://169.254.169.254/latest/meta-data/"),
            "a redirect that is not followed|no address of the",
        ),
        (
            "/data.csv",
            redirect("http://[::ffff:127.0.0.1]/"),
            "a redirect that is not followed|no address of the",
        ),
        ("/data.csv", lambda r: send(r, b"x", content_type="text/html"), "content type 'text/html'"),
        ("/data.csv", lambda r: send(r, b"x", 404), "status 404"),
        ("/data.csv", failing, "valid HTTP"),
    ],
    ids=["code", "page", "metadata", "mapped", "type", "missing", "closed"],
)
def test_a_refused_source_is_reported_with_its_path_and_reason(
    server: Server, sources: Sources, path: str, answer: Answer | bytes, reason: str
) -> None:
    before = sources.answers[path]
    sources.answers[path] = answer
    try:
        refused = bundle(server, sources.only("model_source" if path == "/model.pkl" else "data_source"))
    finally:
        sources.answers[path] = before
    assert refused.status == 422
    problem = refused.json["problems"][0]
    place = "containers[1].model_source.url" if path == "/model.pkl" else "containers[0].data_source.url"
    assert problem["path"] == place
    assert any(text in problem["reason"] for text in reason.split("|"))
    assert not list(Path.cwd().glob("unpickled"))


@pytest.mark.slow
def test_a_shape_in_the_request_must_match_the_model(server: Server, sources: Sources) -> None:
    request = sources.only("model_source")
    request["containers"][1]["model_input_shape"] = [4]
    assert bundle(server, request).status == 200
    request["containers"][1]["model_input_shape"] = [5]
    problem = bundle(server, request).json["problems"][0]
    assert problem["reason"] == "The model has 4 inputs; the request states the shape (5)."


def test_the_folders_of_the_server_are_not_in_a_bundle(server: Server, sources: Sources) -> None:
    request = sources.only("data_source")
    request["containers"][2] = {"name": "codebase", "build_context": "./container3_codebase"}
    problem = bundle(server, request).json["problems"][0]
    assert problem["path"] == "containers[2].build_context"
    assert server.ask("POST", "/api/v1/compose/generate", request).status == 200


def test_a_name_that_some_system_cannot_unpack_is_reported_with_its_path(
    server: Server, sources: Sources
) -> None:
    request = sources.only("data_source")
    request["containers"][0]["data_source"]["container_path"] = "/data/CON"
    (problem,) = bundle(server, request).json["problems"]
    assert problem["path"].startswith("containers[0].data_source")
    assert "CON' is not a path that every system can unpack" in problem["reason"]


def test_a_branch_that_does_not_exist_is_reported(server: Server, sources: Sources) -> None:
    request = sources.only("code_source")
    request["containers"][2]["code_source"]["branch"] = "other"
    problem = bundle(server, request).json["problems"][0]
    assert problem["path"] == "containers[2].code_source.repo" and "other" in problem["reason"]
    assert "Traceback" not in problem["reason"] and str(sources.root) not in problem["reason"]


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request["containers"][0]["data_source"].update(url="http://169.254.169.254/data.csv"),
        lambda request: request["containers"][0]["data_source"].update(url="http://127.0.0.1:1/data.csv"),
        lambda request: request["containers"][0]["data_source"].update(url="http://[::1]/data.csv"),
        lambda request: request["containers"][0]["data_source"].update(url="file:///etc/passwd"),
        lambda request: request["containers"][2]["code_source"].update(repo="ext::sh -c touch% /tmp/x"),
        lambda request: request["containers"][2]["code_source"].update(repo="file:///etc"),
        lambda request: request["containers"][2]["code_source"].update(branch="--upload-pack=touch /tmp/x"),
    ],
)
def test_an_address_that_is_not_public_is_refused(
    server: Server, sources: Sources, change: Callable[[Any], None]
) -> None:
    request = sources.example()
    change(request)
    answer = bundle(server, request)
    assert answer.status == 422
    assert answer.json["problems"][0]["path"].startswith("containers[")


@pytest.mark.slow
def test_the_number_of_concurrent_bundles_is_limited(server: Server, sources: Sources) -> None:
    request = sources.only("data_source")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: bundle(server, request), range(16)))
    statuses = {answer.status for answer in answers}
    assert statuses <= {200, 503} and 200 in statuses
    for answer in answers:
        if answer.status == 503:
            assert (answer.json["code"], answer.headers["retry-after"]) == ("too_many_bundles", "10")
    assert server.get("/health").status == 200


@pytest.mark.slow
def test_a_server_that_is_stopped_finishes_the_bundle_in_progress(sources: Sources, tmp_path: Path) -> None:
    asked = Event()

    def slow(request: Any) -> None:
        asked.set()
        time.sleep(1.5)
        send(request, ROWS)

    before = sources.answers["/data.csv"]
    sources.answers["/data.csv"] = slow
    request = sources.only("data_source")
    try:
        with control(tmp_path, "--allow-source", "localhost") as stopped, ThreadPoolExecutor(1) as pool:
            answer = pool.submit(bundle, stopped, request)
            assert asked.wait(60.0)
            stopped.process.terminate()
            assert answer.result().status == 200
            assert stopped.stop() == 0
    finally:
        sources.answers["/data.csv"] = before
