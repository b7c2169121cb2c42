"""The process that decodes a table with pyarrow: `python -m serving.requests.table_worker`.

The request is a pickle from the server that started the process; the response is a line of JSON.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import threading

from serving.child_process import limit_child
from serving.errors import OutOfMemory, RequestError
from serving.requests.tables import predict_file

_MEMORY = 2 << 30
_START_SECONDS = 30


def main() -> None:
    """Process a single request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    knowledge, rows, kind, answer, precision, limits = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_server, daemon=True).start()
    # An Arrow stream is mapped into memory, once to count its rows and once to read them.
    limit_child(_MEMORY + 2 * limits.upload, max(1, int(limits.table_seconds)) + _START_SECONDS)
    try:
        path, count = predict_file(knowledge, rows, kind, answer, precision, limits)
        found: dict[str, object] = {"path": str(path), "rows": count}
    except RequestError as error:
        found = {"code": error.code, "error": error.message, "details": error.details}
    except MemoryError:
        message = "There is not enough memory for this table."
        found = {"code": OutOfMemory.code, "error": message, "details": {}}
    sys.stdout.buffer.write(json.dumps(found).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()


def _end_with_server() -> None:
    """Exit as soon as the server has ended."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
