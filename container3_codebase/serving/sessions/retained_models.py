"""Retain the models of sessions: a session keeps its model when the model's file is replaced."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from pybrain_runtime.errors import PipelineError
from pybrain_runtime.network.model_card import card_path
from serving.models.served_files import ModelFile, signature_of
from serving.models.served_model import ServedModel, load_model
from serving.models.snapshot import Snapshot
from serving.models.source_files import SourceFiles
from serving.sessions.state_file import Header, damaged

_MOST_LOADED = 8


def retain(folder: Path, name: str, source: SourceFiles) -> None:
    """Copy a network and its card into a folder, unless they already exist there.

    Args:
        folder: the folder with the sessions of this network.
        name: the name of the network's file.
        source: the content of the files.
    """
    target = folder / "model"
    if (target / name).exists():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)  # with an earlier name of the file
    new = Path(tempfile.mkdtemp(dir=folder, prefix="."))
    (new / name).write_bytes(source.knowledge)
    if source.card is not None:
        Path(card_path(str(new / name))).write_bytes(source.card)
    new.rename(target)


class RetainedModels:
    """Finds the models of sessions. A few replaced models are loaded on demand and kept in memory."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[tuple[Path, str, str], ServedModel] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, header: Header, copy: Path, snapshot: Snapshot) -> ServedModel:
        """Return the model of a session.

        Args:
            header: the header of the session.
            copy: the retained copy of the network's file.
            snapshot: the currently served models.

        Raises:
            UnknownSession: the copy is damaged.
        """
        for model in snapshot.models.get(header.model, ()):
            source = model.source
            if model.version == header.version and source and source.key == copy.parent.parent.name:
                return model
        key = (copy, header.model, header.version)
        with self._lock:
            found = self._loaded.pop(key, None)
            if found is None:
                found = self._load(header, copy)
            self._loaded[key] = found
            while len(self._loaded) > _MOST_LOADED:
                self._loaded.popitem(last=False)
        return found

    def _load(self, header: Header, copy: Path) -> ServedModel:
        try:
            file = ModelFile(copy, header.model, int(header.version), signature_of(copy))
            model = load_model(file)
        except PipelineError:
            raise damaged() from None
        if model.knowledge.sha256 != header.sha256:
            raise damaged()
        return model
