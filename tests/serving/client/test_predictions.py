"""The clients against a real server: what comes back is what `activate` computes, to the bit."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow
import pytest

from app07_client import (
    App07Client,
    AsyncApp07Client,
    InvalidInput,
    ModelIdentity,
    NotFound,
    Prediction,
    RequestRefused,
)
from common.project import PROJECT
from pybrain_runtime import Knowledge, load_knowledge
from tests.serving.client.callers import CALLERS, Caller, blocking
from tests.serving.client.scripted import ScriptedServer, reply
from tests.serving.servers import Server, knowledge_of, recorded

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]]


@pytest.fixture(scope="module")
def iris() -> Knowledge:
    """Return the network with a card."""
    return load_knowledge(PROJECT.models / "iris.pkl")


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def edge_values(columns: int, rows: int) -> np.ndarray:
    """Return rows of random numbers, with subnormal ones, negative zero and neighbors of 1 among them."""
    values = np.random.RandomState(5).randn(rows, columns)
    values.flat[:6] = [5e-324, -0.0, 1.0000000000000002, 0.1, -2.2250738585072014e-308, 1 / 3]
    return values


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("rows", [3, 2000], ids=["JSON", "binary tensor"])
def test_every_network_predicts_as_activate_does(server: Server, caller: Caller, rows: int) -> None:
    for name in list(recorded())[:: 4 if rows > 3 else 1]:
        knowledge = knowledge_of(name)
        if knowledge.network.recurrent and rows > 3:
            continue
        values = edge_values(knowledge.indim, rows)
        expected = knowledge.activate(values)
        if np.isfinite(expected).all():
            found = caller(url(server), "predict", values, name)
            assert found.predictions.tobytes() == expected.tobytes(), name
            assert found.model == ModelIdentity(name, "1", knowledge.sha256)


def of(rows: object) -> Callable[[], object]:
    return lambda: rows


class Polars:
    """What is used of a data frame of polars."""

    def to_dicts(self) -> list[dict[str, float]]:
        return [dict(zip(NAMES, row, strict=True)) for row in ROWS]


@pytest.mark.parametrize(
    "rows",
    [
        of(ROWS), of(tuple(map(tuple, ROWS))), of(iter(ROWS)), of([dict(zip(NAMES, row, strict=True)) for row in ROWS]),
        of([np.array(row) for row in ROWS]), of([list(map(np.float64, row)) for row in ROWS]), of(np.array(ROWS)),
        of(np.array(ROWS, ">f8")), of(np.asfortranarray(ROWS)), of(np.array(ROWS, object)), of(np.ma.array(ROWS)),
        of(pyarrow.table(dict(zip(NAMES, zip(*ROWS, strict=True), strict=True)))), Polars,
    ],
    ids=["lists", "tuples", "iterator", "objects", "arrays in a list", "NumPy's floats", "array", "big-endian",
         "Fortran", "array of objects", "masked array", "Arrow table", "frame of polars"],
)  # fmt: skip
def test_rows_may_be_of_many_types(server: Server, iris: Knowledge, rows: Callable[[], Any]) -> None:
    found = blocking(url(server), "predict", rows(), "iris")
    assert found.predictions.tobytes() == iris.activate(np.array(ROWS)).tobytes()
    assert found.labels == ["setosa", "virginica"]


@pytest.mark.parametrize("dtype", ["f8", ">f8", "f4", "f2", "i4", "u1", "i8"])
def test_large_arrays_of_all_types_are_the_same_numbers(server: Server, iris: Knowledge, dtype: str) -> None:
    rows = (np.random.RandomState(2).rand(600, 4) * 8).astype(dtype)
    found = blocking(url(server), "predict", rows[::-1], "iris")
    assert found.predictions.tobytes() == iris.activate(rows[::-1].astype(float)).tobytes()


def test_small_and_large_requests_have_the_same_result(server: Server, iris: Knowledge) -> None:
    rows = np.random.RandomState(1).rand(700, 4) * 8
    with App07Client(url(server)) as client:
        for model, version, precision in (
            ("iris", None, None),
            (None, None, "float32"),
            ("iris", 1, "float64"),
        ):
            found = client.predict(rows, model, version, precision)
            alike = client.predict(rows.tolist(), model, version, precision)
            assert isinstance(found.outputs, np.ndarray) and isinstance(alike.outputs, list)
            assert found.predictions.tobytes() == alike.predictions.tobytes()
            assert (found.labels, found.classes, found.model) == (alike.labels, alike.classes, alike.model)
            assert found.probabilities is not None
            assert len(found) == len(alike) == 700


def test_the_probabilities_of_one_output_are_those_of_two_classes() -> None:
    body = {
        "predictions": [[0.3]], "labels": ["no"], "classes": ["no", "yes"], "probabilities": [[0.7, 0.3]],
        "model": {"name": "n", "version": "1", "sha256": "0"},
    }  # fmt: skip
    with ScriptedServer(reply(body)) as server:
        found: Prediction = blocking(server.url, "predict", [[1]])
    assert found.probabilities is not None
    assert found.probabilities.tolist() == [[0.7, 0.3]]


def test_json_is_used_if_the_server_does_not_describe_its_model() -> None:
    models = {
        "models": [{"name": "n", "versions": ["1"], "inputs": 4, "outputs": 1, "sha256": "0"}],
        "default": "n",
    }
    plain = {"model_name": "n", "model_version": "1", "outputs": []}
    body = {"predictions": [[0.5]] * 600, "model": {"name": "n", "version": "1", "sha256": "0"}}
    with ScriptedServer(reply(models), reply(plain), reply(body)) as server:
        assert len(blocking(server.url, "predict", np.ones((600, 4)))) == 600
    assert [asked.line.split()[1] for asked in server.asked] == ["/models", "/v2/models/n/infer", "/predict"]


@pytest.mark.parametrize(
    ("rows", "instance", "field", "message"),
    [
        ([[1, 2], [3, math.nan]], 1, "1", "instances[1][1] is nan; expected a finite number."),
        ([{"a": math.inf}], 0, "a", "instances[0]['a'] is inf; expected a finite number."),
        ([[1, 2j]], 0, "1", "instances[0][1] is of type complex; expected a finite number."),
        ([[1, b"x"]], 0, "1", "instances[0][1] is of type bytes; expected a finite number."),
        (np.array([[1.0, 2.0], [3.0, np.inf]]), 1, "1", "instances[1][1] is inf; expected a finite number."),
        (np.full((900, 4), np.nan), 0, "0", "instances[0][0] is nan; expected a finite number."),
        (np.zeros(4), None, "", "rows is an array of shape (4,); expected (n, inputs). One row is"),
        (np.zeros((1, 2), "M8[ns]"), None, "", "rows is an array of datetime64[ns]; expected float64 or another"),
        (np.zeros((1, 2), complex), None, "", "rows is an array of complex128; expected float64 or another"),
        ("1,2", None, "", "rows has type str; expected a list of rows."),
        ({"a": 1}, None, "", "rows has type dict; expected a list of rows."),
        (5, None, "", "rows has type int; expected a list of rows."),
        ([[10**5000]], None, "", "The rows cannot be sent: Exceeds the limit"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_sent_are_refused_with_their_location(
    rows: Any, instance: int | None, field: str, message: str
) -> None:
    with ScriptedServer(reply()) as server, pytest.raises(InvalidInput) as caught:
        blocking(server.url, "predict", rows)
    assert server.asked == []
    assert (caught.value.instance, caught.value.field, caught.value.message[: len(message)]) == (
        instance,
        field,
        message,
    )


@pytest.mark.parametrize(
    ("rows", "code", "instance", "field"),
    [
        ([[1, 2, 3]], "invalid_instance", 0, ""),
        ([[1, 2, 3, 4], [1, 2, 3, None]], "invalid_instance", 1, "petal_width"),
        ([[1, 2, 3, True]], "invalid_instance", 0, "petal_width"),
        ([dict.fromkeys(NAMES, "1")], "invalid_instance", 0, "sepal_length"),
        (np.zeros((600, 5)), "invalid_request", None, ""),
        ([], "invalid_request", None, ""),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_the_server(
    server: Server, rows: Any, code: str, instance: int | None, field: str
) -> None:
    with pytest.raises(RequestRefused) as caught:
        blocking(url(server), "predict", rows, "iris")
    error = caught.value
    assert (error.status, error.code, error.instance, error.field) == (422, code, instance, field)
    assert error.request_id


@pytest.mark.parametrize("rows", [[[1.0] * 4], np.ones((600, 4))], ids=["JSON", "binary tensor"])
def test_an_unknown_model_or_version_is_not_found(server: Server, rows: Any) -> None:
    with App07Client(url(server)) as client:
        for model, version in (("nope", None), ("iris", 9), ("ir%2Fis", None), ("é", None)):
            with pytest.raises(NotFound):
                client.predict(rows, model, version)


def test_models_are_listed_and_described(server: Server, iris: Knowledge) -> None:
    with App07Client(url(server)) as client:
        assert client.ready()
        found = {each.name: each for each in client.models()}
        assert (found["iris"].inputs, found["iris"].outputs, found["iris"].is_default) == (4, 3, True)
        assert [name for name, each in found.items() if each.is_default] == ["iris"]
        model = client.model("iris")
        assert model.identity == ModelIdentity("iris", "1", iris.sha256) == model.versions[0]
        assert [column.name for column in model.inputs] == NAMES
        assert (model.classes, model.recurrent) == (["setosa", "versicolor", "virginica"], False)
        for name in ("", ".", "..", "a/b"):
            with pytest.raises(InvalidInput):
                client.model(name)


@pytest.mark.slow
def test_the_calls_of_many_tasks_are_not_mixed_up(server: Server, iris: Knowledge) -> None:
    rows = np.random.RandomState(6).rand(64, 4) * 8
    expected = np.concatenate([iris.activate(row) for row in rows[:, None]])

    async def all_at_once() -> list[Prediction]:
        async with AsyncApp07Client(url(server)) as client:
            return await asyncio.gather(
                *(client.predict(rows[place : place + 1], "iris") for place in range(64))
            )

    found = asyncio.run(all_at_once())
    assert np.concatenate([each.predictions for each in found]).tobytes() == expected.tobytes()


@pytest.mark.slow
def test_importing_the_client_loads_neither_httpx_nor_numpy() -> None:
    code = "import app07_client, sys; print({'httpx', 'numpy', 'pandas', 'pipeline'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"
