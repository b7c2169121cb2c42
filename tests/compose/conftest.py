"""Requests for the tests of the generator."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

from pipeline.compose import Generated, RequestRefused, generate, read_request
from pipeline.compose.example import EXAMPLE


class Requests:
    """Generates from variations of the example of the document."""

    @staticmethod
    def example(number: int = 2, **variables: object) -> dict[str, Any]:
        """Return the example with variables of one container replaced; its number counts from 0."""
        document: dict[str, Any] = copy.deepcopy(EXAMPLE)
        document["containers"][number].update(variables)
        return document

    @staticmethod
    def generated(document: object, target: str = "compose") -> Generated:
        """Return what is generated for a document."""
        return generate(read_request(json.dumps(document).encode()), target=target)

    def services(self, document: object) -> dict[str, Any]:
        """Return the services of the compose file for a document, as a reader of YAML 1.1 sees them."""
        found: dict[str, Any] = yaml.safe_load(self.generated(document).text)["services"]
        return found

    def refusal(self, document: object) -> dict[str, str]:
        """Return the reasons by which a document is refused, by their paths."""
        with pytest.raises(RequestRefused) as caught:
            self.generated(document)
        return {problem.path: problem.reason for problem in caught.value.problems}


@pytest.fixture
def requests() -> Requests:
    return Requests()
