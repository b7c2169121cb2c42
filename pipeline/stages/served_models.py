"""Download registered models into a folder that the server watches, and keep them up to date.

Each model has a folder with its current version, ``NAME.VERSION.pkl``, and, if the last check of the registry failed,
the reason in the file ``problem``. The server reads only these files, and is independent of the registry.
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

from common import atomic_files
from common.errors import PipelineError
from pipeline.stages.model_registry import Address, Registry
from pybrain_runtime import load_knowledge

PROBLEM = "problem"
_LONGEST = 500


@dataclass(frozen=True)
class ServedModels:
    """Registered models that are served.

    Args:
        addresses: the addresses of the models.
        folder: the folder in which each model gets a folder.
        environment: the environment variables; ``MLFLOW_TRACKING_URI`` names the server.
    """

    addresses: Sequence[Address]
    folder: Path
    environment: Mapping[str, str]

    def download(self) -> None:
        """Download the current versions.

        Raises:
            KnowledgeError: a model cannot be served.
            UsageError: no server is configured.
            InputMissing: the server has no such model, alias or version.
            RegistryUnavailable: the server cannot be reached.
        """
        for address in self.addresses:
            self._download(address)

    def refresh(self) -> None:
        """Download new versions. If that fails, the old version of the model is kept, with the reason beside it."""
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
        seconds: seconds between checks of the registry; None for no checks.

    Yields:
        A function that requests a check now; it may be called in a signal handler.
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
    other.close()  # otherwise the end of the server process would not be noticed
    for name in ("SIGINT", "SIGHUP"):  # handled by the server
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_IGN)
    with suppress(OSError, EOFError):
        while True:
            requests.poll(seconds)
            while requests.poll():  # any number of requests causes one check
                requests.recv_bytes(1)
            models.refresh()
