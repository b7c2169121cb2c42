"""Errors of a request, each with its HTTP status and a code for programs."""

from __future__ import annotations

from collections.abc import Mapping

from access_control.errors import AccessDenied
from pybrain_runtime._io.record import NOTHING
from pybrain_runtime.errors import PipelineError


class RequestError(PipelineError):
    """A request that cannot be answered.

    Attributes:
        http_status: the status of the response.
        code: what is wrong, as a word for programs.
        details: further members of the response's body, such as ``instance`` and ``field``.
        headers: further headers of the response.
        closes: whether the connection is closed, because the rest of the request is not read.
    """

    http_status = 400
    code = "bad_request"
    headers: Mapping[str, str] = NOTHING
    closes = False

    def __init__(self, message: str, **details: str | int) -> None:
        super().__init__(message)
        self.details = details


class Denied(RequestError):
    """The request is refused by the rules of access."""

    def __init__(self, denied: AccessDenied) -> None:
        super().__init__(denied.message)
        self.http_status = denied.http_status
        self.code = denied.code
        self.headers = denied.headers


class OutOfMemory(RequestError):
    """There is not enough memory for the request now."""

    http_status = 503
    code = "out_of_memory"
    headers: Mapping[str, str] = {"retry-after": "5"}


class MalformedRequest(RequestError):
    """The body is not in the format that its content type names."""

    code = "malformed"


class UnknownModel(RequestError):
    """There is no model, or no version of it, by this name."""

    http_status = 404
    code = "unknown_model"


class NotAcceptable(RequestError):
    """None of the content types that the client accepts can be written."""

    http_status = 406
    code = "not_acceptable"


class RequestTimedOut(RequestError):
    """The body did not arrive in time."""

    http_status = 408
    code = "timed_out"
    closes = True


class PayloadTooLarge(RequestError):
    """The body has more bytes, or more rows, than is allowed."""

    http_status = 413
    code = "too_large"
    closes = True


class UnsupportedMediaType(RequestError):
    """The content type, or its encoding, is not one that the route reads."""

    http_status = 415
    code = "unsupported_media_type"


class InvalidRequest(RequestError):
    """A member of the body is missing, unknown, or not of the right type."""

    http_status = 422
    code = "invalid_request"


class InvalidInstance(InvalidRequest):
    """An instance does not fit the network; the details have ``instance``, ``got`` and ``expected``."""

    code = "invalid_instance"


class InvalidTable(InvalidRequest):
    """A table ended the process that decoded it."""

    code = "invalid_table"


class NotFinite(InvalidRequest):
    """The network's output for an instance is not a finite number, which JSON cannot hold.

    Not 422: the request is valid, and it is the model that has no answer for it.
    """

    http_status = 409
    code = "not_finite"


class Overloaded(RequestError):
    """More requests are in flight than are allowed; the client may try again."""

    http_status = 503
    code = "overloaded"
    headers: Mapping[str, str] = {"retry-after": "1"}


class TooBusy(Overloaded):
    """The bodies or tables of other requests take the memory or disk space; the client may try again."""

    code = "too_busy"
    closes = True


class ClientGone(RequestError):
    """The client has closed the connection before the work for its request has begun."""

    code = "client_gone"


class NotReady(RequestError):
    """The model is known, but its file cannot be served."""

    http_status = 503
    code = "not_ready"
    headers: Mapping[str, str] = {"retry-after": "5"}


class NoSpace(RequestError):
    """There is no disk space for a table; the client may try again."""

    http_status = 503
    code = "no_space"
    headers: Mapping[str, str] = {"retry-after": "30"}


class UnknownSession(RequestError):
    """There is no session with this id, or it has expired."""

    http_status = 404
    code = "unknown_session"


class NotRecurrent(InvalidRequest):
    """A session was asked of a network that keeps no state."""

    http_status = 409
    code = "not_recurrent"


class SessionBusy(RequestError):
    """Another call of the session is in progress; the client may try again."""

    http_status = 409
    code = "session_busy"
    headers: Mapping[str, str] = {"retry-after": "1"}


class SessionStep(RequestError):
    """The session is at another time step than the call says; the details have ``steps``."""

    http_status = 409
    code = "session_step"


class TooManySessions(RequestError):
    """There are as many sessions as are allowed; the client may try again."""

    http_status = 503
    code = "too_many_sessions"
    headers: Mapping[str, str] = {"retry-after": "30"}


class ImageTooLarge(RequestError):
    """A picture has more pixels than is allowed, or decoding it takes too much memory."""

    http_status = 413
    code = "image_too_large"


class UnsupportedImage(RequestError):
    """A picture is in a format that is not read."""

    http_status = 415
    code = "unsupported_image"


class InvalidImage(InvalidRequest):
    """A picture is damaged, incomplete or empty."""

    code = "invalid_image"


class AnimatedImage(InvalidRequest):
    """A picture has several frames."""

    code = "animated_image"


class BlankImage(RequestError):
    """A picture is valid, but has no figure."""

    http_status = 409  # a valid picture, for which there is no answer
    code = "blank_image"


class SlowImage(InvalidRequest):
    """A picture was not decoded in time."""

    code = "slow_image"


class NoImageInput(InvalidRequest):
    """The model card does not say how a picture becomes the inputs of the network."""

    http_status = 409
    code = "no_image_input"


class ImagesUnavailable(RequestError):
    """This server cannot decode pictures, because Pillow is not installed."""

    http_status = 501
    code = "images_unavailable"
