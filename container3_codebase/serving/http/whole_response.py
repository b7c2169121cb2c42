"""Send a small JSON response in one step instead of the two of ASGI, whose checks take 10 % of the time."""

from __future__ import annotations

from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from serving.http.lingering_close import LingeringTransport
from serving.http.responses import JsonResponse

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    b"x-request-id: %b\r\nx-content-type-options: nosniff\r\n\r\n"
)


def send_whole(send: Send, response: JsonResponse, request_id: bytes) -> bool:
    """Send a response if the application runs directly in uvicorn and the connection stays open.

    Args:
        send: the ASGI send function that the application received.
        response: the response.
        request_id: the ID of the request, for the headers.

    Returns:
        Whether the response was sent; if False, nothing was sent.
    """
    cycle = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle) or not isinstance(cycle.transport, LingeringTransport):
        return False
    if cycle.disconnected or cycle.flow.write_paused or cycle.response_started:
        return False
    if not cycle.keep_alive or cycle.default_headers:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write_whole(_HEAD % (len(response.body), request_id), bytes(response.body))
    cycle.message_event.set()
    cycle.on_response()
    return True
