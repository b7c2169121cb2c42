"""Access an MLflow server with time limits; every failure becomes one of two errors."""

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
    """An MLflow server.

    Attributes:
        uri: the address of the server.
        pages: the address of its web pages; under Compose, it differs from the address inside the network.
        client: MLflow's client.

    Args:
        uri: the address of the server.
        pages: the address of its web pages; empty if it is the same.
    """

    def __init__(self, uri: str, pages: str = "") -> None:
        self.uri = uri
        self.pages = (pages or uri).rstrip("/")
        os.environ["MLFLOW_TRACKING_URI"] = uri  # parts of the client read it there
        self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def call(
        self, method: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Call a method of the client, and return its result.

        Args:
            method: the method.
            arguments: its positional arguments.
            named: its keyword arguments.

        Raises:
            TrackingUnavailable: the server cannot be reached, is too slow, or has an internal error.
            TrackingRefused: the server refuses the request.
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
            raise self._unavailable(ValueError("its response is too large.")) from None

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
        "Name or service not known": "the host name cannot be resolved.",
        "name resolution": "the host name cannot be resolved.",
        "Failed to resolve": "the host name cannot be resolved.",
        "imed out": "it does not respond in time.",
        "timeout": "it does not respond in time.",
    }.items():
        if words in text:
            return reason
    return _short(error)


def _short(error: Exception) -> str:
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in str(error)).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
