"""Registered models for the server: they are downloaded into a folder that the server watches, and kept up to date.

Each model has a folder with its current version, ``NAME.VERSION.pkl``, and, if the last look at the registry failed,
the reason in the file ``problem``. The server reads nothing else, and does not know where the files come from.
"""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline import atomic_files
from pipeline.errors import PipelineError
from pipeline.stages.model_registry import Address, Registry
from pybrain_runtime import load_knowledge

PROBLEM = "problem"
_LONGEST = 500


@dataclass(frozen=True)
class ServedModels:
    """Registered models that are served.

    Args:
        addresses: of the models.
        folder: gets a folder for each of them.
        environment: the environment variables; ``MLFLOW_TRACKING_URI`` names the server.
    """

    addresses: Sequence[Address]
    folder: Path
    environment: Mapping[str, str]

    def download(self) -> None:
        """Download the current versions.

        Raises:
            KnowledgeError: one cannot be served.
            UsageError: no server is named.
            InputMissing: the server has no such model, alias or version.
            RegistryUnavailable: the server cannot be reached.
        """
        for address in self.addresses:
            self._download(address)

    def refresh(self) -> None:
        """Download the versions that are new. Of a model that cannot be, the old version stays, with the reason."""
        for address in self.addresses:
            problem = self.folder / address.name / PROBLEM
            try:
                self._download(address)
                problem.unlink(missing_ok=True)
            except (PipelineError, OSError) as error:
                with suppress(PipelineError, OSError), atomic_files.atomic_write(problem) as file:
                    file.write_text(f"{address}: {error}"[:_LONGEST], encoding="utf-8")

    def _download(self, address: Address) -> None:
        registry = Registry(self.environment)
        version = address.version or registry.version(address.name, address.alias)
        folder = self.folder / address.name
        name = f"{address.name}.{version}"
        if not (folder / f"{name}.pkl").exists():
            content, card = registry.model(address.name, version)
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder) as new:
                _write_checked(Path(new), name, content, card)
                for file in sorted(Path(new).iterdir()):  # the card comes first
                    file.rename(folder / file.name)
        for old in folder.iterdir():
            if old.name.startswith(f"{address.name}.") and not old.name.startswith(f"{name}."):
                old.unlink()


def _write_checked(folder: Path, name: str, content: bytes, card: bytes | None) -> None:
    """Write a network and its card, and check that the network can be served."""
    if card is not None:
        (folder / f"{name}.card.json").write_bytes(card)
    path = folder / f"{name}.pkl"
    path.write_bytes(content)
    load_knowledge(path).session()


@contextmanager
def kept_up_to_date(models: ServedModels, seconds: float | None) -> Iterator[Callable[[], None]]:
    """Refresh models in a process of its own while the block runs.

    Args:
        models: the models.
        seconds: between two looks at the registry; None for none.

    Yields:
        A function that asks for a look now; it may be called in a signal handler.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_refresh, args=(models, seconds, theirs, ours), daemon=True)
    process.start()
    theirs.close()

    def ask() -> None:
        with suppress(OSError):
            ours.send_bytes(b"r")

    try:
        yield ask
    finally:
        ours.close()
        process.terminate()
        process.join()


def _refresh(models: ServedModels, seconds: float | None, requests: Connection, other: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    other.close()  # so that the end of the process that has it is noticed
    for name in ("SIGINT", "SIGHUP"):  # they are for the server
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_IGN)
    with suppress(OSError, EOFError):
        while True:
            requests.poll(seconds)
            while requests.poll():  # any number of requests is one look
                requests.recv_bytes(1)
            models.refresh()
