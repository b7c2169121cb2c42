"""Requests for the tests: the example request of the document, with URLs of a local server."""

from __future__ import annotations

import copy
from typing import Any

from pipeline.compose.example import EXAMPLE

ROWS = b"x,y\n0.1,0.2\n0.3,0.4\n"


def document_example(
    place: str = "example.com", repository: str = "https://github.com/user/ml-code.git"
) -> Any:
    """Return the example request.

    Args:
        place: the host and port for the data and the model.
        repository: the URL of the code.
    """
    example: Any = copy.deepcopy(EXAMPLE)
    scheme = "https" if place == "example.com" else "http"
    data, model, code = example["containers"]
    data["data_source"]["url"] = f"{scheme}://{place}/data.csv"
    model["model_source"]["url"] = f"{scheme}://{place}/model.pkl"
    code["code_source"]["repo"] = repository
    return example
