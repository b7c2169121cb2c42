"""Request errors, each with an HTTP status and a machine-readable code."""

from __future__ import annotations

from collections.abc import Mapping

from access_control.errors import AccessDenied
from pybrain_runtime.errors import PipelineError
from pybrain_runtime.io.record import NOTHING


class RequestError(PipelineError):
    """A request that fails.

    Attributes:
        http_status: the status of the response.
        code: the machine-readable error code.
        details: additional members of the response body, such as ``instance`` and ``field``.
        headers: additional headers of the response.
        closes: whether the connection is closed because the rest of the request is not read.
    """

    http_status = 400
    code = "bad_request"
    headers: Mapping[str, str] = NOTHING
    closes = False

    def __init__(self, message: str, **details: str | int) -> None:
        super().__init__(message)
        self.details = details


class Denied(RequestError):
    """The request is refused by access control."""

    def __init__(self, denied: AccessDenied) -> None:
        super().__init__(denied.message)
        self.http_status = denied.http_status
        self.code = denied.code
        self.headers = denied.headers


class OutOfMemory(RequestError):
    """There is currently not enough memory for the request."""

    http_status = 503
    code = "out_of_memory"
    headers: Mapping[str, str] = {"retry-after": "5"}


class MalformedRequest(RequestError):
    """The body is not in the format of its content type."""

    code = "malformed"


class UnknownModel(RequestError):
    """The model or the version does not exist."""

    http_status = 404
    code = "unknown_model"


class NotAcceptable(RequestError):
    """The route supports none of the content types that the client accepts."""

    http_status = 406
    code = "not_acceptable"


class RequestTimedOut(RequestError):
    """The body did not arrive in time."""

    http_status = 408
    code = "timed_out"
    closes = True


class PayloadTooLarge(RequestError):
    """The body has more bytes or rows than allowed."""

    http_status = 413
    code = "too_large"
    closes = True


class UnsupportedMediaType(RequestError):
    """The route does not support the content type or the content encoding."""

    http_status = 415
    code = "unsupported_media_type"


class InvalidRequest(RequestError):
    """A member of the body is missing, unknown, or not of the right type."""

    http_status = 422
    code = "invalid_request"


class InvalidInstance(InvalidRequest):
    """An instance does not match the network's inputs; the details have ``instance``, ``got`` and ``expected``."""

    code = "invalid_instance"


class InvalidTable(InvalidRequest):
    """A table crashed the process that decoded it."""

    code = "invalid_table"


class NotFinite(InvalidRequest):
    """The network's output for an instance is not a finite number, which JSON cannot represent.

    The status is not 422, because the request is valid: the model has no usable output for it.
    """

    http_status = 409
    code = "not_finite"


class Overloaded(RequestError):
    """Too many requests are in flight; the client may retry."""

    http_status = 503
    code = "overloaded"
    headers: Mapping[str, str] = {"retry-after": "1"}


class TooBusy(Overloaded):
    """The bodies or tables of other requests use up the memory or disk space; the client may retry."""

    code = "too_busy"
    closes = True


class ClientGone(RequestError):
    """The client closed the connection before its request was processed."""

    code = "client_gone"


class NotReady(RequestError):
    """The model exists, but its file could not be loaded."""

    http_status = 503
    code = "not_ready"
    headers: Mapping[str, str] = {"retry-after": "5"}


class NoSpace(RequestError):
    """There is no disk space for a table; the client may retry."""

    http_status = 503
    code = "no_space"
    headers: Mapping[str, str] = {"retry-after": "30"}


class UnknownSession(RequestError):
    """The session does not exist or has expired."""

    http_status = 404
    code = "unknown_session"


class NotRecurrent(InvalidRequest):
    """A session was requested for a network that is not recurrent."""

    http_status = 409
    code = "not_recurrent"


class SessionBusy(RequestError):
    """Another call of the session is in progress; the client may retry."""

    http_status = 409
    code = "session_busy"
    headers: Mapping[str, str] = {"retry-after": "1"}


class SessionStep(RequestError):
    """The call's step does not match the session's; the details have ``steps``."""

    http_status = 409
    code = "session_step"


class TooManySessions(RequestError):
    """The maximum number of sessions is reached; the client may retry."""

    http_status = 503
    code = "too_many_sessions"
    headers: Mapping[str, str] = {"retry-after": "30"}


class ImageTooLarge(RequestError):
    """An image has more pixels than allowed, or decoding it takes too much memory."""

    http_status = 413
    code = "image_too_large"


class UnsupportedImage(RequestError):
    """An image is in an unsupported format."""

    http_status = 415
    code = "unsupported_image"


class InvalidImage(InvalidRequest):
    """An image is damaged, incomplete or empty."""

    code = "invalid_image"


class AnimatedImage(InvalidRequest):
    """An image has several frames."""

    code = "animated_image"


class BlankImage(RequestError):
    """An image is valid, but contains no figure."""

    http_status = 409  # the image is valid, but there is nothing to predict
    code = "blank_image"


class SlowImage(InvalidRequest):
    """An image was not decoded in time."""

    code = "slow_image"


class NoImageInput(InvalidRequest):
    """The model card does not define how an image is converted to the network's inputs."""

    http_status = 409
    code = "no_image_input"


class ImagesUnavailable(RequestError):
    """This server cannot decode images, because Pillow is not installed."""

    http_status = 501
    code = "images_unavailable"
