"""The OpenAPI document and the page that shows it."""

from __future__ import annotations

import re
from typing import Any

from common.project import PROJECT
from tests.serving.servers import Server, recorded

REFERENCE = PROJECT.root / "container3_codebase" / "serving" / "reference"


def document(server: Server) -> dict[str, Any]:
    found = server.get("/openapi.json").json
    assert isinstance(found, dict)
    return found


def test_the_examples_of_the_document_are_valid_requests(server: Server) -> None:
    for path in ("/predict", "/invocations"):
        content = document(server)["paths"][path]["post"]["requestBody"]["content"]
        for kind in ("application/json", "text/csv"):
            answer = server.ask("POST", path, content[kind]["example"], {"content-type": kind})
            assert answer.status == 200, answer.body


def test_the_document_states_how_many_numbers_each_model_takes(server: Server) -> None:
    schema = document(server)["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    instances = next(each for each in schema["anyOf"] if each["title"] == "instances")["properties"][
        "instances"
    ]
    row, named = instances["items"]["anyOf"]
    assert (row["minItems"], row["maxItems"]) == (4, 4)
    assert named["required"] == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert len(recorded()) > 16, "so many models that only the default one has a schema"
    predict = document(server)["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    default, other = predict["anyOf"]
    assert default["properties"]["model"] == {"enum": ["iris", None]}
    assert default["properties"]["instances"]["items"]["anyOf"][0]["minItems"] == 4
    assert other["required"] == ["instances", "model"]


def test_every_operation_has_a_summary_and_describes_its_errors(server: Server) -> None:
    for path, operations in document(server)["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert {"403", "421", "429"} <= set(operation["responses"]), (method, path)


def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(server: Server) -> None:
    for path, methods in (
        ("/predict", "POST"),
        ("/sessions/0", "DELETE, GET"),
        ("/v1/models/a:predict", "POST"),
    ):
        answer = server.ask("PUT", path, {})
        assert (answer.status, answer.json["code"]) == (405, "method_not_allowed")
        assert answer.headers["allow"] == methods


def test_the_reference_page_is_complete_without_other_servers(server: Server) -> None:
    page = server.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    text = page.body.decode()
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == [
        "data:,", "docs/reference.css", "docs/reference.js", "openapi.json", "openapi.json",
    ]  # fmt: skip
    for name, kind in (("reference.css", "text/css"), ("reference.js", "text/javascript")):
        answer = server.get(f"/docs/{name}")
        assert (answer.status, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert answer.body == (REFERENCE / name).read_bytes()
        assert b"://" not in answer.body
        assert not re.search(rb"(inner|outer)HTML|insertAdjacentHTML|document\.write", answer.body)
    assert sum(path.stat().st_size for path in REFERENCE.iterdir()) < 30_000
