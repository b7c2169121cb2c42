"""Serving in containers: the literal Compose commands, three replicas behind a proxy, and the metrics in Prometheus."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from common.project import FRONT_SERVICE, PROJECT, Layout
from pybrain_runtime import load_knowledge
from tests.docker.conftest import COMMANDS, Stack, Typed

# One stack for all tests of the module, and the tests of the command share the lock of the checkout.
pytestmark = pytest.mark.xdist_group("serving containers")

FILES = ("-f", "docker-compose.serving.yml", "-f", "docker-compose.monitoring.yml")
IMAGES = ("knowledgebase_app07", "codebase_app07", "front_app07", "monitoring_app07")
SERVICES = ("knowledgebase", "api", "front", "prometheus")  # Grafana's image is not built here
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
DASHBOARD = PROJECT.root / "container7_monitoring" / "grafana" / "dashboards" / "app07.json"


@dataclasses.dataclass(frozen=True)
class ServingStack(Stack):
    """A checkout in which the servers run."""

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **dict.fromkeys(("IMAGE_TAG", "SERVING_TAG"), self.tag),
            **dict.fromkeys(("SERVE_PORT", "PROMETHEUS_PORT"), "0"),
            "HOME": str(self.layout.root),
        }

    def compose(self, *words: str) -> Typed:
        return self.type([*COMMANDS[self.generation], *FILES, *words])

    def start(self, *words: str) -> None:
        typed = self.compose("up", "-d", "--no-build", *words)
        assert typed.status == 0, typed.output

    def down(self) -> None:
        self.compose("down", "--volumes")

    def address(self, service: str, port: int) -> str:
        return self.compose("port", service, str(port)).output.strip()


@pytest.fixture(scope="module")
def tag(
    docker: None, tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]
) -> Iterator[str]:
    """Return the tag of the images, which are built once."""
    tag = f"test-serving-{uuid.uuid4().hex[:8]}"
    layout = copy_project(tmp_path_factory.mktemp("built") / tag)
    made = ServingStack(layout, "v2", tag).compose("build", *SERVICES)
    assert made.status == 0, made.output
    yield tag
    subprocess.run(
        ["docker", "image", "rm", *(f"{name}:{tag}" for name in IMAGES)], capture_output=True, check=False
    )


def checkout(tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]) -> Layout:
    """Return a fresh checkout with a unique name, which other users, such as those of the containers, may enter."""
    place = tmp_path_factory.mktemp("serving")
    for folder in (place, place.parent, place.parent.parent):
        folder.chmod(folder.stat().st_mode | 0o055)
    return copy_project(place / f"s{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="module")
def stack(
    tag: str, tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]
) -> Iterator[ServingStack]:
    """Return a running stack of three replicas, with a recurrent network in models/."""
    layout = checkout(tmp_path_factory, copy_project)
    network = PROJECT.root / "tests/fixtures/networks/rnn_bn_lstm/net.p2.pkl"
    shutil.copy(network, layout.models / "lstm.pkl")
    made = ServingStack(layout, "v2", tag)
    try:
        made.start("--scale", "api=3", *SERVICES)
        front = made.address("front", 8000)
        until(lambda: all(ask(front, "GET", "/readyz").status == 200 for _ in range(6)))
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def front(stack: ServingStack) -> str:
    return stack.address("front", 8000)


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(address: str, method: str, path: str, body: object = None, kind: str = "application/json") -> Answer:
    """Send one request; status 0 if there was no response."""
    connection = http.client.HTTPConnection(address, timeout=120)
    sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
    try:
        connection.request(method, path, sent, {"content-type": kind} if body is not None else {})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    except (OSError, http.client.HTTPException):
        return Answer(0, {}, b"")
    finally:
        connection.close()


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def inspected(container: str, *fields: str) -> list[str]:
    form = " ".join(f"{{{{{field}}}}}" for field in fields)
    words = ["docker", "inspect", "--format", form, container]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_small_and_large_requests_get_the_predictions_of_activate(front: str) -> None:
    knowledge = load_knowledge(PROJECT.models / "iris.pkl")
    answer = ask(front, "POST", "/predict", {"instances": ROWS, "model": "iris"})
    assert answer.json["predictions"] == knowledge.activate(ROWS).tolist()
    own = ask(front, "POST", "/predict", {"instances": ROWS})
    assert own.json["model"]["name"] == "currentSolution"
    assert own.json["predictions"] == load_knowledge(PROJECT.own_knowledge).activate(ROWS).tolist()
    line = ",".join(f"{value:.20f}" for value in ROWS[0]) + "\n"
    table = line.encode() * 240_000  # more than the limit of other bodies
    assert len(table) > 18 << 20
    predicted = ask(front, "POST", "/predict?model=iris", table, "text/csv")
    assert (predicted.status, predicted.body.count(b"\n")) == (200, 240_001)


def test_a_small_image_is_read(front: str) -> None:
    picture = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(picture).line([(30, 8), (30, 52)], fill=0, width=5)
    content = io.BytesIO()
    picture.save(content, "PNG")
    answer = ask(front, "POST", "/predict/image?model=digits", content.getvalue(), "image/png")
    assert (answer.status, answer.json.get("labels")) == (200, ["1"])


def test_a_session_continues_whichever_replica_responds(front: str) -> None:
    begun = ask(front, "POST", "/sessions", {"model": "lstm"})
    assert begun.status == 201, begun.body
    knowledge = load_knowledge(PROJECT.root / "tests/fixtures/networks/rnn_bn_lstm/net.p2.pkl")
    rows = [[0.1 * step] * knowledge.network.indim for step in range(9)]
    path = f"/sessions/{begun.json['session']}"
    answers = [ask(front, "POST", f"{path}/predict", {"instances": [row]}).json for row in rows]
    assert [answer["predictions"][0] for answer in answers] == knowledge.activate(rows).tolist()
    assert ask(front, "DELETE", path).status in (200, 204)


def test_all_errors_have_the_same_form(front: str) -> None:
    large = ask(front, "POST", "/predict", b" " * (18 << 20))
    assert (large.status, large.json["code"]) == (413, "too_large")
    assert re.fullmatch("[0-9a-f]{32}", large.json["request_id"])
    wrong = ask(front, "POST", "/predict", {"instances": [[1.0]], "model": "iris"})
    assert (wrong.status, wrong.json["code"]) == (422, "invalid_instance")
    assert wrong.headers["x-request-id"] == wrong.json["request_id"]


def test_the_containers_are_hardened_and_healthy(stack: ServingStack) -> None:
    fields = (".Config.User", ".HostConfig.ReadonlyRootfs", ".HostConfig.CapDrop", ".HostConfig.CapAdd",
              ".HostConfig.SecurityOpt", ".HostConfig.RestartPolicy.Name")  # fmt: skip
    hardened = ["10001:10001", "true", "[ALL]", "[]", "[no-new-privileges:true]", "unless-stopped"]
    for service in ("api", "front", "prometheus"):
        assert inspected(stack.ids(service)[0], *fields) == hardened
    api = stack.ids("api")[0]
    write = "for f in /x /opt/x /models/x /shared_data/x; do touch $f 2>/dev/null && echo $f; done; id -u"
    done = subprocess.run(
        ["docker", "exec", api, "sh", "-c", write], capture_output=True, text=True, check=True
    )
    assert done.stdout == "10001\n"
    until(lambda: inspected(api, ".State.Health.Status") == ["healthy"])


def test_the_image_is_small(tag: str) -> None:
    sizes = {}
    for target in ("codebase", "serving"):
        name = f"codebase_app07:{tag}" + ("" if target == "serving" else "-plain")
        if target == "codebase":
            words = ["docker", "build", "-q", "--target", "codebase", "-t", name, "."]
            subprocess.run(words, cwd=PROJECT.code.parent, check=True, capture_output=True)
        sizes[target] = int(inspected(name, ".Size")[0])
    subprocess.run(["docker", "image", "rm", f"codebase_app07:{tag}-plain"], check=True, capture_output=True)
    assert sizes["serving"] - sizes["codebase"] <= 60e6
    front_size = int(inspected(f"front_app07:{tag}", ".Size")[0])
    assert front_size <= 20e6, FRONT_SERVICE.image


class Load:
    """Clients that send predictions until the end of the block, and count the responses. They do not retry.

    Args:
        address: of the front.
        clients: how many.
    """

    def __init__(self, address: str, clients: int = 4) -> None:
        self.statuses: Counter[int] = Counter()
        self._address = address
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(clients)]
        self._expected = load_knowledge(PROJECT.models / "iris.pkl").activate(ROWS).tolist()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(0.7)
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        while not self._ended.is_set():
            answer = ask(self._address, "POST", "/predict", {"instances": ROWS, "model": "iris"})
            right = answer.status != 200 or answer.json["predictions"] == self._expected
            self.statuses[answer.status if right else -1] += 1


def test_no_request_is_lost_when_a_replica_is_killed_stopped_or_crashes(
    stack: ServingStack, front: str
) -> None:
    killed, stopped, crashed = stack.ids("api")
    with Load(front) as load:
        time.sleep(0.3)
        subprocess.run(["docker", "kill", killed], check=True, capture_output=True)
        time.sleep(0.7)
        subprocess.run(["docker", "stop", stopped], check=True, capture_output=True)
        subprocess.run(["docker", "start", killed, stopped], check=True, capture_output=True)
        until(lambda: all(up(container) for container in (killed, stopped)))
        # A crash is not a stop: the engine starts the container again.
        end_processes(crashed)
        until(lambda: inspected(crashed, ".RestartCount", ".State.Running") == ["1", "true"])
    assert set(load.statuses) == {200}, load.statuses
    assert load.statuses[200] > 50


def end_processes(container: str) -> None:
    """Kill the processes in a container; the first one gets SIGTERM, because it cannot be killed from inside."""
    kill = ["docker", "exec", container, "sh", "-c", "kill -9 -1; kill -TERM 1"]
    subprocess.run(kill, check=False, capture_output=True)


def up(container: str) -> bool:
    ready = ["python", "-S", "-I", "/opt/pybrain/serving/ready.py"]
    return (
        subprocess.run(["docker", "exec", container, *ready], capture_output=True, check=False).returncode
        == 0
    )


def test_prometheus_has_data_for_every_panel_of_the_dashboard(stack: ServingStack, front: str) -> None:
    prometheus = stack.address("prometheus", 9090)
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    expressions = {target["expr"]: panel["title"] for panel in panels for target in panel["targets"]}
    assert len(expressions) > 20
    missing = set(expressions)

    def complete() -> bool:
        ask(front, "POST", "/predict", {"instances": ROWS, "model": "iris"})
        ask(front, "POST", "/predict", {"instances": [[1.0]], "model": "iris"})
        for expression in list(missing):
            if values(prometheus, expression):
                missing.discard(expression)
        time.sleep(0.3)
        return not missing and values(prometheus, 'count(up{job="api"} == 1)') == ["3"]

    with contextlib.suppress(AssertionError):
        until(complete, 240)  # rates need several scrapes, which take their time on a busy machine
    assert [f"{expressions[each]}: {each}" for each in sorted(missing)] == []
    assert values(prometheus, 'count(up{job="api"} == 1)') == ["3"]


def values(prometheus: str, expression: str) -> list[str]:
    """Return the values of an expression, with the variables of the dashboard as Grafana sets them."""
    expression = expression.replace("$instance", ".*").replace("$__rate_interval", "20s")
    query = urllib.parse.urlencode({"query": expression})
    answer = ask(prometheus, "GET", f"/api/v1/query?{query}")
    assert answer.status == 200, answer.body
    return [result["value"][1] for result in answer.json["data"]["result"] if result["value"][1] != "NaN"]


def test_new_knowledge_is_served_without_a_restart(stack: ServingStack, front: str) -> None:
    ids = stack.ids("api")
    shutil.copy(PROJECT.models / "course.pkl", stack.layout.root / "other.pkl")
    typed = stack.type(
        [*COMMANDS["v2"], *FILES, "up", "-d", "--no-build", "--no-deps", "knowledgebase"],
        MODEL_PATH="./other.pkl",
    )
    assert typed.status == 0, typed.output
    until(lambda: ask(front, "POST", "/predict", {"instances": [[0.5]]}).status == 200)
    assert stack.ids("api") == ids


def test_all_services_come_back_after_all_have_ended(stack: ServingStack) -> None:
    """As after a restart of the engine: no order, other addresses, and only the volumes remain."""
    for service in ("knowledgebase", "api", "front"):
        for container in stack.ids(service):
            end_processes(container)
    until(lambda: len(stack.ids("api")) == 3)

    def answers() -> bool:
        address = stack.address("front", 8000)  # none while it is being started
        return address[:1].isdigit() and ask(address, "GET", "/readyz").status == 200

    until(answers)
    front = stack.address("front", 8000)
    assert ask(front, "POST", "/predict", {"instances": ROWS, "model": "iris"}).status == 200


def test_a_fresh_clone_serves_with_the_first_generation_of_compose(
    tag: str, tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]
) -> None:
    made = ServingStack(checkout(tmp_path_factory, copy_project), "v1", tag)
    try:
        made.start("--scale", "api=2", *SERVICES[:3])
        front = made.address("front", 8000)
        until(lambda: ask(front, "GET", "/readyz").status == 200)
        assert ask(front, "POST", "/predict", {"instances": ROWS, "model": "iris"}).status == 200
        assert len(made.ids("api")) == 2
    finally:
        made.down()


def test_the_command_serves_in_containers_until_a_signal(tmp_path: Path) -> None:
    words = ["serve", "--engine", "docker", "--replicas", "2", "--port", "0", "--model", "iris"]
    start = "import sys; from pipeline.cli import main; sys.exit(main())"
    errors = tmp_path / "errors"
    with errors.open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-c", start, *words], stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert running.stdout is not None
        printed = ""
        while " address " not in printed:
            line = running.stdout.readline()
            assert line, errors.read_text()
            printed += line
        address = re.search(r"http://(\S+) ", printed)
        assert address and "serving      iris\n" in printed
        assert ask(address[1], "POST", "/predict", {"instances": ROWS}).json["model"]["name"] == "iris"
        until(lambda: "serving iris on port 8000" in errors.read_text())
        running.send_signal(signal.SIGTERM)
        assert running.communicate(timeout=300)[0] == "  stopped\n"
    assert running.returncode == 0
    assert ask(address[1], "GET", "/readyz").status == 0
