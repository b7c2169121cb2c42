"""Sessions of the clients: the rows of a sequence arrive once, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from app07_client import (
    App07Client,
    AsyncApp07Client,
    ConnectionFailed,
    InvalidInput,
    NotFound,
    RequestRefused,
)
from tests.serving.client.scripted import ANSWER, MODEL, ScriptedServer, closing, reply
from tests.serving.servers import Server, knowledge_of

LSTM = "rnn_bn_lstm_nobias"
OPENED = reply({"session": "abc", "model": MODEL, "steps": 0, "expires_in": 900}, 201)
CLOSED = reply(b"", 204)


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def test_a_sequence_in_parts_is_one_sequence(server: Server) -> None:
    knowledge = knowledge_of(LSTM)
    rows = np.random.RandomState(3).randn(9, knowledge.indim)
    expected = knowledge.activate(rows).tobytes()
    with App07Client(url(server)) as client, client.session(LSTM) as session:
        parts = [session.predict(part) for part in np.split(rows, 3)]
    assert b"".join(part.predictions.tobytes() for part in parts) == expected

    async def in_parts() -> bytes:
        async with AsyncApp07Client(url(server)) as client, client.session(LSTM) as session:
            found = [await session.predict(part) for part in np.split(rows, 9)]
        return b"".join(part.predictions.tobytes() for part in found)

    assert asyncio.run(in_parts()) == expected


def test_a_session_ends_with_its_block_and_is_refused_for_other_networks(server: Server) -> None:
    with App07Client(url(server)) as client:
        with client.session(LSTM) as session:
            name = session.id
        assert server.get(f"/sessions/{name}").status == 404
        with client.session(LSTM) as session:
            server.ask("DELETE", f"/sessions/{session.id}")
            with pytest.raises(NotFound):
                session.predict([[0.5]])
        with pytest.raises(RequestRefused) as caught, client.session("iris"):
            pass
        assert caught.value.code == "not_recurrent"
        with pytest.raises(InvalidInput, match="The session is not open"):
            client.session(LSTM).predict([[0.5]])


def test_a_repeated_call_carries_its_position_in_the_sequence() -> None:
    first, second = reply({**ANSWER, "steps": 1}), reply({**ANSWER, "steps": 2})
    busy = reply({"error": "busy", "code": "session_busy"}, 409)
    server = ScriptedServer(OPENED, first, closing, busy, second, CLOSED)
    with server, App07Client(server.url) as client, client.session() as session:
        session.predict([[1.0]])
        session.predict([[2.0]])
    sent = [json.loads(asked.body) for asked in server.asked[1:5]]
    assert sent == [{"instances": [[1.0]], "step": 0}] + [{"instances": [[2.0]], "step": 1}] * 3
    assert server.asked[-1].line == "DELETE /sessions/abc HTTP/1.1"


def test_the_error_in_a_block_is_not_hidden_by_that_of_its_end() -> None:
    with ScriptedServer(OPENED, closing) as server, App07Client(server.url, retries=0) as client:
        with pytest.raises(ConnectionFailed), client.session() as session:
            session.predict([[1.0]])
        with pytest.raises(ConnectionFailed), client.session():
            pass


def test_the_id_of_a_session_remains_a_single_path_segment() -> None:
    for name in ("../models", "a/b", "..", ""):
        server = ScriptedServer(reply({"session": name, "model": MODEL, "steps": 0}, 201))
        with server, App07Client(server.url) as client, pytest.raises(InvalidInput):
            client.session().__enter__()
        assert len(server.asked) == 1
