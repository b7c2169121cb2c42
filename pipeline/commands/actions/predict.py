"""Send the request, and report the result or the client's error in the terms of the command line."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.atomic_files import sha256_of
from common.errors import (
    CannotWrite,
    DataError,
    InputMissing,
    PipelineError,
    ServerUnavailable,
    TimedOut,
    UsageError,
)
from common.extras import ensure
from pipeline.commands.base.command import Context, Result

if TYPE_CHECKING:
    from app07_client import App07Error, FilePrediction

OUTPUT = "prediction.csv"
_KEY = "APP07_API_KEY"
_LONGEST_KEY_FILE = 4096


@dataclass(frozen=True)
class PredictOptions:
    """The options of `predict`.

    Attributes:
        rows: the file with the rows, ``-`` for standard input.
        url: the server's URL.
        output: the file of the prediction, ``-`` for standard output; None for prediction.csv.
        model: the model's name; None for the server's default.
        version: the model's version; None for the newest.
        precision: float64 or float32.
        api_key_file: the file with the API key; None for the environment variable.
        ca_file: the certificates that are trusted; None for those of certifi.
        timeout: time limit for the whole command, in seconds; None for no limit.
        retries: maximum number of retries per request.
        json: whether the result is printed as JSON.
    """

    rows: str
    url: str
    output: str | None
    model: str | None
    version: str | None
    precision: str
    api_key_file: str | None
    ca_file: str | None
    timeout: float | None
    retries: int
    json: bool


@dataclass(frozen=True)
class PredictResult(Result):
    """The result of `predict`.

    Attributes:
        found: the prediction that was written, as the client reports it.
        sha256: the SHA-256 of the prediction.
        seconds: the duration of the command.
    """

    found: FilePrediction
    sha256: str
    seconds: float

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        model = self.found.model
        return {
            "prediction": self.found.path,
            "rows": self.found.rows,
            "size": self.found.size,
            "sha256": self.sha256,
            "model": model and {"name": model.name, "version": model.version, "sha256": model.sha256},
            "request_id": self.found.request_id,
            "seconds": round(self.seconds, 3),
        }


def predict(context: Context, options: PredictOptions) -> PredictResult:
    """Send the rows, write the prediction, and print what was done.

    Args:
        context: the command's context.
        options: the options of `predict`.

    Raises:
        PipelineError: the error of the server or of the connection, with the exit status.
    """
    to_output = options.output == "-"
    if to_output and options.json:
        raise UsageError(
            "With --json, standard output is reserved for the result.", hint="Specify a file with -o."
        )
    _check_output(options.output)
    key = _api_key(context, options.api_key_file)
    ensure("client", context.layout, context.console.note)
    started = time.monotonic()
    with _input(options.rows) as rows, _output(options.output) as output:
        found = _ask(options, key, rows, output)
        result = PredictResult(found, sha256_of(output), time.monotonic() - started)
        if to_output:
            _copy(output)
        else:
            _print(context, options, result)
    return result


def _ask(options: PredictOptions, key: str | None, rows: Path, output: Path) -> FilePrediction:
    from app07_client import App07Client, App07Error

    try:
        with App07Client(
            options.url, key, retries=options.retries, ssl_context=_tls(options.ca_file)
        ) as client:
            return client.predict_file(
                rows, output, options.model, options.version, options.precision, timeout=options.timeout
            )
    except App07Error as error:
        raise _translated(error, options) from error


def _translated(error: App07Error, options: PredictOptions) -> PipelineError:
    import app07_client as client

    message = error.message
    match error:
        case client.InvalidInput():
            return UsageError(message, hint="Check the address given with --url." if "URL" in message else "")
        case client.FileFailed(written=True):
            return CannotWrite(message, path=error.path, errno=error.errno)
        case client.FileFailed():
            return InputMissing(message, path=error.path, role="activation")
        case client.TimedOut(sent=True):
            return TimedOut(message, hint="Allow more time with --timeout." if options.timeout else "")
        case client.AccessDenied():
            return ServerUnavailable(message, hint=f"Specify the API key with --api-key-file or {_KEY}.")
        case client.NotFound():
            return InputMissing(message, role="knowledge")
        case client.ConnectionFailed() | client.Unavailable() | client.InvalidResponse():
            return ServerUnavailable(message)
        case client.ServerFailed():
            return PipelineError(f"The server failed: {message}", hint=_log(error.request_id))
        case client.RequestRefused():
            name = "standard input" if options.rows == "-" else Path(options.rows).name
            return DataError(
                f"{name}{message.removeprefix('body')}" if message.startswith("body ") else message
            )
    return PipelineError(message)


def _log(request_id: str) -> str:
    return f"The server's log has details under the request ID {request_id}." if request_id else ""


def _check_output(output: str | None) -> None:
    """Check that the default output replaces nothing.

    Raises:
        CannotWrite: a file of this name exists.
    """
    if output is None and os.path.lexists(OUTPUT):
        raise CannotWrite(
            f"{OUTPUT} exists; this prediction would replace it.",
            hint="Choose another path with -o.",
            path=OUTPUT,
        )


def _api_key(context: Context, file: str | None) -> str | None:
    """Return the API key of the file, otherwise that of the environment; None where there is none."""
    if file is None:
        key = context.environment.get(_KEY)
        if key is not None and not key.strip():
            raise UsageError(
                f"The environment variable {_KEY} is empty.", hint="Unset it, or set it to the API key."
            )
        return key
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(_LONGEST_KEY_FILE + 1)
    except OSError as error:
        raise InputMissing(f"{file} cannot be read: {error.strerror}.", path=file, role="key") from error
    lines = content.decode("ascii", "replace").split()
    if len(content) > _LONGEST_KEY_FILE or len(lines) != 1:
        raise UsageError(f"{file} must contain exactly one API key.", hint="Put the key on a single line.")
    return lines[0]


def _tls(ca_file: str | None) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise UsageError(f"{ca_file} contains no PEM certificates.") from error
    except OSError as error:
        raise InputMissing(f"{ca_file} cannot be read: {error.strerror}.", path=ca_file, role="ca") from error


@contextlib.contextmanager
def _input(rows: str) -> Iterator[Path]:
    """Provide the file with the rows; standard input is stored in a temporary one."""
    if rows != "-":
        yield Path(rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path


@contextlib.contextmanager
def _output(output: str | None) -> Iterator[Path]:
    """Provide the file of the prediction; a temporary one for standard output, so that it gets all or nothing."""
    if output != "-":
        yield Path(output or OUTPUT)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / OUTPUT


def _copy(path: Path) -> None:
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _print(context: Context, options: PredictOptions, result: PredictResult) -> None:
    write, found = context.console.print, result.found
    rows = "" if found.rows is None else f", {found.rows:,} row{'' if found.rows == 1 else 's'}"
    write(f"  server      {options.url}")
    if found.model is not None:
        write(f"  knowledge   {found.model.name}, version {found.model.version}")
        write(f"              sha256 {found.model.sha256}")
    write(f"  activation  {options.rows}{rows}")
    write(f"  prediction  {found.path} ({found.size:,} bytes)")
    write(f"              sha256 {result.sha256}")
    write(f"  time        {result.seconds:.2f} s")
