"""A module: it has an input, an output, and buffer rows for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.structure.modules.output import Output
from pybrain.structure.overrides import NoticesReplacements
from pybrain.utilities import Named, abstractMethod

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike


class Module(NoticesReplacements, Named):
    """Maps ``indim`` numbers to ``outdim`` numbers, and errors of its output to errors of its input.

    Subclasses provide :meth:`_forwardImplementation` and :meth:`_backwardImplementation`. Each buffer is an
    array of shape (time steps, width); ``offset`` is the current row. Outside of recurrent networks there is
    one row, number 0.

    Args:
        indim: width of the input.
        outdim: width of the output.
        name: name; generated if None.
        **args: options, set as attributes.

    Attributes:
        bufferlist: (name, width) of every buffer: inputbuffer, inputerror, outputbuffer, outputerror, and
            those that a subclass adds.
        paramdim: number of parameters; 0 unless the module is also a ParameterContainer.
        sequential: whether the output depends on earlier inputs.
    """

    sequential = False
    bufferlist: Any = None
    paramdim = 0
    indim = 0
    outdim = 0
    offset = 0
    inputbuffer: Array
    inputerror: Array
    outputbuffer: Array
    outputerror: Array

    def __init__(self, indim: int, outdim: int, name: str | None = None, **args: Any) -> None:
        self.setArgs(name=name, **args)
        self._setDimensions(indim, outdim)
        self.offset = 0

    def _setDimensions(self, indim: int, outdim: int) -> None:
        """Set the widths and create new buffers with one row."""
        self.indim = indim
        self.outdim = outdim
        self._listBuffers()
        self._resetBuffers()

    def _listBuffers(self) -> None:
        own = [entry for entry in self.bufferlist or () if entry[0] not in _STANDARD_BUFFERS]
        self.bufferlist = [
            *own,
            ("inputbuffer", self.indim),
            ("inputerror", self.indim),
            ("outputbuffer", self.outdim),
            ("outputerror", self.outdim),
        ]

    # --- memory ---

    def _resetBuffers(self, length: int = 1) -> None:
        """Create new buffers with ``length`` rows of zeros."""
        for name, width in self.bufferlist:
            setattr(self, name, np.zeros((length, int(width))))

    def _growBuffers(self) -> None:
        """Double the number of rows of every buffer; the new ones are zero."""
        for name, _ in self.bufferlist:
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.zeros_like(old)]))

    def _ensureRows(self, rows: int) -> None:
        """Grow the buffers until they have at least ``rows`` rows."""
        while len(self.outputbuffer) < rows:
            self._growBuffers()

    def reset(self) -> None:
        """Go back to the first row and set every buffer to zero."""
        self.offset = 0
        for name, _ in self.bufferlist:
            getattr(self, name)[:] = 0.0

    def shift(self, items: int) -> None:
        """Move all buffer rows and the offset by ``items`` (down if positive), and fill up with zeros.

        Args:
            items: number of rows to move by; with -1, row 1 becomes row 0.
        """
        if items == 0:
            return
        self.offset += items
        for name, _ in self.bufferlist:
            buffer = getattr(self, name)
            moved = np.zeros_like(buffer)
            if items > 0:
                moved[items:] = buffer[:-items]
            else:
                moved[:items] = buffer[-items:]
            setattr(self, name, moved)

    def _restoreBuffers(self) -> None:
        """Supply buffers that a file did not hold."""
        rows = max((len(self.__dict__[n]) for n, _ in self.bufferlist if n in self.__dict__), default=1)
        for name, width in self.bufferlist:
            if name not in self.__dict__:
                setattr(self, name, np.zeros((rows, int(width))))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self.bufferlist is None and ("inputbuffer" in state or "dim" in state or state.get("sorted")):
            self._listBuffers()  # not in the file; parts that only pass values on have none
        if self.bufferlist is not None:
            self._restoreBuffers()

    # --- one step ---

    def forward(self) -> None:
        """Compute the output row at ``offset`` from the input row at ``offset``."""
        self._forwardImplementation(self.inputbuffer[self.offset], self.outputbuffer[self.offset])

    def backward(self) -> None:
        """Compute the input error at ``offset`` from the output error, and add to the derivatives."""
        t = self.offset
        self._backwardImplementation(
            self.outputerror[t], self.inputerror[t], self.outputbuffer[t], self.inputbuffer[t]
        )

    def _forwardImplementation(self, inbuf: Array, outbuf: Array) -> None:
        """Fill ``outbuf``, shape (outdim,), from ``inbuf``, shape (indim,)."""
        abstractMethod()

    def _backwardImplementation(self, outerr: Array, inerr: Array, outbuf: Array, inbuf: Array) -> None:
        """Fill ``inerr``, shape (indim,), from ``outerr``, shape (outdim,), and the buffers of the forward step."""
        abstractMethod()

    def activate(self, inpt: ArrayLike) -> Array:
        """Run inference on one input.

        Args:
            inpt: ``indim`` finite numbers (list, tuple or array; strings of numbers are accepted).

        Returns:
            A new array of shape (outdim,).

        Raises:
            ValueError: the number of values is wrong, or a value is not finite.
        """
        row = self._checkedInput(inpt)
        t = self.offset
        self.inputbuffer[t] = row
        self.forward()
        return self.outputbuffer[t].copy().view(Output)

    def backActivate(self, outerr: ArrayLike) -> Array:
        """Propagate the error of the last output (target minus output) back to the input.

        Args:
            outerr: the output error, shape (outdim,).

        Returns:
            A new array of shape (indim,). Derivatives are added to ``derivs``.
        """
        t = self.offset
        self.outputerror[t] = self._checkedError(outerr)
        self.backward()
        return self.inputerror[t].copy()

    def activateOnDataset(self, dataset: Any) -> Array:
        """Run inference on all inputs of a data set.

        Args:
            dataset: a supervised data set, or any sequence of (input, ...) samples. Each sequence of a sequential
                data set starts from a reset module.

        Returns:
            An array of shape (samples, outdim).
        """
        self.reset()
        outputs: list[Array] = []
        for sequence in inputSequences(dataset):
            if self.sequential:
                self.reset()
            outputs.extend(self.activate(row) for row in sequence)
        return np.array(outputs).reshape(len(outputs), self.outdim).view(Output)

    # --- for networks: the same computation as a function of one or many rows ---

    def _evaluate(self, x: Array, t: int, keep: bool) -> Array:
        """Compute the output for input ``x``, as a new array.

        Args:
            x: shape (indim,), or (rows, indim) for independent rows; not changed.
            t: the time step; the buffer rows before ``t`` are the past.
            keep: whether to keep intermediate values in buffer row ``t`` (never for many rows).
        """
        if x.ndim == 2:
            return np.array([self._evaluate(row, t, False) for row in x]).reshape(len(x), self.outdim)
        out = np.zeros(self.outdim)
        self._forwardImplementation(x, out)
        return out

    def _evaluateError(self, e: Array, y: Array, x: Array, t: int) -> Array:
        """Compute the input error for output error ``e``; add to the derivatives. Shapes as in :meth:`_evaluate`."""
        if x.ndim == 2:
            rows = [self._evaluateError(*row, t) for row in zip(e, y, x, strict=True)]
            return np.array(rows).reshape(len(x), self.indim)
        inerr = np.zeros(self.indim)
        self._backwardImplementation(e, inerr, y, x)
        return inerr

    # The same through the methods and buffers, for modules whose methods a program has replaced.

    def _evaluateByMethods(self, x: Array, t: int) -> Array:
        self.offset = t
        self.inputbuffer[t] = x
        self.outputbuffer[t] = 0.0
        self.forward()
        return self.outputbuffer[t].copy()

    def _evaluateErrorByMethods(self, e: Array, y: Array, x: Array, t: int) -> Array:
        self.offset = t
        self.inputbuffer[t], self.outputbuffer[t] = x, y
        self.outputerror[t] = e
        self.inputerror[t] = 0.0
        self.backward()
        return self.inputerror[t].copy()

    # --- input checks ---

    def _checkedInput(self, inpt: ArrayLike) -> Array:
        """Return ``inpt`` as a new float64 array of shape (indim,)."""
        try:
            row = np.array(inpt, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{self._what()} takes {self.indim} numbers, not {inpt!r}") from None
        if row.ndim == 0 and self.indim == 1:
            row = row.reshape(1)
        if row.shape != (self.indim,):
            raise ValueError(f"{self._what()} takes {self.indim} inputs; {_given(row)}")
        if not np.isfinite(row).all():
            at = int(np.flatnonzero(~np.isfinite(row))[0])
            raise ValueError(
                f"input {at} of {self._what()} is {row[at]}; every input must be a finite number"
            )
        return row

    def _checkedError(self, outerr: ArrayLike) -> Array:
        """Return ``outerr`` as a new float64 array of shape (outdim,)."""
        error = np.array(outerr, dtype=np.float64)
        if error.shape != (self.outdim,):
            raise ValueError(f"{self._what()} has {self.outdim} outputs; {_given(error, 'output errors')}")
        return error

    def _what(self) -> str:
        return f"{type(self).__name__} {self.name!r}"


_STANDARD_BUFFERS = ("inputbuffer", "inputerror", "outputbuffer", "outputerror")


def _given(array: Array, what: str = "values") -> str:
    return f"{array.shape[0]} {what} were given" if array.ndim == 1 else f"shape {array.shape} was given"


def inputSequences(dataset: Any) -> list[Any]:
    """Return the inputs of a data set as a list of sequences, each a sequence of rows.

    Args:
        dataset: a data set of :mod:`pybrain.datasets` or a sequence of samples whose first item is the input.
    """
    if hasattr(dataset, "getNumSequences") and hasattr(dataset, "getSequence"):
        return [dataset.getSequence(i)[0] for i in range(dataset.getNumSequences())]
    if hasattr(dataset, "getField") and hasattr(dataset, "hasField") and dataset.hasField("input"):
        return [dataset.getField("input")]
    return [[sample[0] for sample in dataset]]
