"""Process Parquet files and Arrow streams in a child process, which a damaged file may crash.

They are decoded by C++ code, whose errors may not be Python exceptions.
"""

from __future__ import annotations

import contextlib
import copyreg
import io
import json
import pickle
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.tables.formats.registry import format_named
from serving import errors
from serving.child_process import child_command, child_environment
from serving.errors import InvalidTable, OutOfMemory, PayloadTooLarge, RequestError
from serving.requests.tables import TABLE_TYPES, answer_size
from serving.settings import RequestLimits

_COMMAND = child_command("serving.requests.table_worker")
_ERRORS: dict[str, type[RequestError]] = {
    kind.code: kind
    for kind in (
        errors.InvalidInstance,
        errors.NoSpace,
        errors.OutOfMemory,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
    )
}
_LATER = 10.0
"""Seconds after the time limit until a process that has not exited is killed."""
_LOOK_SECONDS = 0.1
"""Seconds between two checks of the size of the process's output."""


def decoded_by_pyarrow(kind: str) -> bool:
    """Return whether only pyarrow can decode the tables of a content type."""
    return format_named(TABLE_TYPES[kind]).needs_pyarrow


def predict_in_process(
    knowledge: Knowledge,
    rows: Path,
    kind: str,
    answer: str,
    precision: str,
    limits: RequestLimits,
    reserve: Callable[[int], None] = lambda size: None,
) -> tuple[Path, int]:
    """Run ``predict_file`` in a child process, which exits with this one.

    Args:
        knowledge: the network and its card.
        rows: the file; the prediction is written beside it.
        kind: the content type of the file.
        answer: the content type of the prediction.
        precision: ``float64`` or ``float32``.
        limits: the limits on the size and time of the prediction.
        reserve: called with the size of the prediction so far in bytes; if it raises an error, the process is killed.

    Returns:
        The file with the prediction, and the number of its rows.

    Raises:
        RequestError: as for ``predict_file``, or the file has crashed the process.
    """
    # The compiled network, which holds functions, and everything that activation does not need are left out.
    request = _pickled((knowledge.replace(companions={}), rows, kind, answer, precision, limits))
    with subprocess.Popen(
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
    ) as process:
        watch = _Watch(process, rows, limits.table_seconds + _LATER, reserve)
        try:
            line, log = _exchange(process, request)
        finally:
            watch.end()
            process.kill()
    if watch.error is not None:
        raise watch.error
    if line.endswith(b"\n"):
        return _result(line)
    if watch.late or process.returncode == -signal.SIGXCPU:
        message = f"The table takes longer than {limits.table_seconds:g} s. Send it in parts."
        raise PayloadTooLarge(message, limit=int(limits.table_seconds))
    raise _ended(process.returncode, log)


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> tuple[bytes, bytes]:
    """Send a request; return the response, which is incomplete if the process has failed, and the end of its log.

    Standard input stays open until the response has arrived: its end tells the child that this process has ended.
    """
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    log = bytearray()
    collector = threading.Thread(target=_collect, args=(process.stderr, log), daemon=True)
    collector.start()
    try:
        process.stdin.write(request)
        process.stdin.flush()
    except OSError:  # the process has ended; its exit status shows the reason
        with contextlib.suppress(OSError):
            process.stdin.close()
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        process.wait()
        collector.join(1.0)
    return line, bytes(log)


def _collect(stream: io.BufferedIOBase, log: bytearray) -> None:
    while block := stream.read1(1 << 12):
        log += block
        del log[: -(1 << 14)]


class _Watch:
    """A watchdog thread that kills a process which takes too long or writes too much.

    Args:
        process: the process.
        rows: the file that the process reads.
        seconds: the time limit.
        reserve: called with the number of bytes that the process has written.

    Attributes:
        late: whether the process was killed because of the time limit.
        error: the error of ``reserve`` because of which the process was killed.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], rows: Path, seconds: float, reserve: Callable[[int], None]
    ) -> None:
        self.late = False
        self.error: RequestError | None = None
        self._process = process
        self._rows = rows
        self._ends = time.monotonic() + seconds
        self._reserve = reserve
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            try:
                self._reserve(answer_size(self._rows))
            except RequestError as error:
                self.error = error
            self.late = time.monotonic() > self._ends
            if self.late or self.error is not None:
                self._process.kill()
                return


def _pickled(request: object) -> bytes:
    """Pickle a request for the process."""
    target = io.BytesIO()
    pickler = pickle.Pickler(target, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = copyreg.dispatch_table | {MappingProxyType: lambda each: (_proxy, (dict(each),))}
    pickler.dump(request)
    return target.getvalue()


def _proxy(content: dict[object, object]) -> MappingProxyType[object, object]:
    return MappingProxyType(content)


def _result(line: bytes) -> tuple[Path, int]:
    answer = json.loads(line)
    if "rows" in answer:
        return Path(answer["path"]), answer["rows"]
    raise _ERRORS[answer["code"]](answer["error"], **answer["details"])


def _ended(status: int, log: bytes) -> Exception:
    """Return the error for a process that has ended without a response."""
    if status == -signal.SIGKILL:  # by the kernel
        return OutOfMemory("There is not enough memory for this table.")
    if status < 0:
        return InvalidTable(
            f"The file is damaged or not supported: its decoder was killed by signal {-status}.",
            signal=-status,
        )
    return RuntimeError(f"the table process exited with status {status}: {log.decode('utf-8', 'replace')}")
