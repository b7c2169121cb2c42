"""The program that sends runs to an MLflow server: ``python -m training.tracking.send [--follow] FOLDER...``.

With ``--follow`` it sends during training, whose end it detects by the end of its standard input. The last line of its
output is JSON: whether everything was sent, and a message. Only this program imports MLflow's client; if the client is
not installed, it is imported from the folder in ``APP07_TRACKING_PACKAGES``.
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
"""The environment variable with the folder of MLflow's client, and the folder in the container."""

SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "DO_NOT_TRACK": "true",
    # Do not follow redirects to another server.
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
}
"""Set before MLflow is imported, whose defaults are 120 s and 7 retries."""

_INTERVAL, _LONGEST_INTERVAL = 1.0, 10.0
_ATTEMPTS = 3
_MEMORY = 2 << 30


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Send runs, and return the exit status.

    Args:
        arguments: the arguments, without the program name.
        environment: the environment variables.
    """
    parser = argparse.ArgumentParser(prog="python -m training.tracking.send", allow_abbrev=False)
    parser.add_argument("--follow", action="store_true", help="send the run while training is in progress")
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", type=Path, help="the results of a training run"
    )
    parsed = parser.parse_args(arguments)
    result = sys.stdout
    sys.stdout = sys.stderr  # keep MLflow's output separate from the result
    _bound_memory()
    try:
        for folder in parsed.folders:
            check_links(folder / FOLDER)  # the state of sending is written there
            read_record(folder / FOLDER / FILE)  # report a damaged record before importing the client
        server = connect(environment)
        tell = _Problem(result).tell if parsed.follow else None
        lines = [send(folder, server, tell) for folder in parsed.folders]
    except PipelineError as error:
        _print(result, sent=False, text=str(error) if error.hint else error.message)
        return error.status
    _print(result, sent=True, text="\n".join(lines))
    return 0


def _bound_memory() -> None:
    """Limit the memory of this process, because the client reads responses of any length into memory."""
    with suppress(ImportError, OSError, ValueError):  # not on Windows
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, hard))


def connect(environment: Mapping[str, str]) -> Server:
    """Return the server in ``MLFLOW_TRACKING_URI``.

    Raises:
        OptionError: the variable is not set.
        MissingPackage: MLflow's client is not installed, or only partly.
    """
    uri = environment.get("MLFLOW_TRACKING_URI", "").strip()
    if not uri:
        raise OptionError("No MLflow server is configured.", option="tracking_uri")
    check_address(uri)
    os.environ.update({key: value for key, value in SETTINGS.items() if key not in environment})
    packages = environment.get(PACKAGES_VARIABLE) or PACKAGES
    if Path(packages).is_dir():
        sys.path.append(packages)  # last, so that NumPy is imported from this project
    try:
        from training.tracking.server import Server

        import_module("training.tracking.nested")  # imports the whole client before anything is sent
    except ModuleNotFoundError as error:
        raise MissingPackage(
            f"MLflow's client is not installed: there is no module {error.name}.", packages=("mlflow-skinny",)
        ) from None
    except ImportError as error:
        reason = (str(error).splitlines() or ["it cannot be imported"])[0]
        raise MissingPackage(
            f"MLflow's client is only partly installed: {reason}.", packages=("mlflow-skinny",)
        ) from None
    return Server(uri, environment.get("MLFLOW_PAGES", "").strip())


def send(folder: Path, server: Server, tell: Callable[[str], None] | None = None) -> str:
    """Send a run with its nested runs, and return a line with its address.

    Args:
        folder: the folder of the results, with the record.
        server: the server.
        tell: follow the run until training ends, and call this with each problem; None to send the current record.

    Raises:
        PipelineError: the run was not sent completely; what the server has is remembered.
    """
    from training.tracking.nested import NestedRuns
    from training.tracking.unsent_runs import remove_sent
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
    """Prints each change of the problem that prevents sending, so the last line has the reason if a run is not sent.

    Args:
        stream: the output.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = ""

    def tell(self, text: str) -> None:
        """Print the problem unless it was printed last; an empty string means no problem."""
        if text != self._told:
            self._told = text
            _print(self._stream, sent=False, text=text)


def _follow(upload: RunUpload, nested: NestedRuns, tell: Callable[[str], None]) -> None:
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    pause = _INTERVAL
    while True:
        last = ended.is_set()  # checked first, so that no recorded lines are missed
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
