"""The protocols of other servers, on the same port."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from common.project import PROJECT
from pybrain_runtime import load_knowledge
from tests.serving.servers import Server

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
INFER = "/v2/models/iris/infer"
TENSOR = '{"inputs": [{"name": "input", "shape": [2, 4], "datatype": "FP64", '


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    """Return what `activate` computes."""
    return load_knowledge(PROJECT.models / "iris.pkl").activate(ROWS)


def tensor(**changes: object) -> dict[str, Any]:
    return {"name": "input", "shape": [2, 4], "datatype": "FP64", "data": ROWS.ravel().tolist(), **changes}


@pytest.mark.slow
@pytest.mark.parametrize("data", [ROWS.ravel().tolist(), ROWS.tolist()], ids=["flat", "nested"])
def test_v2_infers_from_json(server: Server, expected: np.ndarray, data: object) -> None:
    answer = server.ask("POST", INFER, {"id": "a1", "inputs": [tensor(data=data)]}).json
    output, label = answer["outputs"]
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("iris", "1", "a1")
    assert (output["name"], output["datatype"], output["shape"]) == ("output", "FP64", [2, 3])
    assert np.array(output["data"]).tobytes() == expected.tobytes()
    assert label == {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["setosa", "virginica"]}


@pytest.mark.parametrize("datatype", ["FP64", "FP32"])
def test_v2_infers_from_binary_tensors(server: Server, datatype: str) -> None:
    rows = ROWS.astype({"FP64": "<f8", "FP32": "<f4"}[datatype])
    data = rows.tobytes()
    request = {
        "inputs": [
            {
                "name": "input",
                "shape": [2, 4],
                "datatype": datatype,
                "parameters": {"binary_data_size": len(data)},
            }
        ],
        "outputs": [
            {"name": "label", "parameters": {"binary_data": True}},
            {"name": "output", "parameters": {"binary_data": True}},
        ],
    }
    head = json.dumps(request).encode()
    headers = {"inference-header-content-length": str(len(head))}
    answer = server.ask("POST", INFER, head + data, headers)
    length = int(answer.headers["inference-header-content-length"])
    label, output = json.loads(answer.body[:length])["outputs"]
    size = label["parameters"]["binary_data_size"]
    assert answer.body[length : length + size] == b"\x06\0\0\0setosa\x09\0\0\0virginica"
    activated = load_knowledge(PROJECT.models / "iris.pkl").activate(rows.astype(float))
    assert answer.body[length + size :] == activated.tobytes()
    assert output["parameters"]["binary_data_size"] == activated.nbytes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "x"}, "The input tensor is 'x'; expected input."),
        ({"shape": [1, 8]}, "The shape of input is [1, 8]; expected [n, 4]."),
        ({"shape": [8]}, "The shape of input is [8]; expected [n, 4]."),
        ({"shape": [3, 4]}, "input has 8 numbers; its shape requires 12."),
        ({"datatype": "BYTES"}, "The datatype is 'BYTES'; expected one of FP64, FP32, "),
        ({"datatype": "INT32"}, "input contains a number that is not a valid INT32."),
        (
            {"datatype": "INT64", "shape": [1, 4], "data": [1, 2, 3, 2**63]},
            "input contains a number that is not a valid INT64.",
        ),
        (
            {"datatype": "INT64", "shape": [1, 4], "data": [[1, 2, 3, -(2**63) - 1]]},
            "input contains a number that is not a valid INT64.",
        ),
        (
            {"datatype": "UINT64", "shape": [1, 4], "data": [1, 2, 3, 2**64]},
            "input contains a number that is not a valid UINT64.",
        ),
        ({"data": [1, None]}, "instances[0][1] is null; expected a finite number."),
        ({"data": [[1, 2], [3, 4]]}, "The row 0 of input has 2 values; the network takes 4."),
        (
            {"parameters": {"binary_data_size": 8}},
            "binary_data_size is 8; 0 bytes of 8 each follow the JSON.",
        ),
        (
            {"parameters": {"binary_data_size": 0.0}},
            "binary_data_size is 0.0; 0 bytes of 8 each follow the JSON.",
        ),
        ({"extra": 1}, "The body is not valid: Object contains unknown field `extra` - at `$.inputs[0]`."),
    ],
)
def test_v2_refuses_tensors_that_do_not_fit(server: Server, changes: dict[str, Any], message: str) -> None:
    answer = server.ask("POST", INFER, {"inputs": [tensor(**changes)]})
    assert answer.status == 422
    assert answer.json["error"].startswith(message)


def test_v2_accepts_the_bounds_of_64_bit_integers(server: Server) -> None:
    for datatype, most, least in (("INT64", 2**63 - 1, -(2**63)), ("UINT64", 2**64 - 1, 0)):
        sent = tensor(datatype=datatype, shape=[1, 4], data=[1, 2, most, least])
        assert server.ask("POST", INFER, {"inputs": [sent]}).status == 200


def test_v2_shows_the_start_of_a_long_number_of_rows(server: Server) -> None:
    answer = server.ask("POST", INFER, {"inputs": [tensor(shape=[10**400, 4])]})
    assert (answer.status, len(answer.body) < 300) == (413, True)


def test_v2_refuses_a_header_length_beyond_the_body_and_unknown_outputs(server: Server) -> None:
    answer = server.ask("POST", INFER, b"{}", {"inference-header-content-length": "99"})
    assert (answer.status, answer.json["code"]) == (400, "malformed")
    answer = server.ask("POST", INFER, {"inputs": [tensor()], "outputs": [{"name": "x"}]})
    assert answer.json["error"] == "There is no output 'x'; available outputs: output, label."


def test_v2_describes_server_and_models(server: Server) -> None:
    assert server.get("/v2").json["extensions"] == ["binary_tensor_data", "model_configuration"]
    found = server.get("/v2/models/iris").json
    assert found["inputs"] == [{"name": "input", "datatype": "FP64", "shape": [-1, 4]}]
    assert server.get("/v2/models/iris/versions/1").json == found
    for path in (
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models/iris/ready",
        "/v2/models/iris/versions/1/ready",
    ):
        assert server.get(path).status == 200
    for path in ("/v2/models/nope", "/v2/models/nope/ready", "/v2/models/iris/versions/9"):
        assert server.get(path).status == 404
        assert isinstance(server.get(path).json["error"], str)


def test_kserve_v1_predicts(server: Server, expected: np.ndarray) -> None:
    answer = server.ask("POST", "/v1/models/iris:predict", {"instances": ROWS.tolist()})
    assert np.array(answer.json["predictions"]).tobytes() == expected.tobytes()
    assert server.get("/v1/models/iris").json == {"name": "iris", "ready": True}
    assert "iris" in server.get("/v1/models").json["models"]
    wrong = server.ask("POST", "/v1/models/iris:predict", {"instances": [[1, 2, 3, None]]})
    assert (wrong.status, wrong.json["field"]) == (422, "petal_width")


REVERSED = {"columns": NAMES[::-1], "data": ROWS[:, ::-1].tolist()}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": REVERSED},
        {"dataframe_split": {"data": ROWS.tolist()}},
        {"dataframe_records": [dict(zip(NAMES, row, strict=True)) for row in ROWS.tolist()]},
        {"instances": ROWS.tolist()},
        {"inputs": ROWS.tolist(), "params": {}},
        {"inputs": dict(zip(NAMES, ROWS.T.tolist(), strict=True))},
    ],
    ids=["split by name", "split by position", "records", "instances", "inputs", "inputs by name"],
)
def test_invocations_accept_the_bodies_of_mlflow(server: Server, expected: np.ndarray, body: object) -> None:
    answer = server.ask("POST", "/invocations", body)
    assert answer.status == 200, answer.body
    assert np.array(answer.json["predictions"]).tobytes() == expected.tobytes()


@pytest.mark.parametrize("header", ["", ",".join(NAMES) + "\n"], ids=["rows alone", "with a header"])
def test_invocations_accept_csv(server: Server, expected: np.ndarray, header: str) -> None:
    body = header + "".join(",".join(map(repr, row)) + "\n" for row in ROWS.tolist())
    answer = server.ask("POST", "/invocations", body, {"content-type": "text/csv"})
    assert np.array(answer.json["predictions"]).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {},
            "The body has no known member; expected one of dataframe_split, dataframe_records, instances, inputs.",
        ),
        ({"instances": [], "inputs": []}, "The body has instances and inputs; expected one of "),
        (
            {"dataframe_split": {"data": [[1, None, 3, 4]]}},
            "instances[0][1] is null; expected a finite number.",
        ),
        (
            {"dataframe_split": {"columns": NAMES, "data": [[1]]}},
            "The row 0 has 1 values; there are 4 columns.",
        ),
        (
            {"dataframe_split": {"columns": [*NAMES, NAMES[0]], "data": [[1, 2, 3, 4, 5]]}},
            "The column sepal_length appears twice; column names must be unique.",
        ),
        ({"inputs": {"a": [1], "b": []}}, "The columns of inputs have different lengths: "),
        ({"inputs": [[1, 2]]}, "instances[0] has 2 values; the network takes 4."),
    ],
)
def test_invocations_refuse_rows_that_do_not_fit(server: Server, body: object, message: str) -> None:
    answer = server.ask("POST", "/invocations", body)
    assert (answer.status, answer.json["error"][: len(message)]) == (422, message)
    assert server.get("/ping").status == 200


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "1e999", "null", "true", '"1"', "[1]", "{}", "9" * 5000]
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/invocations", '{"instances": [[1, 2, 3, 4], [1, 2, %s, 4]]}'),
        ("/invocations", '{"inputs": [[1, 2, 3, 4], [1, 2, %s, 4]]}'),
        ("/invocations", '{"dataframe_split": {"data": [[1, 2, 3, 4], [1, 2, %s, 4]]}}'),
        (
            "/invocations",
            '{"dataframe_split": {"columns": ["petal_width", "petal_length", "sepal_width", "sepal_length"], '
            '"data": [[1, 2, 3, 4], [1, %s, 3, 4]]}}',
        ),
        (
            "/invocations",
            '{"inputs": {"sepal_length": [1, 2], "sepal_width": [1, 2], "petal_length": [1, %s], '
            '"petal_width": [1, 2]}}',
        ),
        (INFER, TENSOR + '"data": [1, 1, 1, 1, 1, 2, %s, 4]}]}'),
        (INFER, TENSOR + '"data": [[1, 2, 3, 4], [1, 2, %s, 4]]}]}'),
        ("/v1/models/iris:predict", '{"instances": [[1, 2, 3, 4], [1, 2, %s, 4]]}'),
    ],
)  # fmt: skip
def test_a_value_that_is_not_a_number_is_refused_with_its_location(
    server: Server, path: str, body: str, value: str
) -> None:
    answer = server.ask("POST", path, body % value)
    assert (answer.status, answer.json["code"]) == (422, "invalid_instance"), answer.body
    assert (answer.json["instance"], answer.json["field"]) == (1, "petal_length")
