"""The program that sends runs to an MLflow server: ``python -m training.tracking.send [--follow] FOLDER...``.

With ``--follow`` it sends while training goes on; the end of its standard input says that training has ended. The last
line that it prints is JSON: whether all is sent, and a text. MLflow's client is imported here alone; where it is not
installed with Python itself, it is taken from the folder that ``APP07_TRACKING_PACKAGES`` names.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pybrain_runtime.errors import MissingPackage, PipelineError
from training.errors import OptionError, TrackingUnavailable
from training.server_address import check_address
from training.tracking.record import FILE, FOLDER, check_links
from training.tracking.record_file import read_record

if TYPE_CHECKING:
    from training.tracking.nested import NestedRuns
    from training.tracking.server import Server
    from training.tracking.upload import RunUpload

PACKAGES_VARIABLE, PACKAGES = "APP07_TRACKING_PACKAGES", "/opt/tracking-packages"
"""What names the folder with MLflow's client, and where the container has it."""

SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "DO_NOT_TRACK": "true",
    # The server is the one that was named: it sends nobody elsewhere.
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
}
"""Set before MLflow is imported. Its own defaults are 120 s and 7 repetitions."""

_INTERVAL, _LONGEST_INTERVAL = 1.0, 10.0
_ATTEMPTS = 3
_MEMORY = 2 << 30


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Send runs, and return the exit status.

    Args:
        arguments: without the program's name.
        environment: the environment variables.
    """
    parser = argparse.ArgumentParser(prog="python -m training.tracking.send", allow_abbrev=False)
    parser.add_argument("--follow", action="store_true", help="send while the training goes on")
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path, help="the results of a training")
    parsed = parser.parse_args(arguments)
    result = sys.stdout
    sys.stdout = sys.stderr  # what MLflow prints is not the result
    _bound_memory()
    try:
        for folder in parsed.folders:
            check_links(folder / FOLDER)  # what is sent is remembered there
            read_record(folder / FOLDER / FILE)  # one that is damaged is named without the client
        server = connect(environment)
        tell = _Problem(result).tell if parsed.follow else None
        lines = [send(folder, server, tell) for folder in parsed.folders]
    except PipelineError as error:
        _print(result, sent=False, text=str(error) if error.hint else error.message)
        return error.status
    _print(result, sent=True, text="\n".join(lines))
    return 0


def _bound_memory() -> None:
    """Limit the memory of this process: the client reads whole answers, however long they are."""
    with suppress(ImportError, OSError, ValueError):  # not on Windows
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, hard))


def connect(environment: Mapping[str, str]) -> Server:
    """Return the server that ``MLFLOW_TRACKING_URI`` names.

    Raises:
        OptionError: it names none.
        MissingPackage: MLflow's client is not installed, or not completely.
    """
    uri = environment.get("MLFLOW_TRACKING_URI", "").strip()
    if not uri:
        raise OptionError("No MLflow server is named.", option="tracking_uri")
    check_address(uri)
    os.environ.update({key: value for key, value in SETTINGS.items() if key not in environment})
    packages = environment.get(PACKAGES_VARIABLE) or PACKAGES
    if Path(packages).is_dir():
        sys.path.append(packages)  # after all others: NumPy is that of this project
    try:
        from training.tracking.server import Server

        import_module("training.tracking.nested")  # all that needs the client, before anything is sent
    except ModuleNotFoundError as error:
        raise MissingPackage(
            f"MLflow's client is not installed: there is no module {error.name}.", packages=("mlflow-skinny",)
        ) from None
    except ImportError as error:
        reason = (str(error).splitlines() or ["it cannot be imported"])[0]
        raise MissingPackage(
            f"MLflow's client is not completely installed: {reason}.", packages=("mlflow-skinny",)
        ) from None
    return Server(uri, environment.get("MLFLOW_PAGES", "").strip())


def send(folder: Path, server: Server, tell: Callable[[str], None] | None = None) -> str:
    """Send one run with those that are nested in it, and return a line that says where it is.

    Args:
        folder: the folder of the results, with the record.
        server: the server.
        tell: is told each time what prevents sending, to follow a training until it ends; None to send what there is.

    Raises:
        PipelineError: it was not sent; what the server has is remembered.
    """
    from training.tracking.earlier import remove_sent
    from training.tracking.nested import NestedRuns
    from training.tracking.upload import RunUpload

    upload, nested = RunUpload(folder, server), NestedRuns(folder, server)
    if tell is None:
        _send(upload, nested)
    else:
        _follow(upload, nested, tell)
    remove_sent(folder)
    version = f", registered as {upload.version}" if upload.version else ""
    return " ".join([f"Sent to MLflow: {upload.shown}{version}", *upload.remarks])


class _Problem:
    """Prints what prevents sending when it changes: the last line that is printed says why a run is not sent.

    Args:
        stream: the output.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = ""

    def tell(self, text: str) -> None:
        """Print the problem unless it is the last one that was printed; an empty text for none."""
        if text != self._told:
            self._told = text
            _print(self._stream, sent=False, text=text)


def _follow(upload: RunUpload, nested: NestedRuns, tell: Callable[[str], None]) -> None:
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    pause = _INTERVAL
    while True:
        last = ended.is_set()  # asked first, so that nothing is missed that was recorded before
        try:
            upload.refresh()
            upload.send()
            nested.send()
            if upload.complete:
                return
            if last:
                nested.killed()
                upload.killed()
                return
            pause = _INTERVAL
            tell("")
        except TrackingUnavailable as error:
            tell(error.message)
            pause = min(2 * pause, _LONGEST_INTERVAL)
        if last:
            time.sleep(min(pause, _INTERVAL))
        else:
            ended.wait(pause)


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.buffer.read()
    ended.set()


def _send(upload: RunUpload, nested: NestedRuns) -> None:
    pause = _INTERVAL
    for attempt in range(_ATTEMPTS):
        try:
            upload.send()
            nested.send()
            return
        except TrackingUnavailable:
            if attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(pause)
            pause *= 2


def _print(stream: TextIO, *, sent: bool, text: str) -> None:
    print(json.dumps({"sent": sent, "text": text}), file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
