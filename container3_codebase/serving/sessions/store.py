"""The store of sessions in a folder. All processes that share the folder serve the same sessions.

    FOLDER/KEY/model/...    the network and its card; KEY is a hash of their content
    FOLDER/KEY/HASH         a session of this network, see ``state_file``

The ID of a session is ``KEY-TOKEN``. Its file is named by the hash of the ID, so the folder does not reveal IDs. The
modification time of the file is the time of the last call.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from pybrain_runtime.errors import UsageError
from pybrain_runtime.io.locks import lock, locked_folder
from serving.errors import InvalidRequest, SessionBusy, TooManySessions, UnknownSession
from serving.models.served_model import ServedModel
from serving.sessions.quota import make_space
from serving.sessions.retained_models import retain
from serving.sessions.state_file import Header, StateFile, encode
from serving.settings import SessionSettings

_ID = re.compile(r"(?P<key>[0-9a-f]{16})-[\w-]{32}", re.ASCII)
_READ_WRITE = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = _READ_WRITE | os.O_CREAT | os.O_EXCL


class SessionStore:
    """Creates, finds and removes sessions.

    Args:
        settings: the folder and the limits.

    Raises:
        UsageError: the settings have no folder.
    """

    def __init__(self, settings: SessionSettings) -> None:
        if settings.folder is None:
            raise UsageError("The settings have no folder for sessions.")
        self._folder = settings.folder
        self._settings = settings

    def create(self, model: ServedModel, values: int, client: str = "") -> str:
        """Create a session, and return its ID.

        Args:
            model: the model.
            values: the number of values in the model's recurrent state.
            client: the key or address of the client; empty if unknown.

        Raises:
            TooManySessions: the limit on all sessions, or on those of this client, is reached.
            InvalidRequest: the network's file is too large.
        """
        source = model.source
        if source is None:
            raise InvalidRequest(f"The file of {model.name} is too large for sessions.", field="model")
        owner = sha256(client.encode()).hexdigest()[:16] if client else ""
        header = Header(
            model.name,
            model.version,
            model.knowledge.sha256,
            model.file.path.name,
            time.time(),
            values,
            owner,
        )
        content = encode(header)
        name = f"{source.key}-{secrets.token_urlsafe(24)}"
        with locked_folder(str(self._folder)):
            size = len(content) + source.size
            make_space(self._folder, self._settings, size, keep=source.key, owner=owner)
            try:
                retain(self._folder / source.key, model.file.path.name, source)
                self._write_new(name, content)
            except OSError as error:
                raise TooManySessions(f"The session cannot be stored: {error.strerror}.") from error
        return name

    @contextmanager
    def opened(self, name: str, *, alone: bool) -> Iterator[StateFile]:
        """Open a session.

        Args:
            name: the ID of the session.
            alone: whether to lock the session against other calls.

        Raises:
            UnknownSession: the session does not exist or has expired.
            SessionBusy: another call of the session is in progress.
        """
        try:
            descriptor = os.open(self._path(name), _READ_WRITE)
        except OSError:
            raise _unknown() from None
        try:
            if alone and lock(descriptor) is False:
                raise SessionBusy("Another call of this session is in progress.")
            if not os.fstat(descriptor).st_nlink:  # removed in the meantime
                raise _unknown()
            file = StateFile(descriptor)
            if self.remaining(file) <= 0:
                raise _unknown()
            yield file
        finally:
            os.close(descriptor)

    def remaining(self, file: StateFile) -> float:
        """Return the seconds until a session expires."""
        idle = file.used + self._settings.idle_seconds
        return min(idle, file.header.created + self._settings.life_seconds) - time.time()

    def remove(self, name: str) -> None:
        """Remove a session.

        Raises:
            UnknownSession: the session does not exist.
            SessionBusy: another call of the session is in progress.
        """
        with self.opened(name, alone=True):
            self._path(name).unlink(missing_ok=True)

    def model_file(self, name: str, header: Header) -> Path:
        """Return the path of the retained network file of a session.

        Args:
            name: the ID of the session.
            header: the header of the session.
        """
        return self._path(name).parent / "model" / header.file

    def _write_new(self, name: str, content: bytes) -> None:
        path = self._path(name)
        descriptor = os.open(path, _NEW, 0o600)
        try:
            os.write(descriptor, content)
        except OSError:
            path.unlink()
            raise
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        match = _ID.fullmatch(name)
        if match is None:
            raise _unknown()
        return self._folder / match["key"] / sha256(name.encode("ascii")).hexdigest()


def _unknown() -> UnknownSession:
    return UnknownSession("The session does not exist or has expired.")
