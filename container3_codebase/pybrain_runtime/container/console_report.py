"""Prints the steps of a run, its warnings and its error."""

from __future__ import annotations

import time
from typing import TextIO

from pybrain_runtime.activation import ActivationStream
from pybrain_runtime.engine.inference_session import InferenceSession
from pybrain_runtime.errors import PipelineError
from pybrain_runtime.io.printable import printable
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.results.prediction import Prediction


class ConsoleReport:
    """Prints the steps of a run, in ASCII if the output encoding has no other characters.

    Attributes:
        started: the time at which the run started, in seconds since 1970.
        stale_images: a warning for each image that does not match the checkout; printed last, where users look.

    Args:
        output: stream for the steps.
        errors: stream for the error.
    """

    def __init__(self, output: TextIO, errors: TextIO) -> None:
        self._output = output
        self._errors = errors
        self.started = time.time()
        self.stale_images: tuple[str, ...] = ()

    def loaded(self, knowledge: Knowledge) -> None:
        """Print which network was loaded."""
        self._done(f"Model loaded: {knowledge.kind}")
        if knowledge.network.differing:
            self._line(f"  {knowledge.network.differing}")
        self._line(f"  {knowledge.scaling_summary}")
        found = knowledge.unused_scaling
        if found is not None:
            from pybrain_runtime.container.advice import scaling_advice

            self._line(f"  {scaling_advice(found)}")

    def read(self, activation: ActivationStream) -> None:
        """Print the rows and columns of the activation."""
        self._done(f"Data loaded: ({activation.rows}, {activation.columns.width})")
        self._line(f"  {activation.columns.summary()}")
        if activation.light:
            from pybrain_runtime.container.advice import ENVIRONMENT

            self._line(f"  A large file, read without pyarrow, which takes longer. {ENVIRONMENT.packages}")

    def computed(self, session: InferenceSession) -> None:
        """Print where the rows were computed, if a GPU was requested."""
        if session.note:
            self._line(f"  {session.note}")

    def wrote(self, prediction: Prediction) -> None:
        """Print the first outputs, the number of rows, and the error metrics."""
        for index, row in enumerate(prediction.first):
            self._done(f"Prediction: {_output_text(prediction, index, row.tolist())}")
        if prediction.rows > len(prediction.first):
            self._line(f"  ... {prediction.rows:,} rows in total, in {prediction.path}")
        if prediction.errors:
            metrics = ", ".join(f"{name} {_metric_text(value)}" for name, value in prediction.errors.items())
            self._line(f"  Compared with the expected outputs: {metrics}")
        if prediction.not_finite:
            self._line(f"  WARNING: {prediction.warning()}")
        if note := prediction.formula_note():
            self._line(f"  {note}")
        self._line("ACTIVATION COMPLETE")
        self._warn(self._output)

    def failed(self, error: PipelineError) -> None:
        """Print an error, and what can be done about it in the container."""
        from pybrain_runtime.container.advice import advice_for, with_advice

        text = with_advice(error, advice_for(error))
        self._print(self._errors, f"{_mark(self._errors, '✗', '[FAILED]')} {text}")
        self._warn(self._errors)

    def _warn(self, stream: TextIO) -> None:
        """Print warnings to the stream of the last line, because the order of two streams is not guaranteed."""
        for sentence in self.stale_images:
            self._print(stream, f"WARNING: {sentence}")

    def _done(self, text: str) -> None:
        self._line(f"{_mark(self._output, '✓', '[OK]')} {text}")

    def _line(self, text: str) -> None:
        self._print(self._output, text)

    def _print(self, stream: TextIO, text: str) -> None:
        encoding = stream.encoding or "ascii"
        print(printable(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _mark(stream: TextIO, mark: str, plain: str) -> str:
    try:
        mark.encode(stream.encoding or "ascii")
        return mark
    except (UnicodeEncodeError, LookupError):
        return plain


def _output_text(prediction: Prediction, index: int, row: list[float]) -> str:
    named = prediction.names[0] != "prediction" and not prediction.names[0].startswith("prediction_")
    parts = [
        f"{value:.6f} ({name})" if named else f"{value:.6f}"
        for value, name in zip(row, prediction.names, strict=True)
    ]
    label = prediction.classes[index] if prediction.classes else ""
    label = f" -> {label}" if label else ""
    return ", ".join(parts) + label


def _metric_text(value: float | int | None) -> str:
    return "not finite" if value is None else str(value) if isinstance(value, int) else f"{value:.6g}"
