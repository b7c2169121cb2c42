"""The blocking client."""

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
    """A blocking client for a prediction server. Threads may share it.

    Requests are retried after transient failures: no connection, an interrupted response, and the statuses 408, 429,
    502, 503 and 504. Proxies and certificates from the environment are not used, and redirects are not followed.

    Args:
        url: scheme, host and port, such as ``http://127.0.0.1:8000``, and a path if the service is not at the root.
        api_key: sent as ``Authorization: Bearer``; None if the server requires none.
        timeout: time limit of a call in seconds, including all retries and pauses.
        retries: maximum number of retries of a request.
        ssl_context: settings for TLS connections, such as another certificate authority; None for those of certifi.
        max_response_bytes: maximum size in bytes of a response that is kept in memory.

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
        """Predict rows. Transient failures are retried.

        Args:
            rows: lists of numbers, dicts by input name, an array of shape (n, inputs), or a pandas or polars DataFrame,
                whose columns are matched by name (pandas: by position if they are numbered 0, 1, ...).
            model: name of the model; None for the server's default model.
            version: version of the model; None for the newest.
            precision: ``float64`` or ``float32``; None for float64.

        Returns:
            The prediction; its outputs are bit-identical to those of ``Knowledge.activate`` for the same rows.

        Raises:
            InvalidInput: the rows cannot be sent.
            RequestRefused: the rows do not fit the network, or the model is unknown.
            ConnectionFailed: there is no connection, or no response in time, even after the retries.
            InvalidResponse: the response does not come from this service.
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
        """Predict a table of any size in bounded memory. Transient failures are retried.

        Args:
            rows: path of the table: CSV, JSON lines, Parquet or an Arrow stream, recognized by its content.
            output: path of the prediction: Parquet for the extension .parquet, JSON lines for .jsonl, an Arrow stream
                for .arrows, otherwise CSV. An existing file is replaced once the prediction is complete, and kept
                after an error.
            model: name of the model; None for the server's default model.
            version: version of the model; None for the newest.
            precision: ``float64`` or ``float32``; None for float64.
            timeout: time limit for the whole call in seconds; None: no limit, but 10 minutes without receiving data.
            max_bytes: maximum size of the prediction in bytes.

        Raises:
            FileFailed: a file cannot be read or written.
            App07Error: as for ``predict``; ``line`` and ``column`` locate a row that does not fit.
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
        """Predict an image. Transient failures are retried.

        Args:
            image: the content of a PNG, JPEG, BMP, WebP or GIF file, or its path.
            model: name of the model; None for the server's default model.
            version: version of the model; None for the newest.

        Raises:
            FileFailed: the file cannot be read.
            App07Error: as for ``predict``.
        """
        plan = plans.predict_image(self._settings.exchange(), image_bytes(image), model, version)
        return self._transport.run(plan)

    def models(self) -> list[ModelSummary]:
        """Return the models of the server.

        Raises:
            App07Error: as for ``predict``.
        """
        return self._transport.run(descriptions.models(self._settings.exchange()))

    def model(self, name: str) -> ModelDescription:
        """Return the description of a model.

        Raises:
            NotFound: the server has no model of this name.
            App07Error: as for ``predict``.
        """
        return self._transport.run(descriptions.model(self._settings.exchange(), name))

    def ready(self) -> bool:
        """Return whether the default model of the server is loaded.

        Raises:
            ConnectionFailed: the server does not respond.
            App07Error: as for ``predict``.
        """
        return self._transport.run(descriptions.ready(self._settings.exchange()))

    def session(self, model: str | None = None, version: str | int | None = None) -> Session:
        """Return a session: a recurrent network that keeps its state between calls. Use it as a context manager.

        Args:
            model: name of the model; None for the server's default model.
            version: version of the model; None for the newest.
        """
        return Session(self._transport, self._settings, model, version)


class Session:
    """The state of a recurrent network on the server, returned by ``App07Client.session``.

    Args:
        transport: the transport that sends the requests.
        settings: the client's settings.
        model: name of the model; None for the default model.
        version: version of the model; None for the newest.
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
        """The ID of the session.

        Raises:
            InvalidInput: the session is not open.
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
        """Predict the next rows of the sequence. Transient failures are retried; calls of a session must not overlap.

        Each request carries the number of rows sent before, so the server does not process rows twice. After
        ``ConnectionFailed``, call again with the same rows, or start a new session.

        Args:
            rows: rows as accepted by ``App07Client.predict``.
            precision: ``float64`` or ``float32``; None for float64. The first call decides.

        Raises:
            NotFound: the session has expired.
            App07Error: as for ``App07Client.predict``.
        """
        plan = sessions.predict_in_session(self._settings.exchange(), self._opened(), rows, precision)
        return self._transport.run(plan)

    def _opened(self) -> sessions.SessionState:
        if self._state is None:
            raise InvalidInput("The session is not open; use it as a context manager.")
        return self._state
