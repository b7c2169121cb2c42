"""The folder that keeps the sessions. All processes that share it serve the same sessions.

    FOLDER/KEY/model/...    the network and its card, for a key of their content
    FOLDER/KEY/HASH         a session of this network, see ``state_file``

The id of a session is ``KEY-TOKEN``. Its file is named by the hash of the id, so that the folder does not reveal ids.
The modification time of the file is the time of the last call.
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

from pybrain_runtime._io.locks import lock, locked_folder
from pybrain_runtime.errors import UsageError
from serving.errors import InvalidRequest, SessionBusy, TooManySessions, UnknownSession
from serving.models.served_model import ServedModel
from serving.sessions.retained_models import retain
from serving.sessions.space import make_space
from serving.sessions.state_file import Header, StateFile, encode
from serving.settings import SessionSettings

_ID = re.compile(r"(?P<key>[0-9a-f]{16})-[\w-]{32}", re.ASCII)
_READ_WRITE = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = _READ_WRITE | os.O_CREAT | os.O_EXCL


class SessionStore:
    """Creates, finds and removes sessions.

    Args:
        settings: the folder, and the limits.

    Raises:
        UsageError: there is no folder.
    """

    def __init__(self, settings: SessionSettings) -> None:
        if settings.folder is None:
            raise UsageError("There is no folder for sessions.")
        self._folder = settings.folder
        self._settings = settings

    def create(self, model: ServedModel, values: int, client: str = "") -> str:
        """Create a session, and return its id.

        Args:
            model: the model.
            values: number of values in its recurrent state.
            client: who creates it, a key or an address; empty where that is not known.

        Raises:
            TooManySessions: there are as many as are allowed, or as many of this client.
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
            name: its id.
            alone: whether no other call may use the session meanwhile.

        Raises:
            UnknownSession: there is none, or it has expired.
            SessionBusy: another call uses it.
        """
        try:
            descriptor = os.open(self._path(name), _READ_WRITE)
        except OSError:
            raise _unknown() from None
        try:
            if alone and lock(descriptor) is False:
                raise SessionBusy("Another call of this session is in progress.")
            if not os.fstat(descriptor).st_nlink:  # removed meanwhile
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
            UnknownSession: there is none.
            SessionBusy: another call uses it.
        """
        with self.opened(name, alone=True):
            self._path(name).unlink(missing_ok=True)

    def model_file(self, name: str, header: Header) -> Path:
        """Return the copy of the network's file that a session belongs to."""
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
    return UnknownSession("There is no such session, or it has expired.")
