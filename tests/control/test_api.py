"""The routes of the API of a running server."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from pipeline.compose import TARGETS
from tests.control.examples import document_example
from tests.serving.servers import JSON, Server

GENERATE = "/api/v1/compose/generate"
VALIDATE = "/api/v1/compose/validate"
BUNDLE = "/api/v1/compose/bundle"


def test_the_example_of_the_document_becomes_a_compose_file(server: Server) -> None:
    answer = server.ask("POST", GENERATE, document_example())
    assert answer.status == 200
    assert set(yaml.safe_load(answer.json["text"])["services"]) == {
        "activationbase",
        "knowledgebase",
        "codebase",
    }
    assert answer.json["target"] == "compose"
    assert {each["source"] for each in answer.json["files"]} >= {
        "https://example.com/data.csv",
        "https://example.com/model.pkl",
    }
    assert all(set(each) == {"path", "message"} for each in answer.json["warnings"])


def test_only_the_generated_file_is_returned_as_yaml(server: Server) -> None:
    as_json = server.ask("POST", GENERATE, document_example()).json
    for accepted in ("application/yaml", "text/yaml;q=0.9, application/json;q=0.1", "application/x-yaml"):
        answer = server.ask("POST", GENERATE, document_example(), {**JSON, "accept": accepted})
        assert answer.headers["content-type"].startswith("application/yaml")
        assert answer.body.decode() == as_json["text"]
        assert answer.headers["x-app07-warnings"] == str(len(as_json["warnings"]))
    for accepted in ("*/*", "application/*", "application/yaml;q=0, */*"):
        assert server.ask("POST", GENERATE, document_example(), {**JSON, "accept": accepted}).json == as_json


@pytest.mark.parametrize("target", TARGETS)
def test_the_query_selects_the_target(server: Server, target: str) -> None:
    answer = server.ask("POST", f"{GENERATE}?target={target}", document_example())
    assert (answer.status, answer.json["target"]) == (200, target)
    checked = server.ask("POST", f"{VALIDATE}?target={target}", document_example())
    assert checked.json == {"valid": True, "target": target, "warnings": answer.json["warnings"]}


@pytest.mark.parametrize("path", [GENERATE, VALIDATE, BUNDLE])
def test_a_refused_request_is_reported_with_paths_and_reasons(server: Server, path: str) -> None:
    request = document_example()
    request["containers"][1]["privileged"] = True
    request["containers"][2]["volumes"] = ["/etc:/etc"]
    answer = server.ask("POST", path, request)
    assert (answer.status, answer.json["code"]) == (422, "refused")
    assert answer.json["count"] == len(answer.json["problems"])
    for problem in answer.json["problems"]:
        assert set(problem) == {"path", "reason", "hint"} and problem["path"].startswith("containers[")
    assert answer.headers["x-request-id"] == answer.json["request_id"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", JSON, 422, "refused"),
        (b"", JSON, 422, "refused"),
        (b"\xff\xfe", JSON, 422, "refused"),
        (b"[" * 100_000, JSON, 422, "refused"),
        (b'{"containers": NaN}', JSON, 422, "refused"),
        (b'{"containers": ' + b"1" * 5000 + b"}", JSON, 422, "refused"),
        (b"{}", {"content-type": "text/yaml"}, 415, "unsupported_media_type"),
        (b"{}", {"accept": "*/*"}, 415, "unsupported_media_type"),
        (b"{}", {**JSON, "content-encoding": "gzip"}, 415, "unsupported_media_type"),
        (b" " * ((1 << 20) + 1), JSON, 413, "too_large"),
        (b"{}", {**JSON, "accept": "text/html"}, 406, "not_acceptable"),
        (b"{}", {**JSON, "host": "evil.example"}, 421, "unknown_host"),
        (b"{}", {**JSON, "origin": "https://evil.example"}, 403, "foreign_origin"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("path", [GENERATE, BUNDLE])
def test_an_invalid_request_is_refused(
    server: Server, path: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = server.ask("POST", path, body, headers)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert "Traceback" not in answer.body.decode()


@pytest.mark.parametrize("query", ["target=docker", "target=", "target=compose&target=swarm"])
def test_an_unknown_target_is_refused(server: Server, query: str) -> None:
    answer = server.ask("POST", f"{GENERATE}?{query}", document_example())
    assert (answer.status, answer.json["problems"][0]["path"]) == (422, "?target")


def test_other_paths_and_methods_are_refused_in_json(server: Server) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("GET", GENERATE, 405), ("POST", "/health", 405)):
        answer = server.ask(method, path, b"")
        assert (answer.status, set(answer.json)) == (status, {"error", "code", "request_id"})
    assert server.ask("PUT", GENERATE, b"").headers["allow"] == "POST"


def test_the_document_describes_every_route_with_an_example(server: Server) -> None:
    document = server.get("/openapi.json").json
    assert {GENERATE, VALIDATE, BUNDLE, "/api/v1/compose/schema", "/health", "/version"} == set(
        document["paths"]
    )
    for path in (GENERATE, VALIDATE, BUNDLE):
        operation = document["paths"][path]["post"]
        media = operation["requestBody"]["content"]["application/json"]
        assert server.ask("POST", VALIDATE, media["example"]).status == 200
        assert {"200", "403", "406", "408", "413", "415", "422", "429", "503"} <= set(operation["responses"])
    health = document["components"]["schemas"]["HealthBody"]
    assert set(health["properties"]) == set(server.get("/health").json)  # not the health check of a container
    text = json.dumps(document)
    assert "#/$defs/" not in text and "HTTPValidationError" not in text


def test_the_schema_and_the_pages_come_from_this_server(server: Server) -> None:
    schema = server.get("/api/v1/compose/schema")
    assert "containers" in schema.json["properties"]
    page = server.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert b"reference.js" in page.body and b"http://" not in page.body and b"https://" not in page.body
    assert server.get("/docs/reference.js").status == 200
    assert server.get("/").headers["location"] == "/docs"


def test_many_concurrent_requests_all_succeed(server: Server) -> None:
    body = json.dumps(document_example()).encode()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.ask("POST", GENERATE, body, JSON), range(48)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


@pytest.mark.slow
def test_a_slow_body_times_out_and_delays_no_other_request(server: Server) -> None:
    with server.raw() as connection:
        head = f"POST {GENERATE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n".encode())
        started = time.monotonic()
        assert server.get("/health").status == 200
        assert b" 408 " in connection.recv(4096).split(b"\r\n")[0]
        assert time.monotonic() - started < 15
