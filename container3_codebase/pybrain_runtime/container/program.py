"""Runs the program of the codebase container: settings, signals, error messages and exit status."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from pybrain_runtime.container.console_report import ConsoleReport
from pybrain_runtime.container.image_check import stale_images
from pybrain_runtime.container.settings import Settings
from pybrain_runtime.errors import ExitStatus, InputMissing, PipelineError
from pybrain_runtime.io.atomic_file import check_writable
from pybrain_runtime.io.paths import beside, is_folder

WELCOME = """\
This is the codebase container: it runs a trained PyBrain network (the knowledge) on rows of numbers
(the activation) and writes its outputs (the prediction). It found neither of its two inputs:
  knowledge:  {model}  (MODEL_PATH)
  activation: {data}  (DATA_PATH)
The other two containers provide them. In the project folder, run
  docker-compose up --abort-on-container-exit
or name files of that folder:
  docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/project" -e MODEL_PATH=/project/models/iris.pkl \\
    -e DATA_PATH=/project/data/iris.csv -e OUTPUT_PATH=/project/shared_data/prediction.csv codebase_app07"""


def run_program(job: Callable[[Settings, ConsoleReport], None]) -> int:
    """Run a job with the settings of the environment, and return its exit status.

    An invalid input prints one message to standard error. If ``APP07_DEBUG`` is 1, all errors print a traceback. If the
    program disabled the garbage collector for its imports, it is enabled here, and ignores what was imported.

    Args:
        job: the program, called with its settings and the report that it prints to.

    Returns:
        0, the status of a ``PipelineError``, 70 for an internal error, 130 when interrupted, 143 when terminated.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    report = ConsoleReport(sys.stdout, sys.stderr)
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        settings = Settings.from_environment(os.environ)
        report.stale_images = stale_images(settings.notices)
        if is_folder(beside(settings.output, ".")):
            check_writable(settings.output)
        if not os.path.lexists(settings.model) and not os.path.lexists(settings.data):
            raise InputMissing(WELCOME.format(model=settings.model, data=settings.data))
        job(settings, report)
        return ExitStatus.SUCCESS
    except PipelineError as error:
        _debug()
        report.failed(error)
        return error.status
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except _Terminated:
        return ExitStatus.TERMINATED
    except BrokenPipeError:
        return _broken_pipe()
    except Exception as error:
        _debug()
        text = f"Internal error: {type(error).__name__}: {error}"
        report.failed(PipelineError(text, hint="Please report it, with what APP07_DEBUG=1 prints."))
        return ExitStatus.INTERNAL_ERROR
    finally:
        signal.signal(signal.SIGTERM, previous)


class _Terminated(BaseException):
    """SIGTERM was received."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _debug() -> None:
    if os.environ.get("APP07_DEBUG") == "1":
        import traceback

        traceback.print_exc()


def _broken_pipe() -> int:
    """Keep the interpreter from failing again when it flushes standard output at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
    return 128 + getattr(signal, "SIGPIPE", 13)
