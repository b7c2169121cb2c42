"""The errors of the API, with the problems of a refused request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.bundles.errors import BundleTooLarge, SourceError
from pipeline.compose import Problem, RequestRefused
from serving.errors import Overloaded, RequestError


class Refused(RequestError):
    """A refused request.

    Attributes:
        problems: the first problems, with their paths in the request.
        count: the number of all problems.
    """

    http_status = 422
    code = "refused"

    def __init__(self, problems: Sequence[Problem], count: int) -> None:
        super().__init__("The request is refused.", count=count)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, error: RequestRefused | SourceError | BundleTooLarge) -> Refused:
        """Convert an error of the generator or of a bundle."""
        if isinstance(error, RequestRefused):
            return cls(error.problems, error.count)
        path = error.path if isinstance(error, SourceError) else ""
        return cls([Problem(path, error.message, error.hint)], 1)

    def as_json(self, request_id: str) -> dict[str, object]:
        """Return the body of the response."""
        problems = [{"path": each.path, "reason": each.reason, "hint": each.hint} for each in self.problems]
        return {
            "error": self.message,
            "code": self.code,
            "problems": problems,
            "count": self.details["count"],
            "request_id": request_id,
        }


class TooManyBundles(Overloaded):
    """The maximum number of bundles are being created or queued; the client may retry."""

    code = "too_many_bundles"
    headers: Mapping[str, str] = {"retry-after": "10"}
    closes = True


class QuotaExceeded(RequestError):
    """A key or an address has reached its bundle quota.

    Args:
        message: the message.
        seconds: seconds until the client may try again.
    """

    http_status = 429
    code = "quota_exceeded"

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.headers = {"retry-after": str(seconds)}
