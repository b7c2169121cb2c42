"""The session folder: private, or shared by several servers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pybrain_runtime.errors import UsageError
from serving.settings import SessionSettings

_PREFIX = "app07-sessions-"


@contextmanager
def session_folder(settings: SessionSettings) -> Iterator[SessionSettings]:
    """Provide settings with a session folder; a private folder is removed afterwards.

    Raises:
        UsageError: the folder cannot be created, or other users may write to it.
    """
    if settings.folder is not None:
        yield replace(settings, folder=_checked(settings.folder))
        return
    try:
        private = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        raise UsageError(f"The folder for sessions cannot be created: {error.strerror}.") from error
    with private as folder:
        yield replace(settings, folder=Path(folder))


def _checked(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.stat()
    except OSError as error:
        raise UsageError(f"{folder} cannot be used for sessions: {error.strerror}.") from error
    if hasattr(os, "geteuid") and (about.st_uid != os.geteuid() or about.st_mode & 0o022):
        raise UsageError(
            f"{folder} cannot be used for sessions: other users may write to it.",
            hint="It must be owned by the server's user and have mode 0700.",
        )
    return folder
