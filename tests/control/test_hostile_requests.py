"""Requests of hostile users over HTTP: each is refused, or gives the same file as the function."""

from __future__ import annotations

import pytest

from tests.compose.hostile.corpus import Case, cases
from tests.compose.hostile.inspection import findings
from tests.compose.hostile.test_json_texts import TEXTS
from tests.serving.servers import Server

GENERATE = "/api/v1/compose/generate"
# One of each kind; tests/compose/hostile tries all of them without a server.
EXAMPLES = list({case.name: case for case in cases()}.values())


@pytest.fixture(scope="module")
def answers(server: Server) -> list[tuple[Case, int, str]]:
    found = []
    for case in EXAMPLES:
        answer = server.ask("POST", GENERATE, case.data)
        found.append((case, answer.status, answer.body.decode()))
    return found


def test_every_request_is_refused_or_accepted_as_by_the_function(answers) -> None:
    # 413: longer than the limit of the route, before it is read.
    expected = {False: {422, 413}, True: {200}, None: {200, 422}}
    wrong = [(case.name, status) for case, status, _ in answers if status not in expected[case.accepted]]
    assert wrong == []


@pytest.mark.slow
def test_no_response_contains_a_traceback_or_host_details(server: Server, answers) -> None:
    for case, status, body in answers:
        assert "Traceback" not in body and 'File "' not in body, case.name
        if status == 200:
            assert list(findings(server.ask("POST", GENERATE, case.data).json["text"], "compose")) == []


@pytest.mark.parametrize("data", TEXTS.values(), ids=TEXTS)
def test_an_invalid_request_is_refused(server: Server, data: bytes) -> None:
    answer = server.ask("POST", GENERATE, data)
    assert answer.status in {400, 413, 422}
    assert answer.json["error"]
