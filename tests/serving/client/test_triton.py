"""Triton's own client, as it is, against the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from common.project import PROJECT
from pybrain_runtime import load_knowledge
from tests.serving.servers import Server

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
TYPES = {"FP64": "f8", "FP32": "f4", "INT64": "i8"}


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Any]:
    """Return a client."""
    from tritonclient import http

    opened = http.InferenceServerClient(f"127.0.0.1:{server.port}")
    yield opened
    opened.close()


def test_health_and_metadata(client: Any) -> None:
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("iris") and client.is_model_ready("iris", "1")
    assert not client.is_model_ready("nope") and not client.is_model_ready("iris", "9")
    assert client.get_server_metadata()["name"] == "app07"
    metadata, config = client.get_model_metadata("iris", "1"), client.get_model_config("iris")
    assert metadata["inputs"] == [{"name": "input", "datatype": "FP64", "shape": [-1, 4]}]
    assert config["input"] == [{"name": "input", "data_type": "TYPE_FP64", "dims": [-1, 4]}]
    assert [each["name"] for each in config["output"]] == ["output", "label"]


@pytest.mark.parametrize("datatype", TYPES)
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
@pytest.mark.parametrize("named", [True, False], ids=["outputs named", "all outputs"])
def test_infer(client: Any, datatype: str, binary: bool, named: bool) -> None:
    from tritonclient import http

    rows = ROWS.astype(TYPES[datatype])
    tensor = http.InferInput("input", rows.shape, datatype).set_data_from_numpy(rows, binary_data=binary)
    outputs = [http.InferRequestedOutput(name, binary_data=binary) for name in ("output", "label")]
    found = client.infer("iris", [tensor], outputs=outputs if named else None, request_id="7")
    knowledge = load_knowledge(PROJECT.models / "iris.pkl")
    expected = knowledge.activate(rows.astype(float))
    assert found.as_numpy("output").tobytes() == expected.tobytes()
    labels = [each.decode() if isinstance(each, bytes) else each for each in found.as_numpy("label").tolist()]
    assert labels == knowledge.classes(expected)
    assert found.get_response()["id"] == "7"


@pytest.mark.parametrize(
    ("model", "shape", "status", "message"),
    [
        ("iris", [1, 3], "422", "The shape of input is [1, 3]; expected [n, 4]."),
        ("nope", [1, 4], "404", "There is no model 'nope'."),
    ],
)
def test_errors_arrive_as_the_exception_of_the_client(
    client: Any, model: str, shape: list[int], status: str, message: str
) -> None:
    from tritonclient import http
    from tritonclient.utils import InferenceServerException

    tensor = http.InferInput("input", shape, "FP64").set_data_from_numpy(np.zeros(shape))
    with pytest.raises(InferenceServerException) as caught:
        client.infer(model, [tensor])
    assert (caught.value.status(), caught.value.message()[: len(message)]) == (status, message)
