"""Create bundles in threads, a few at a time, and send them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from anyio import to_thread
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from pipeline.bundles.bundle import Bundle, write_bundle
from pipeline.compose import Generated
from pipeline.control.daemon_thread import in_daemon_thread
from pipeline.control.errors import TooManyBundles
from pipeline.control.settings import ControlSettings


class BundleMaker:
    """Creates bundles, with limits on how many are created at the same time and how many wait.

    Args:
        settings: the limits, and the folder for the files.
    """

    def __init__(self, settings: ControlSettings) -> None:
        self._settings = settings
        self._free = asyncio.Semaphore(settings.bundles)
        self._present = 0

    async def make(self, generated: Generated) -> tuple[Bundle, Path]:
        """Fetch the files that a generated file expects, and write the bundle.

        Args:
            generated: the generated file.

        Returns:
            The bundle, and its folder, which the caller removes.

        Raises:
            TooManyBundles: too many other bundles are waiting.
            SourceError: a source cannot be fetched, or is refused.
            BundleTooLarge: the bundle has too many sources, or too many bytes.
        """
        async with self._place():
            return await in_daemon_thread(partial(self._write, generated))

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        maximum = self._settings.bundles + self._settings.bundles_waiting
        if self._present >= maximum:
            raise TooManyBundles(
                f"{self._present} bundles are being created or queued; the limit of this server is reached."
            )
        self._present += 1
        try:
            async with self._free:
                yield
        finally:
            self._present -= 1

    def _write(self, generated: Generated) -> tuple[Bundle, Path]:
        folder = Path(tempfile.mkdtemp(prefix="bundle-", dir=self._settings.work))
        try:
            settings = self._settings
            return write_bundle(
                generated, folder, settings.project, settings.named, settings.bundle_limits
            ), folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


class BundleResponse(FileResponse):
    """A response with a bundle, whose folder is removed after it is sent or the client disconnects.

    Args:
        bundle: the bundle.
        folder: its folder.
    """

    def __init__(self, bundle: Bundle, folder: Path) -> None:
        with bundle.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        headers = {"x-app07-sha256": digest, "x-app07-warnings": str(len(bundle.warnings))}
        super().__init__(bundle.path, headers=headers, media_type="application/zip", filename="bundle.zip")
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the bundle."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await to_thread.run_sync(shutil.rmtree, self._folder, True)
