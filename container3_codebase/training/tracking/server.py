"""An MLflow server: requests are bounded in time, and every failure is one of two errors."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from training.errors import TrackingRefused, TrackingUnavailable

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

_LONGEST = 300


class Server:
    """A server.

    Attributes:
        uri: its address.
        pages: the address of its pages for people; in compose the server has another name outside.
        client: MLflow's client.

    Args:
        uri: the address.
        pages: the address of its pages; empty for the same.
    """

    def __init__(self, uri: str, pages: str = "") -> None:
        self.uri = uri
        self.pages = (pages or uri).rstrip("/")
        os.environ["MLFLOW_TRACKING_URI"] = uri  # parts of the client read it there
        self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def call(
        self, method: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Return the result of a request.

        Args:
            method: a method of the client.
            arguments: its arguments.
            named: those with names.

        Raises:
            TrackingUnavailable: the server cannot be reached, is too slow, or has an internal error.
            TrackingRefused: it refuses the request.
        """
        try:
            return method(*arguments, **named)
        except RestException as error:
            raise self._answered(error.get_http_status_code(), error) from None
        except requests.HTTPError as error:
            status = 500 if error.response is None else error.response.status_code
            raise self._answered(status, error) from None
        except (MlflowException, OSError, ValueError) as error:
            raise self._unavailable(error) from None
        except MemoryError:
            raise self._unavailable(ValueError("its answer is too large.")) from None

    def _answered(self, status: int, error: Exception) -> TrackingRefused | TrackingUnavailable:
        if status >= 500 or status in (408, 425, 429):
            return self._unavailable(error)
        code = getattr(error, "error_code", "") or ""
        return TrackingRefused(
            f"MLflow at {self.uri} refuses the run: {_short(error)}", server=self.uri, code=str(code)
        )

    def _unavailable(self, error: Exception) -> TrackingUnavailable:
        return TrackingUnavailable(f"MLflow at {self.uri} cannot be used: {_reason(error)}", server=self.uri)


def _reason(error: Exception) -> str:
    text = f"{error}"
    for words, reason in {
        "refused": "the connection is refused.",
        "Name or service not known": "there is no host of this name.",
        "name resolution": "there is no host of this name.",
        "Failed to resolve": "there is no host of this name.",
        "imed out": "it does not answer in time.",
        "timeout": "it does not answer in time.",
    }.items():
        if words in text:
            return reason
    return _short(error)


def _short(error: Exception) -> str:
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in str(error)).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
