"""Large bodies are parsed at once: the numbers, and what is said about a fault, are those of small bodies."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec

import numpy as np
import pytest

from common.project import PROJECT
from pybrain_runtime import load_knowledge
from serving.requests.json_arrays import array_json, matrix
from tests.serving.servers import Server

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROUTES = {
    "predict": ("/predict", '{"instances": %s}'),
    "predict with a model": ("/predict", '{"model":"iris","instances":%s,"precision":"float64"}'),
    "v1": ("/v1/models/iris:predict", '{"instances": %s}'),
    "instances": ("/invocations", '{"instances": %s}'),
    "inputs": ("/invocations", '{"inputs": %s, "params": {"a": [[1]]}}'),
    "split": ("/invocations", '{"dataframe_split": {"data": %s}}'),
    "split by name": ("/invocations", json.dumps({"dataframe_split": {"columns": NAMES, "data": 0}})[:-3] + "%s}}"),
}  # fmt: skip


def spellings() -> list[str]:
    """Return numbers as JSON may spell them: 1,000 of them, a multiple of four."""
    random = np.random.RandomState(4)
    known = [
        "0",
        "-0",
        "-0.0",
        "1E2",
        "1e+2",
        "12e-1",
        "5e-324",
        "1e-400",
        "9007199254740993",
        "18446744073709551615",
    ]
    known += ["0." + "3" * 400, "2.5", "4.35", "0.1", "123456789.12345678", "1.7976931348623157e-300"]
    drawn = [repr(float(number)) for number in random.randn(984) * 10.0 ** random.randint(-20, 3, 984)]
    return known + drawn


def rows_of(numbers: list[str], *, separator: str = ", ") -> str:
    rows = [separator.join(numbers[place : place + 4]) for place in range(0, len(numbers), 4)]
    return "[[" + f"]{separator}[".join(rows) + "]]"


@pytest.fixture(scope="module")
def outputs() -> bytes:
    """Return what `activate` computes for the numbers as Python parses them."""
    rows = np.array([float(text) for text in spellings()]).reshape(-1, 4)
    return load_knowledge(PROJECT.models / "iris.pkl").activate(rows).tobytes()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("separator", [",", ", ", " ,\n\t"], ids=["compact", "spaces", "white space"])
def test_numbers_in_any_spelling_are_those_of_float(
    server: Server, outputs: bytes, route: str, separator: str
) -> None:
    path, body = ROUTES[route]
    answer = server.ask("POST", path, body % rows_of(spellings(), separator=separator))
    assert answer.status == 200, answer.body
    assert np.array(answer.json["predictions"]).tobytes() == outputs


def test_columns_of_a_dataframe_are_matched_by_name(server: Server, outputs: bytes) -> None:
    order = [2, 0, 3, 1]
    text = spellings()
    moved = [text[row + column] for row in range(0, len(text), 4) for column in order]
    body = '{"dataframe_split": {"columns": %s, "data": %s}}'
    columns = json.dumps([NAMES[column] for column in order])
    answer = server.ask("POST", "/invocations", body % (columns, rows_of(moved)))
    assert np.array(answer.json["predictions"]).tobytes() == outputs


@pytest.mark.parametrize("datatype", ["FP64", "FP32", "FP16", "INT64"])
def test_v2_rounds_numbers_to_the_data_type(server: Server, datatype: str) -> None:
    numbers = np.random.RandomState(5).uniform(0, 9, 1000).round(0 if datatype == "INT64" else 5)
    tensor = {"name": "input", "shape": [250, 4], "datatype": datatype, "data": numbers.tolist()}
    answer = server.ask("POST", "/v2/models/iris/infer", {"inputs": [tensor], "parameters": {"data": True}})
    typed = numbers.astype({"FP64": "<f8", "FP32": "<f4", "FP16": "<f2", "INT64": "<i8"}[datatype])
    expected = load_knowledge(PROJECT.models / "iris.pkl").activate(typed.astype(float).reshape(-1, 4))
    output, label = answer.json["outputs"]
    assert np.array(output["data"]).tobytes() == expected.tobytes()
    assert set(label["data"]) <= {"setosa", "versicolor", "virginica"}


@pytest.mark.parametrize(
    ("row", "status", "message"),
    [
        ("[1,2,3]", 422, "instances[250] has 3 values; the network takes 4."),
        ("[1,2,3,4,5],[1,2,3]", 422, "instances[250] has 5 values; the network takes 4."),
        ("[1,2,3,null]", 422, "instances[250][3] is null; expected a finite number."),
        ("[1,2,3,true]", 422, "instances[250][3] is true; expected a finite number."),
        ('[1,2,3,"4"]', 422, "instances[250][3] is the string '4'; expected a finite number."),
        ("[1,2,3,NaN]", 422, "instances[250][3] is the string 'NaN'; expected a finite number."),
        ("[1,2,3,-1e999]", 422, "instances[250][3] is a number of 6 characters, which exceeds 1.8e308"),
        ("[1,2,3," + "9" * 5000 + "]", 422, "instances[250][3] is a number of 5000 characters, which exceeds 1.8e308"),
        ("[1,2,3,[4]]", 422, "instances[250][3] is a list of 1; expected a finite number."),
        ("[1,2,3,{}]", 422, "instances[250][3] is an object; expected a finite number."),
        ("[]", 422, "instances[250] has 0 values; the network takes 4."),
        ("[1,2,3,]", 400, "The body is not JSON: "),
        ("[1,,3,4]", 400, "The body is not JSON: "),
        ("[1[,2],3,4]", 400, "The body is not JSON: "),
        ("[01,2,3,4]", 400, "The body is not JSON: "),
        ("[1.,2,3,4]", 400, "The body is not JSON: "),
        ("[+1,2,3,4]", 400, "The body is not JSON: "),
        ("[1 2,2,3,4]", 400, "The body is not JSON: "),
        ("[1,2,3,4]]", 400, "The body is not JSON: "),
    ],
)  # fmt: skip
def test_an_error_after_many_rows_is_located(server: Server, row: str, status: int, message: str) -> None:
    rows = rows_of(spellings())[:-1]
    for path in ("/predict", "/v1/models/iris:predict"):
        answer = server.ask("POST", path, f'{{"instances": {rows}, {row}]}}')
        assert (answer.status, answer.json["error"][: len(message)]) == (status, message)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ('{"instances": %s, "x": [[1]]}', 422, "The body has an unknown key 'x'"),
        ('{"instances": %s, "model": "no[[1]]"}', 404, "There is no model 'no[[1]]'."),
        ('{"instances": %s, "version": [[1]]}', 422, "The body is not valid: "),
        ('{"instances": "a", "instances": %s}', 422, "The body is not valid: "),
        ('{"inst\\u0061nces": %s, "instances": 1}', 422, "instances is 1; expected a list of rows."),
        ('{"model": %s}', 422, "The body has no instances."),
        ('{"instances": {"a": %s}}', 422, "instances is an object; expected a list of rows."),
        ("[%s]", 422, "The body is a list of 1; expected an object with instances."),
        ('{"instances": %s', 400, "The body is not JSON: "),
        ('{"instances": %s} x', 400, "The body is not JSON: "),
    ],
)
def test_the_rest_of_a_large_body_is_checked(server: Server, body: str, status: int, message: str) -> None:
    answer = server.ask("POST", "/predict", body % rows_of(spellings()))
    assert (answer.status, answer.json["error"][: len(message)]) == (status, message)


def test_too_many_rows_are_refused(server: Server) -> None:
    body = '{"instances": [' + "[1,2,3,4]," * 100_000 + "[1,2,3,4]]}"
    for path in ("/predict", "/v1/models/iris:predict", "/invocations"):
        answer = server.ask("POST", path, body)
        assert (answer.status, answer.json["limit"]) == (413, 100_000)


def test_the_faster_parser_is_used_where_it_is_installed() -> None:
    found = matrix(b"[[1, 2.5], [-3e1, 4]]", 2)
    if find_spec("simdjson") is None:
        assert found is None
    else:
        assert found is not None
        assert found.tolist() == [[1.0, 2.5], [-30.0, 4.0]]


def test_responses_have_the_shortest_digits_that_reproduce_the_numbers() -> None:
    drawn = np.random.RandomState(6).randint(0, 2**62, 20_000).view(np.float64)
    edges = [0.0, -0.0, 1.0, 1e16, 1e21, 123456789012345680.0, 5e-324, 2.2250738585072014e-308]
    values = np.array([*edges, 1.7976931348623157e308, *drawn])
    text = array_json(values).decode("ascii")
    found = json.loads(text)
    assert all(type(value) is float for value in found)
    assert np.array(found).tobytes() == values.tobytes()
    for written, value in zip(text[1:-1].split(","), values.tolist(), strict=True):
        assert digits(written) == digits(repr(value)), value
    assert math.copysign(1, found[1]) == -1


def digits(text: str) -> str:
    return text.lower().partition("e")[0].replace("-", "").replace(".", "").strip("0")
