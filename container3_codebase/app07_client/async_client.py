"""The asynchronous client, for asyncio and trio."""

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
    from app07_client.transport.asynchronous import AsyncTransport


class AsyncApp07Client:
    """An asynchronous client for a prediction server.

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
            from app07_client.transport.asynchronous import AsyncTransport
        except ImportError as error:
            raise missing_httpx(error) from error
        self._transport = AsyncTransport(settings.url, settings.headers, ssl_context, settings.most)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; see ``App07Client.close``."""
        await self._transport.close()

    async def predict(
        self,
        rows: Rows,
        model: str | None = None,
        version: str | int | None = None,
        precision: str | None = None,
    ) -> Prediction:
        """Predict rows; see ``App07Client.predict``."""
        plan = plans.predict(self._settings.exchange(), rows, model, version, precision)
        return await self._transport.run(plan)

    async def predict_file(
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
        """Predict a table of any size in bounded memory; see ``App07Client.predict_file``."""
        upload, target = table_files(rows, output, max_bytes)
        with target:
            exchange = self._settings.file_exchange(timeout)
            query = {"model": model, "version": version, "precision": precision}
            found = await self._transport.run(plans.predict_file(exchange, upload, target, query))
            target.finish()
        return found

    async def predict_image(
        self,
        image: bytes | str | os.PathLike[str],
        model: str | None = None,
        version: str | int | None = None,
    ) -> Prediction:
        """Predict an image; see ``App07Client.predict_image``."""
        plan = plans.predict_image(self._settings.exchange(), image_bytes(image), model, version)
        return await self._transport.run(plan)

    async def models(self) -> list[ModelSummary]:
        """Return the models of the server; see ``App07Client.models``."""
        return await self._transport.run(descriptions.models(self._settings.exchange()))

    async def model(self, name: str) -> ModelDescription:
        """Return the description of a model; see ``App07Client.model``."""
        return await self._transport.run(descriptions.model(self._settings.exchange(), name))

    async def ready(self) -> bool:
        """Return whether the default model is loaded; see ``App07Client.ready``."""
        return await self._transport.run(descriptions.ready(self._settings.exchange()))

    def session(self, model: str | None = None, version: str | int | None = None) -> AsyncSession:
        """Return a session of a recurrent network; see ``App07Client.session``."""
        return AsyncSession(self._transport, self._settings, model, version)


class AsyncSession:
    """The state of a recurrent network on the server, returned by ``AsyncApp07Client.session``.

    Args:
        transport: the transport that sends the requests.
        settings: the client's settings.
        model: name of the model; None for the default model.
        version: version of the model; None for the newest.
    """

    def __init__(
        self, transport: AsyncTransport, settings: Settings, model: str | None, version: str | int | None
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

    async def __aenter__(self) -> Self:
        plan = sessions.open_session(self._settings.exchange(), self._model, self._version)
        self._state = await self._transport.run(plan)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        plan = sessions.close_session(self._settings.exchange(), self._opened(), quiet=error is not None)
        await self._transport.run(plan)

    async def predict(self, rows: Rows, precision: str | None = None) -> Prediction:
        """Predict the next rows of the sequence; see ``Session.predict``."""
        plan = sessions.predict_in_session(self._settings.exchange(), self._opened(), rows, precision)
        return await self._transport.run(plan)

    def _opened(self) -> sessions.SessionState:
        if self._state is None:
            raise InvalidInput("The session is not open; use it as a context manager.")
        return self._state
