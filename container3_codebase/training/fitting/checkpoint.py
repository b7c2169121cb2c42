"""Checkpoints of a training run: one atomically replaced file, from which it resumes with identical results."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.errors import CannotResume
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.paths import remove_if_there
from pybrain_runtime.io.temporary_files import remove_leftovers
from training.fitting.fit import EpochErrors, Fit, FitState

_SIZE_LIMIT = 1 << 30
_VERSION = 1


class Checkpoint:
    """The checkpoint of a run.

    Args:
        path: the checkpoint file.
        run: the identity of the run: its options and the hashes of its inputs.
        interval: minimum time between two checkpoints, in seconds.
        clock: returns monotonic time in seconds.
    """

    def __init__(
        self, path: str, run: dict[str, object], interval: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.path = path
        self._run = json.loads(json.dumps(run))  # tuples become lists, as in the file
        self._interval = interval
        self._clock = clock
        self._written = float("-inf")  # write a checkpoint after the first epoch

    def after_epoch(self, fit: Fit) -> None:
        """Write a checkpoint if the last one is old enough.

        Raises:
            CannotWrite: the checkpoint cannot be written; the last one is kept.
        """
        if self._clock() - self._written >= self._interval:
            self.write(fit)

    def write(self, fit: Fit) -> None:
        """Write a checkpoint.

        Raises:
            CannotWrite: the checkpoint cannot be written; the last one is kept.
        """
        state = fit.state
        content = {
            "version": _VERSION,
            "run": self._run,
            "history": [[errors.epoch, errors.train, errors.validation] for errors in state.history],
            "best_epoch": state.best_epoch,
            "best_error": state.best_error,
            "best_parameters": _encoded(state.best_parameters),
            "largest": state.largest,
            "parameters": _encoded(np.array(fit.network.params)),
            "trainer": {key: _encoded(value) for key, value in fit.trainer.state_dict().items()},
        }
        file = AtomicFile(self.path)
        file.write(json.dumps(content).encode())
        file.finish()
        file.commit()
        file.confirm()
        self._written = self._clock()

    def restore(self, fit: Fit) -> bool:
        """Restore the state from the checkpoint, if it exists.

        Returns:
            Whether the checkpoint exists.

        Raises:
            CannotResume: the checkpoint belongs to another run, or is damaged.
        """
        if not os.path.lexists(self.path):
            return False
        with InputFile(self.path, "checkpoint") as file:
            data = file.read(_SIZE_LIMIT)
        try:
            content = json.loads(data)
            found, version = content["run"], content["version"]
        except (ValueError, KeyError, TypeError):
            raise CannotResume(f"The checkpoint {self.path} is damaged.") from None
        if version != _VERSION or found != self._run:
            raise CannotResume(
                f"The checkpoint {self.path} belongs to another training run: {_difference(found, self._run)}."
            )
        try:
            parameters, best = (
                _parameters(content[key], fit.network.paramdim) for key in ("parameters", "best_parameters")
            )
            fit.network.params[:] = parameters
            fit.trainer.load_state_dict({key: _decoded(value) for key, value in content["trainer"].items()})
            fit.state = FitState(
                [EpochErrors(*row) for row in content["history"]], content["best_epoch"], content["best_error"],
                best, content["largest"],
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CannotResume(f"The checkpoint {self.path} is damaged.") from None
        return True

    def remove(self) -> None:
        """Remove the checkpoint and the temporary files of killed runs."""
        with suppress(OSError):
            remove_if_there(self.path)
        remove_leftovers(self.path)


def _encoded(value: object) -> object:
    if not isinstance(value, np.ndarray):
        return value.item() if isinstance(value, np.generic) else value
    array = np.ascontiguousarray(value)
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def _decoded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    array = np.frombuffer(base64.b64decode(value["data"]), np.dtype(value["dtype"]))
    return array.reshape(value["shape"]).copy()


def _parameters(value: Any, count: int) -> NDArray[np.float64]:
    """Return the parameters of a network, shape (count,).

    Raises:
        ValueError: the parameters are not finite numbers of this shape.
    """
    array = np.asarray(_decoded(value), dtype=np.float64)
    if array.shape != (count,) or not np.isfinite(array).all():
        raise ValueError(f"expected {count} finite parameters")
    return array


def _difference(found: object, expected: dict[str, object]) -> str:
    if not isinstance(found, dict):
        return "it names none"
    keys = [key for key in {**expected, **found} if found.get(key) != expected.get(key)]
    return (
        ", ".join(f"{key} was {found.get(key)!r} and is {expected.get(key)!r}" for key in keys[:3])
        or "its version"
    )
