"""Fixtures with requests for the tests of the generator."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

from pipeline.compose import Generated, RequestRefused, generate, read_request
from pipeline.compose.example import EXAMPLE


class Requests:
    """Generates files from variations of the example request."""

    @staticmethod
    def example(number: int = 2, **variables: object) -> dict[str, Any]:
        """Return the example request with variables of one container replaced; `number` is its index."""
        document: dict[str, Any] = copy.deepcopy(EXAMPLE)
        document["containers"][number].update(variables)
        return document

    @staticmethod
    def generated(document: object, target: str = "compose") -> Generated:
        """Return the generated file for a request."""
        return generate(read_request(json.dumps(document).encode()), target=target)

    def services(self, document: object) -> dict[str, Any]:
        """Return the services of the compose file for a request, as a YAML 1.1 parser reads them."""
        found: dict[str, Any] = yaml.safe_load(self.generated(document).text)["services"]
        return found

    def refusal(self, document: object) -> dict[str, str]:
        """Return the reasons why a request is refused, by path."""
        with pytest.raises(RequestRefused) as caught:
            self.generated(document)
        return {problem.path: problem.reason for problem in caught.value.problems}


@pytest.fixture
def requests() -> Requests:
    return Requests()
