"""Plans for sessions of recurrent networks."""

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
        id: the ID of the session, as a URL path segment.
        steps: the number of rows known to be processed.
    """

    id: str
    steps: int


def open_session(exchange: Exchange, model: str | None, version: str | int | None) -> Plan[SessionState]:
    """Create a session.

    Args:
        exchange: the exchange that sends the request.
        model: name of the model; None for the default model.
        version: version of the model; None for the newest.
    """
    named = {"model": model, "version": version}
    body = encoded_object({name: value for name, value in named.items() if value is not None})
    response = yield from exchange.send(Request("POST", "/sessions", JSON, body), accepted=(200, 201))
    content = members(response)
    return SessionState(segment(content.get("session", str), "session"), content.get("steps", int))


def predict_in_session(
    exchange: Exchange, state: SessionState, rows: Rows, precision: str | None
) -> Plan[Prediction]:
    """Predict the next rows of a sequence. They carry their position, so the server processes them only once.

    Args:
        exchange: the exchange that sends the request.
        state: the session; updated after the response.
        rows: rows as accepted by ``App07Client.predict``.
        precision: ``float64`` or ``float32``; None for the precision of the session.
    """
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
    """Delete a session; an expired one is not an error.

    Args:
        exchange: the exchange that sends the request.
        state: the session.
        quiet: whether to suppress all errors, because another one is being raised; the session then expires.
    """
    request = Request("DELETE", f"/sessions/{state.id}")
    with contextlib.suppress(App07Error if quiet else NotFound):
        yield from exchange.send(request, accepted=(200, 202, 204))
