"""Sessions of recurrent networks, as plans."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from app07_client.errors import App07Error, NotFound
from app07_client.protocol.address import segment
from app07_client.protocol.exchange import Exchange, Plan, Request
from app07_client.protocol.json_bodies import members
from app07_client.protocol.plans import JSON, prediction_of
from app07_client.protocol.rows import Rows, encoded, encoded_object, instances_of
from app07_client.results import Prediction


@dataclass
class SessionState:
    """A session on the server.

    Attributes:
        id: its id, as a segment of a path.
        steps: the number of rows that it has processed, as far as is known.
    """

    id: str
    steps: int


def open_session(exchange: Exchange, model: str | None, version: str | int | None) -> Plan[SessionState]:
    """Create a session."""
    named = {"model": model, "version": version}
    body = encoded_object({name: value for name, value in named.items() if value is not None})
    response = yield from exchange.send(Request("POST", "/sessions", JSON, body), accepted=(200, 201))
    content = members(response)
    return SessionState(segment(content.get("session", str), "session"), content.get("steps", int))


def predict_in_session(
    exchange: Exchange, state: SessionState, rows: Rows, precision: str | None
) -> Plan[Prediction]:
    """Predict the next rows of a sequence. They carry their place, so that the server processes them once."""
    instances = instances_of(rows)
    others: dict[str, object] = {"step": state.steps}
    if precision is not None:
        others["precision"] = precision
    request = Request("POST", f"/sessions/{state.id}/predict", JSON, encoded(others, instances))
    response = yield from exchange.send(request)
    found = prediction_of(response, len(instances))
    state.steps = members(response).get("steps", int)
    return found


def close_session(exchange: Exchange, state: SessionState, *, quiet: bool) -> Plan[None]:
    """Delete a session; one that has expired is no error.

    Args:
        exchange: sends the request.
        state: the session.
        quiet: whether no error is raised at all, because another one is on its way; the session then expires.
    """
    request = Request("DELETE", f"/sessions/{state.id}")
    with contextlib.suppress(App07Error if quiet else NotFound):
        yield from exchange.send(request, accepted=(200, 202, 204))
