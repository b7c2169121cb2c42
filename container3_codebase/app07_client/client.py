"""The client with blocking calls."""

from __future__ import annotations

import os
import ssl
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app07_client.errors import InvalidInput
from app07_client.protocol import descriptions, plans, sessions
from app07_client.settings import (
    MOST_BYTES,
    MOST_BYTES_OF_A_FILE,
    Settings,
    image_bytes,
    missing_httpx,
    table_files,
)

if TYPE_CHECKING:
    from app07_client.protocol.rows import Rows
    from app07_client.results import FilePrediction, ModelDescription, ModelSummary, Prediction
    from app07_client.transport.blocking import Transport


class App07Client:
    """A client of a server of predictions, with blocking calls. Threads may share it.

    Requests that may be repeated are repeated after failures that may pass: no connection, an interrupted response, and
    the statuses 408, 429, 502, 503 and 504. Proxies and certificates of the environment are not used, redirects are
    not followed.

    Args:
        url: scheme, host and port, ``http://127.0.0.1:8000``; a path where the service is not at the root.
        api_key: sent as ``Authorization: Bearer``; None where the server asks for none.
        timeout: the longest time of a call in seconds, with all retries and pauses.
        retries: how often a request is repeated at most.
        ssl_context: the settings of encrypted connections, such as another certificate authority.
        max_response_bytes: the most bytes of a response that is kept in memory.

    Raises:
        InvalidInput: an argument is not valid.
        MissingPackage: httpx is not installed.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        *,
        ssl_context: ssl.SSLContext | None = None,
        max_response_bytes: int = MOST_BYTES,
    ) -> None:
        self._settings = settings = Settings.checked(url, api_key, timeout, retries, max_response_bytes)
        try:
            from app07_client.transport.blocking import Transport
        except ImportError as error:
            raise missing_httpx(error) from error
        self._transport = Transport(settings.url, settings.headers, ssl_context, settings.most)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def predict(
        self,
        rows: Rows,
        model: str | None = None,
        version: str | int | None = None,
        precision: str | None = None,
    ) -> Prediction:
        """Predict rows. Repeated where necessary.

        Args:
            rows: lists of numbers, objects by the names of the inputs, an array of shape (n, inputs), or a data frame
                of pandas or polars, whose columns are taken by their names (pandas: by position if they are 0, 1, ...).
            model: its name; None for the default model of the server.
            version: its version; None for the newest.
            precision: ``float64`` or ``float32``; None for float64.

        Returns:
            The outputs that ``Knowledge.activate`` computes for the same rows, to the bit.

        Raises:
            InvalidInput: the rows cannot be sent.
            RequestRefused: the rows do not fit the network, or the model is unknown.
            ConnectionFailed: there is no connection, or no response in time, also after the retries.
            InvalidResponse: the response is not one of this service.
        """
        plan = plans.predict(self._settings.exchange(), rows, model, version, precision)
        return self._transport.run(plan)

    def predict_file(
        self,
        rows: str | os.PathLike[str],
        output: str | os.PathLike[str],
        model: str | None = None,
        version: str | int | None = None,
        precision: str | None = None,
        *,
        timeout: float | None = None,
        max_bytes: int = MOST_BYTES_OF_A_FILE,
    ) -> FilePrediction:
        """Predict a table of any size in bounded memory. Repeated where necessary.

        Args:
            rows: the file: CSV, JSON lines, Parquet or an Arrow stream, recognized by its content.
            output: the file of the prediction: Parquet if it ends in .parquet, JSON lines if it ends in .jsonl, an
                Arrow stream if it ends in .arrows, otherwise CSV. It is replaced when the prediction is complete, and
                left as it is after an error.
            model: its name; None for the default model of the server.
            version: its version; None for the newest.
            precision: ``float64`` or ``float32``; None for float64.
            timeout: for the whole call, in seconds; None for no limit but 10 minutes between two bytes.
            max_bytes: the most bytes of the prediction.

        Raises:
            FileFailed: a file cannot be read or written.
            App07Error: as ``predict``; the rows that do not fit are named by ``line`` and ``column``.
        """
        upload, target = table_files(rows, output, max_bytes)
        with target:
            exchange = self._settings.file_exchange(timeout)
            query = {"model": model, "version": version, "precision": precision}
            found = self._transport.run(plans.predict_file(exchange, upload, target, query))
            target.finish()
        return found

    def predict_image(
        self,
        image: bytes | str | os.PathLike[str],
        model: str | None = None,
        version: str | int | None = None,
    ) -> Prediction:
        """Predict an image. Repeated where necessary.

        Args:
            image: the content of a PNG, JPEG, BMP, WebP or GIF file, or its path.
            model: its name; None for the default model of the server.
            version: its version; None for the newest.

        Raises:
            FileFailed: the file cannot be read.
            App07Error: as ``predict``.
        """
        plan = plans.predict_image(self._settings.exchange(), image_bytes(image), model, version)
        return self._transport.run(plan)

    def models(self) -> list[ModelSummary]:
        """Return the models of the server.

        Raises:
            App07Error: as ``predict``.
        """
        return self._transport.run(descriptions.models(self._settings.exchange()))

    def model(self, name: str) -> ModelDescription:
        """Return the description of a model.

        Raises:
            NotFound: there is none by this name.
            App07Error: as ``predict``.
        """
        return self._transport.run(descriptions.model(self._settings.exchange(), name))

    def ready(self) -> bool:
        """Return whether the default model of the server is loaded.

        Raises:
            ConnectionFailed: the server does not answer.
            App07Error: as ``predict``.
        """
        return self._transport.run(descriptions.ready(self._settings.exchange()))

    def session(self, model: str | None = None, version: str | int | None = None) -> Session:
        """Return a session: a recurrent network that keeps its state between calls. Use as a context manager.

        Args:
            model: its name; None for the default model of the server.
            version: its version; None for the newest.
        """
        return Session(self._transport, self._settings, model, version)


class Session:
    """The state of a recurrent network on the server, from ``App07Client.session``.

    Args:
        transport: sends its requests.
        settings: of the client.
        model: its name; None for the default model.
        version: its version; None for the newest.
    """

    def __init__(
        self, transport: Transport, settings: Settings, model: str | None, version: str | int | None
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._model, self._version = model, version
        self._state: sessions.SessionState | None = None

    @property
    def id(self) -> str:
        """The id of the session.

        Raises:
            InvalidInput: it is not open.
        """
        return self._opened().id

    def __enter__(self) -> Self:
        plan = sessions.open_session(self._settings.exchange(), self._model, self._version)
        self._state = self._transport.run(plan)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        plan = sessions.close_session(self._settings.exchange(), self._opened(), quiet=error is not None)
        self._transport.run(plan)

    def predict(self, rows: Rows, precision: str | None = None) -> Prediction:
        """Predict the next rows of the sequence. Repeated where necessary; calls of a session must not overlap.

        The request carries the number of rows before it, so that rows which the server has processed are not processed
        again. After ``ConnectionFailed``, call again with the same rows, or begin a new session.

        Args:
            rows: as of ``App07Client.predict``.
            precision: ``float64`` or ``float32``; None for float64. The first call decides.

        Raises:
            NotFound: the session has expired.
            App07Error: as ``App07Client.predict``.
        """
        plan = sessions.predict_in_session(self._settings.exchange(), self._opened(), rows, precision)
        return self._transport.run(plan)

    def _opened(self) -> sessions.SessionState:
        if self._state is None:
            raise InvalidInput("The session is not open; use it as a context manager.")
        return self._state
