"""Tables as the body of `POST /predict`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc

from common.project import PROJECT
from pybrain_runtime import activate_file, load_knowledge
from serving.errors import PayloadTooLarge
from serving.models.served_files import ModelFile, signature_of
from serving.models.served_model import load_model
from serving.requests.tables import predict_file
from serving.settings import RequestLimits
from tests.serving.servers import Server, limited

CSV = {"content-type": "text/csv"}
TYPES = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
    "arrows": "application/vnd.apache.arrow.stream",
}
HEADER = "sepal_length,sepal_width,petal_length,petal_width\n"
FLOWER = HEADER + "5.1,3.5,1.4,0.2\n"


def table(rows: int) -> str:
    values = np.random.RandomState(4).rand(rows, 4) * 8
    return HEADER + "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())


@pytest.mark.parametrize("ending", TYPES)
def test_the_prediction_for_a_table_has_the_bytes_that_activate_writes(
    server: Server, tmp_path: Path, ending: str
) -> None:
    (tmp_path / "rows.csv").write_text(table(5000), encoding="utf-8")
    expected = tmp_path / f"prediction.{ending}"
    activate_file(load_knowledge(PROJECT.models / "iris.pkl"), tmp_path / "rows.csv", expected)
    body = (tmp_path / "rows.csv").read_bytes()
    answer = server.ask("POST", "/predict?model=iris", body, {**CSV, "accept": TYPES[ending]})
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, TYPES[ending])
    assert answer.body == expected.read_bytes()


def test_the_prediction_for_json_lines_is_json_lines(server: Server) -> None:
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
        (FLOWER, {"accept": "image/png"}, 406, "Accept is 'image/png'; this route returns tables as text/csv"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_predicted_is_refused(
    server: Server, body: str, headers: dict[str, str], status: int, message: str
) -> None:
    answer = server.ask("POST", "/predict", body, {**CSV, **headers})
    assert (answer.status, answer.json["error"][: len(message)]) == (status, message)


def test_model_version_and_precision_of_a_table_are_in_the_query(server: Server) -> None:
    assert server.ask("POST", "/predict?model=iris&version=1&precision=float32", FLOWER, CSV).status == 200
    assert server.ask("POST", "/predict?model=nope", FLOWER, CSV).status == 404
    assert server.ask("POST", "/predict?precision=float16", FLOWER, CSV).status == 422


@pytest.mark.slow
def test_the_prediction_for_an_arrow_stream_is_an_arrow_stream(server: Server) -> None:
    rows = np.random.RandomState(4).rand(5000, 4) * 8
    table = pa.table(list(rows.T.copy()), names=HEADER.strip().split(","))
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table, max_chunksize=700)
    kind = {"content-type": TYPES["arrows"]}
    answer = server.ask("POST", "/predict?model=iris", sink.getvalue().to_pybytes(), kind)
    found = ipc.open_stream(answer.body).read_all()
    outputs = np.column_stack([column.to_numpy() for column in found.columns[4:7]])
    assert outputs.tobytes() == load_knowledge(PROJECT.models / "iris.pkl").activate(rows).tobytes()
    broken = server.ask("POST", "/predict?model=iris", sink.getvalue().to_pybytes()[:-3000], kind)
    assert (broken.status, broken.json["error"][:30]) == (422, "body is a damaged Arrow stream")


@pytest.mark.slow
def test_a_prediction_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with limited(PROJECT.models / "iris.pkl", tmp_path / "log", answer=1000) as server:
        answer = server.ask("POST", "/predict", table(100), CSV)
        assert (answer.status, answer.json["code"]) == (413, "too_large")
        assert "exceeds the limit of 1000 bytes after 100 rows" in answer.json["error"]
        assert server.ask("POST", "/predict", FLOWER, CSV).status == 200


def test_a_prediction_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    path = PROJECT.models / "iris.pkl"
    model = load_model(ModelFile(path, "iris", 1, signature_of(path)))
    (tmp_path / "body").write_text(FLOWER, encoding="utf-8")
    with pytest.raises(PayloadTooLarge, match="takes longer than -1 s; 1 rows were predicted"):
        predict_file(
            model.knowledge,
            tmp_path / "body",
            "text/csv",
            "text/csv",
            "float64",
            RequestLimits(table_seconds=-1.0),
        )
