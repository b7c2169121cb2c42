"""What a run says on its way, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TextIO

from pybrain_runtime._io.atomic_file import check_writable
from pybrain_runtime._io.paths import beside, is_folder
from pybrain_runtime._io.printable import printable, quoted
from pybrain_runtime.activation import ActivationStream
from pybrain_runtime.container.advice import ENVIRONMENT, advice_for, scaling_advice, with_advice
from pybrain_runtime.container.image_check import stale_images
from pybrain_runtime.container.settings import Settings
from pybrain_runtime.errors import InputMissing, PipelineError
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.results.prediction import Prediction

INTERRUPTED, TERMINATED, DEFECT = 130, 143, 70

WELCOME = """\
This is the codebase container: it lets a trained PyBrain network (the knowledge) answer rows of numbers
(the activation) and writes its answers (the prediction). It found neither of its two inputs:
  knowledge:  {model}  (MODEL_PATH)
  activation: {data}  (DATA_PATH)
The other two containers bring them. In the project folder, run
  docker-compose up --abort-on-container-exit
or mount a folder that holds both:
  docker run --rm -v "$PWD/shared_data:/shared_data" codebase_app07"""


class Report:
    """Prints the steps of a run, in plain ASCII where the output cannot carry more.

    Args:
        output: where the steps go.
        errors: where mistakes go.

    Attributes:
        stale_images: a sentence for each image that does not fit the checkout; said last, so that it is read.
    """

    def __init__(self, output: TextIO, errors: TextIO) -> None:
        self._output = output
        self._errors = errors
        self.stale_images: tuple[str, ...] = ()

    def loaded(self, knowledge: Knowledge) -> None:
        """Says which network answers."""
        self._done(f"Model loaded: {knowledge.kind}")
        found = knowledge.unused_scaling
        if found is not None:
            self._line(f"  {scaling_advice(found)}")
        elif knowledge.scaling.startswith(("inputs", "outputs")):
            self._line(f"  Scaled: {knowledge.scaling}")

    def read(self, activation: ActivationStream) -> None:
        """Says how much there is to answer: rows and columns of the file."""
        self._done(f"Data loaded: ({activation.rows}, {activation.columns.width})")
        self._line(f"  {activation.columns.summary()}")
        if activation.light:
            self._line(f"  (A large file, read without pyarrow. {ENVIRONMENT.packages}.)")

    def wrote(self, prediction: Prediction) -> None:
        """Says the first answers, how many there are, and how far they are off."""
        for place, row in enumerate(prediction.first):
            self._done(f"Prediction: {_answer(prediction, place, row.tolist())}")
        if prediction.rows > len(prediction.first):
            self._line(f"  ... {prediction.rows:,} rows in all, in {prediction.path}")
        if prediction.errors:
            figures = ", ".join(f"{name} {_figure(value)}" for name, value in prediction.errors.items())
            self._line(f"  Compared with the expected outputs: {figures}")
        if prediction.not_finite:
            self._line(f"  WARNING: {prediction.warning()}")
        for name in prediction.formulas[:3]:
            self._line(
                f"  A column is named {quoted(name)}, which a spreadsheet takes for a formula: import "
                f"{prediction.path} as text there."
            )
        self._line("ACTIVATION COMPLETE")
        self._warn(self._output)

    def failed(self, error: PipelineError) -> None:
        """Prints an error, with what can be done about it here."""
        text = with_advice(error, advice_for(error))
        self._print(self._errors, f"{_mark(self._errors, '✗', '[FAILED]')} {text}")
        self._warn(self._errors)

    def _warn(self, stream: TextIO) -> None:
        """Says it where the last line went: two streams reach a reader in no certain order."""
        for sentence in self.stale_images:
            self._print(stream, f"WARNING: {sentence}")

    def _done(self, text: str) -> None:
        self._line(f"{_mark(self._output, '✓', '[OK]')} {text}")

    def _line(self, text: str) -> None:
        self._print(self._output, text)

    def _print(self, stream: TextIO, text: str) -> None:
        encoding = stream.encoding or "ascii"
        print(printable(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def run_program(job: Callable[[Settings, Report], None]) -> int:
    """Runs a job with the settings of the environment and turns whatever happens into an exit status.

    A mistake in the input is one message on the error output; a traceback is shown for defects of this
    program, and for everything when ``APP07_DEBUG`` is 1.

    Returns:
        0, the status of a ``PipelineError``, 70 for a defect, 130 when interrupted, 143 when terminated.
    """
    report = Report(sys.stdout, sys.stderr)
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        settings = Settings.from_environment(os.environ)
        report.stale_images = stale_images(settings.notices)
        if is_folder(beside(settings.output, ".")):
            check_writable(settings.output)
        if not os.path.lexists(settings.model) and not os.path.lexists(settings.data):
            raise InputMissing(WELCOME.format(model=settings.model, data=settings.data))
        job(settings, report)
        return 0
    except PipelineError as error:
        _debug()
        report.failed(error)
        return error.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except _Terminated:
        return TERMINATED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:
        _debug()
        text = f"A defect of this program: {type(error).__name__}: {error}"
        report.failed(PipelineError(text, hint="Please report it, with what APP07_DEBUG=1 prints."))
        return DEFECT
    finally:
        signal.signal(signal.SIGTERM, previous)


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _debug() -> None:
    if os.environ.get("APP07_DEBUG") == "1":
        import traceback

        traceback.print_exc()


def _reader_gone() -> int:
    """Keeps the interpreter from failing once more at its end; the work itself may well be done."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
    return 128 + getattr(signal, "SIGPIPE", 13)


def _mark(stream: TextIO, mark: str, plain: str) -> str:
    try:
        mark.encode(stream.encoding or "ascii")
        return mark
    except (UnicodeEncodeError, LookupError):
        return plain


def _answer(prediction: Prediction, place: int, row: list[float]) -> str:
    named = prediction.names[0] != "prediction" and not prediction.names[0].startswith("prediction_")
    parts = [
        f"{value:.6f} ({name})" if named else f"{value:.6f}"
        for value, name in zip(row, prediction.names, strict=True)
    ]
    label = prediction.classes[place] if prediction.classes else ""
    label = f" -> {label}" if label else ""
    return ", ".join(parts) + label


def _figure(value: float | int | None) -> str:
    return "not finite" if value is None else str(value) if isinstance(value, int) else f"{value:.6g}"
