"""The catalog of served models, which reloads changed files and swaps the snapshot."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import MappingProxyType

from pybrain_runtime.errors import PipelineError
from serving.models.served_files import Found, ModelFile, Signature, find_files, signature_of
from serving.models.served_model import ServedModel, load_model
from serving.models.snapshot import Snapshot
from serving.settings import Settings

_LOG = logging.getLogger("serving.models")
_TRIES = 5
_STOP_SECONDS = 2.0
_Key = tuple[str, int]


class Catalog:
    """Loads the models and watches their files in a thread.

    Attributes:
        snapshot: the models; replaced as a whole, so a request sees a consistent set.
        reloads: the number of files loaded since the start.
        failures: the number of failed loads since the start.

    Args:
        settings: the sources and the polling interval.
        count_load: called with ``loaded`` or ``failed`` for each file.
    """

    def __init__(self, settings: Settings, count_load: Callable[[str], None] = lambda result: None) -> None:
        self._settings = settings
        self._count_load = count_load
        self._loaded: dict[_Key, ServedModel] = {}
        self._failed: dict[_Key, tuple[Signature, str]] = {}
        self._missing: set[_Key] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._retry = False
        self._thread: threading.Thread | None = None
        self.reloads = 0
        self.failures = 0
        self.snapshot = Snapshot(MappingProxyType({}), "", MappingProxyType({}), frozenset())

    def start(self) -> None:
        """Load all models, then watch their files until ``stop``."""
        self.refresh()
        self._thread = threading.Thread(target=self._watch, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; wait at most two seconds for a file that is being loaded."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def reload(self) -> None:
        """Request an immediate check of the files, including those that failed to load. Returns at once."""
        self._retry = True  # the thread clears the failures, because this may be called from a signal handler
        self._wake.set()

    def refresh(self) -> None:
        """Load changed files, and swap the snapshot."""
        with self._lock:
            if self._retry:
                self._retry = False
                self._failed.clear()
            found = find_files(self._settings.sources)
            changed = [file for file in found.files if self._has_changed(file)]
            for file in changed:
                self._load(file)
            removed = self._drop_removed(found)
            if changed or removed or self._problems(found) != dict(self.snapshot.problems):
                self._swap(found)

    def _watch(self) -> None:
        while not self._stopped:
            self._wake.wait(self._settings.poll_seconds)
            self._wake.clear()
            if self._stopped:
                return
            try:
                self.refresh()
            except Exception:
                _LOG.exception("the models could not be reloaded")

    def _has_changed(self, file: ModelFile) -> bool:
        key = _key(file)
        failed = self._failed.get(key)
        if failed is not None:
            return failed[0] != file.signature
        loaded = self._loaded.get(key)
        return loaded is None or loaded.file != file

    def _load(self, file: ModelFile) -> None:
        key = _key(file)
        try:
            model = _stable(file)
        except PipelineError as error:
            self._fail(file, error.message)
        except Exception as error:
            _LOG.exception("%s could not be loaded", file.path)
            self._fail(file, f"internal error: {type(error).__name__}")
        else:
            if model is None:
                return
            self._loaded[key] = model
            self._failed.pop(key, None)
            self.reloads += 1
            self._count_load("loaded")
            _LOG.info("loaded %s version %d", file.name, file.version)

    def _fail(self, file: ModelFile, message: str) -> None:
        self.failures += 1
        self._count_load("failed")
        self._failed[_key(file)] = (file.signature, message)
        _LOG.warning("%s is not loaded: %s", file.path, message)

    def _drop_removed(self, found: Found) -> bool:
        """Forget files missing in two successive checks: a file being replaced may be missing in one."""
        present = {_key(file) for file in found.files}
        missing = (self._loaded.keys() | self._failed.keys()) - present
        removed = missing & self._missing
        for key in removed:
            self._loaded.pop(key, None)
            self._failed.pop(key, None)
        self._missing = missing - removed
        return bool(removed)

    def _problems(self, found: Found) -> dict[str, str]:
        failed = {
            str(file.path): self._failed[_key(file)][1] for file in found.files if _key(file) in self._failed
        }
        return found.problems | failed

    def _swap(self, found: Found) -> None:
        models: dict[str, list[ServedModel]] = {}
        for key in sorted(self._loaded):
            models.setdefault(key[0], []).append(self._loaded[key])
        names = [source.name for source in self._settings.sources if source.name] or sorted(models)
        self.snapshot = Snapshot(
            MappingProxyType({name: tuple(versions) for name, versions in models.items()}),
            names[0] if names else "",
            MappingProxyType(self._problems(found)),
            frozenset(name for name, _ in self._failed) - models.keys(),
            self.snapshot.number + 1,
        )


def _stable(file: ModelFile) -> ServedModel | None:
    """Load a model whose file and card did not change while they were read; None if they keep changing."""
    for _ in range(_TRIES):
        model = load_model(file)
        found = signature_of(file.path)
        if found == file.signature:
            return model
        file = file._replace(signature=found)
    return None


def _key(file: ModelFile) -> _Key:
    return file.name, file.version
