"""Tables as the body of `POST /predict`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.project import PROJECT
from pybrain_runtime import activate_file, load_knowledge
from tests.serving.servers import Server

CSV = {"content-type": "text/csv"}
HEADER = "sepal_length,sepal_width,petal_length,petal_width\n"
FLOWER = HEADER + "5.1,3.5,1.4,0.2\n"


def table(rows: int) -> str:
    values = np.random.RandomState(4).rand(rows, 4) * 8
    return HEADER + "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_table_is_answered_with_the_bytes_that_activate_writes(
    server: Server, tmp_path: Path, ending: str
) -> None:
    types = {"csv": "text/csv", "jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}
    (tmp_path / "rows.csv").write_text(table(5000), encoding="utf-8")
    expected = tmp_path / f"prediction.{ending}"
    activate_file(load_knowledge(PROJECT.models / "iris.pkl"), tmp_path / "rows.csv", expected)
    body = (tmp_path / "rows.csv").read_bytes()
    answer = server.ask("POST", "/predict?model=iris", body, {**CSV, "accept": types[ending]})
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, types[ending])
    assert answer.body == expected.read_bytes()


def test_json_lines_are_answered_with_json_lines(server: Server) -> None:
    body = '{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}\n'
    for kind in ("application/jsonl", "application/x-ndjson"):
        answer = server.ask("POST", "/predict", body, {"content-type": kind, "accept": "*/*"})
        assert (answer.status, answer.body.count(b"\n")) == (200, 1)
        assert (
            json.loads(answer.body)["setosa"]
            == server.predict([[5.1, 3.5, 1.4, 0.2]]).json["predictions"][0][0]
        )


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        (FLOWER + "1,2,x,4\n", {}, 422, "body line 3, column 3"),
        (HEADER, {}, 422, "body "),
        ("", {}, 422, "body "),
        ("1,2\n", {}, 422, "body "),
        ('{"a": 1}\n', {}, 415, "The content type is text/csv, but the content is jsonl."),
        (FLOWER, {"content-type": "application/jsonl"}, 415, "The content type is application/jsonl, but the content"),
        (b"\x1f\x8b\x08", {}, 415, "The content type is text/csv, but the content is compressed with gzip."),
        (FLOWER, {"accept": "image/png"}, 406, "Accept is 'image/png'; a table is answered with text/csv"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_answered_is_refused(
    server: Server, body: str, headers: dict[str, str], status: int, message: str
) -> None:
    answer = server.ask("POST", "/predict", body, {**CSV, **headers})
    assert (answer.status, answer.json["error"][: len(message)]) == (status, message)


def test_model_version_and_precision_of_a_table_are_in_the_query(server: Server) -> None:
    assert server.ask("POST", "/predict?model=iris&version=1&precision=float32", FLOWER, CSV).status == 200
    assert server.ask("POST", "/predict?model=nope", FLOWER, CSV).status == 404
    assert server.ask("POST", "/predict?precision=float16", FLOWER, CSV).status == 422
