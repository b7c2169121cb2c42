"""`POST /predict` answers what `activate` computes, to the bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from common.project import PROJECT
from pybrain_runtime import load_knowledge
from serving.requests.prediction_request import PredictionRequest
from tests.serving.servers import Server, knowledge_of, recorded

FLOWER = [5.1, 3.5, 1.4, 0.2]


def test_the_responses_for_all_recorded_networks_are_bit_identical_to_activate(server: Server) -> None:
    random = np.random.RandomState(1)
    assert len(recorded()) > 55
    for name in recorded():
        knowledge = knowledge_of(name)
        rows = random.randn(7, knowledge.indim)
        for precision in ("float64", "float32"):
            answer = server.predict(rows.tolist(), model=name, precision=precision)
            assert answer.status == 200, answer.body
            expected = knowledge.session(precision=precision).activate(rows)
            assert np.array(answer.json["predictions"]).tobytes() == expected.tobytes(), (name, precision)


def test_the_responses_are_those_recorded_from_pybrain(server: Server, fixtures: object) -> None:
    folder = PROJECT.root / "tests" / "fixtures" / "networks" / "bn_5_7_6_4_3"
    inputs = np.loadtxt(folder / "inputs.csv", delimiter=",", skiprows=1, ndmin=2)
    expected = np.loadtxt(folder / "expected.csv", delimiter=",", skiprows=1, ndmin=2)
    answer = server.predict(inputs.tolist(), model=folder.name)
    np.testing.assert_allclose(answer.json["predictions"], expected, rtol=1e-12)


def test_classes_have_labels_and_probabilities(server: Server) -> None:
    answer = server.predict([FLOWER, [6.3, 3.3, 6.0, 2.5]]).json
    assert answer["labels"] == ["setosa", "virginica"]
    assert answer["classes"] == ["setosa", "versicolor", "virginica"]
    assert answer["probabilities"] == answer["predictions"]
    assert set(answer["model"]) == {"name", "version", "sha256"}
    assert answer["model"]["name"] == "iris"


def test_a_network_without_a_card_has_no_labels(server: Server) -> None:
    assert set(server.predict([[0.5]], model="course").json) == {"predictions", "model"}


def test_objects_by_the_names_of_the_card_are_rows_in_any_order(server: Server) -> None:
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    by_name = dict(reversed(list(zip(names, FLOWER, strict=True))))
    assert server.predict([by_name, FLOWER]).json == server.predict([FLOWER, FLOWER]).json


def test_a_version_is_found_by_text_and_by_number(server: Server) -> None:
    for version in ("1", 1):
        assert server.predict([FLOWER], version=version).json["model"]["version"] == "1"


@pytest.mark.slow
def test_large_batches_are_bit_identical(server: Server) -> None:
    rows = np.random.RandomState(2).rand(20_000, 4) * 8
    answer = server.predict(rows.tolist())
    expected = load_knowledge(PROJECT.models / "iris.pkl").activate(rows)
    assert np.array(answer.json["predictions"]).tobytes() == expected.tobytes()


@pytest.mark.slow
def test_64_concurrent_clients_each_get_their_own_response(server: Server) -> None:
    rows = np.random.RandomState(3).rand(256, 4) * 8
    knowledge = load_knowledge(PROJECT.models / "iris.pkl")

    def is_right(row: np.ndarray) -> bool:
        found = np.array(server.predict([row.tolist()]).json["predictions"])
        return found.tobytes() == knowledge.activate(row).tobytes()

    with ThreadPoolExecutor(64) as clients:
        assert all(clients.map(is_right, rows))


@pytest.mark.parametrize(
    ("body", "status", "message", "details"),
    [
        ("", 400, "The body is empty.", {}),
        ("{", 400, "The body is not JSON: ", {}),
        (b'{"instances": [["\xff"]]}', 400, "The body is not UTF-8: byte 17.", {}),
        ("[" * 100_000, 400, "The body is nested too deeply.", {}),
        ("[1]", 422, "The body is a list of 1; expected an object with instances.", {}),
        ("{}", 422, "The body has no instances.", {"field": "instances"}),
        ('{"instances": []}', 422, "There are no instances; expected at least one.", {}),
        ('{"instances": null}', 422, "instances is null; expected a list of rows.", {"field": "instances"}),
        ('{"instances": [[1,2,3,4]], "x": 1}', 422,
         "The body has an unknown key 'x'; expected one of instances, model, version, precision.", {"field": "x"}),
        ('{"instances": [[1,2,3,4], [1,2,3]]}', 422, "instances[1] has 3 values; the network takes 4.",
         {"instance": 1, "got": 3, "expected": 4}),
        ('{"instances": [[1,2,3,4,5]]}', 422, "instances[0] has 5 values; the network takes 4.", {"instance": 0}),
        ('{"instances": [[1,null,3,4]]}', 422, "instances[0][1] is null; expected a finite number.",
         {"instance": 0, "field": "sepal_width", "got": "null", "expected": "a finite number"}),
        ('{"instances": [[1,2,true,4]]}', 422, "instances[0][2] is true; expected a finite number.",
         {"field": "petal_length"}),
        ('{"instances": [[1,2,3,"4"]]}', 422, "instances[0][3] is the string '4'; expected a finite number.", {}),
        ('{"instances": [[1,2,3,NaN]]}', 422, "instances[0][3] is the string 'NaN'; expected a finite number.", {}),
        ('{"instances": [[1,2,3,1e999]]}', 422, "instances[0][3] is a number of 5 characters, which exceeds 1.8e308",
         {"field": "petal_width"}),
        ('{"instances": [[1,2,3,' + "9" * 5000 + "]]}", 422,
         "instances[0][3] is a number of 5000 characters, which exceeds 1.8e308; expected a finite number.", {}),
        ('{"instances": [[1,2,3,[4]]]}', 422, "instances[0][3] is a list of 1; expected a finite number.", {}),
        ('{"instances": [1,2,3,4]}', 422,
         "instances[0] is 1; expected a list of 4 numbers, or an object.", {"instance": 0}),
        ('{"instances": [{"sepal_length": 1, "y": 2}]}', 422, "instances[0] has an unknown name 'y'. The inputs are: "
         "sepal_length, sepal_width, petal_length, petal_width.", {"field": "y"}),
        ('{"instances": [{"sepal_length": 1}]}', 422, "instances[0] has no value for 'sepal_width'.",
         {"field": "sepal_width", "got": "missing"}),
        ('{"instances": [{"\\ud800": 1}]}', 422, "instances[0] has an unknown name '\\ud800'.", {"field": "?"}),
        ('{"instances": [[1,2,3,4]], "precision": "float16"}', 422, "The body is not valid: ", {}),
        ('{"instances": [[1,2,3,4]], "model": "../iris"}', 404, "There is no model '../iris'. Available models: ", {}),
        ('{"instances": [[1,2,3,4]], "version": 7}', 404, "The model iris has no version '7'.", {}),
        ('{"instances": [[1,null]], "model": "nope"}', 404, "There is no model 'nope'.", {}),
    ],
)  # fmt: skip
def test_an_invalid_body_is_refused_with_the_location_of_the_error(
    server: Server, body: str, status: int, message: str, details: dict[str, object]
) -> None:
    answer = server.ask("POST", "/predict", body)
    found = answer.json
    assert (answer.status, found["error"][: len(message)]) == (status, message)
    assert details.items() <= found.items()
    assert found["request_id"] == answer.headers["x-request-id"]


def test_other_content_types_encodings_and_methods_are_refused(server: Server) -> None:
    body = '{"instances": [[1,2,3,4]]}'
    assert server.ask("POST", "/predict", body, {"content-type": "application/xml"}).status == 415
    assert server.ask("POST", "/predict", body, {"content-encoding": "gzip"}).status == 415
    assert server.ask("POST", "/predict", body, {"accept": "image/png"}).status == 406
    assert server.get("/predict").status == 405


def test_the_documented_schema_has_the_keys_of_the_request(server: Server) -> None:
    document = server.get("/openapi.json").json
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    for schema in body["schema"]["anyOf"]:
        assert set(schema["properties"]) == set(PredictionRequest.__struct_fields__)
        assert schema["additionalProperties"] is False
    assert server.ask("POST", "/predict", body["example"]).status == 200
