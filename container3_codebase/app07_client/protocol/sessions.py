"""Sessions of recurrent networks, as plans."""

from __future__ import annotations

import contextlib

from app07_client.errors import App07Error, NotFound
from app07_client.protocol.address import segment
from app07_client.protocol.exchange import Exchange, Plan, Request
from app07_client.protocol.json_bodies import members
from app07_client.protocol.plans import JSON, prediction_of
from app07_client.protocol.rows import Rows, encoded, encoded_object, instances_of
from app07_client.results import Prediction


def open_session(exchange: Exchange, model: str | None, version: str | int | None) -> Plan[str]:
    """Create a session, and return its id. Repeated where necessary: an orphan expires."""
    named = {"model": model, "version": version}
    body = encoded_object({name: value for name, value in named.items() if value is not None})
    response = yield from exchange.send(Request("POST", "/sessions", JSON, body), accepted=(200, 201))
    return segment(members(response).get("session", str), "session")


def predict_in_session(exchange: Exchange, session: str, rows: Rows) -> Plan[Prediction]:
    """Predict the next rows of a sequence. Not repeated once the server may have received them."""
    instances = instances_of(rows)
    path = f"/sessions/{session}/predict"
    request = Request("POST", path, JSON, encoded({}, instances), repeatable=False)
    response = yield from exchange.send(request)
    return prediction_of(response, len(instances))


def close_session(exchange: Exchange, session: str, *, quiet: bool) -> Plan[None]:
    """Delete a session; one that has expired is no error.

    Args:
        exchange: sends the request.
        session: its id.
        quiet: whether no error is raised at all, because another one is on its way; the session then expires.
    """
    request = Request("DELETE", f"/sessions/{session}")
    with contextlib.suppress(App07Error if quiet else NotFound):
        yield from exchange.send(request, accepted=(200, 202, 204))
