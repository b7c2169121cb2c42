"""Process a call of a session: continue the sequence from the state in its file."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from serving.errors import InvalidRequest, SessionStep
from serving.models.served_model import Array, ServedModel
from serving.sessions.state_file import State, StateFile, damaged


class Call(NamedTuple):
    """The result of a call.

    Attributes:
        outputs: array of shape (n, outdim).
        state: the state after the call.
        repeated: whether the file already has this state, because the client has repeated its last call.
    """

    outputs: Array
    state: State
    repeated: bool


def continued(
    file: StateFile, model: ServedModel, rows: Array, precision: str | None = None, step: int | None = None
) -> Call:
    """Compute the next time steps of a session. The caller writes the new state.

    Args:
        file: the file of the session.
        model: the model of the session.
        rows: array of shape (n, indim).
        precision: ``float64`` or ``float32``; None for that of the session, which the first call determines.
        step: the client's count of the time steps so far; None to continue in any case. A client that repeats its last
            call with the same rows gets the same outputs, and the state does not change.

    Raises:
        SessionStep: the session is at another time step.
        InvalidRequest: the precision differs from that of the session.
    """
    before, after = file.current, None
    if step is not None and step != before.steps:
        before, after = _previous(file, step), file.current
    used = _precision(before, precision)
    digest = sha256(used.encode("ascii") + np.ascontiguousarray(rows).tobytes()).digest()
    if after is not None and after.digest != digest:
        raise _other_step(file)
    session = model.session(used)
    ends = np.cumsum([0, *map(len, session.recurrent_state)]).tolist()
    if ends[-1] != len(before.values):
        raise damaged()
    session.restore(before.steps, [before.values[start:end] for start, end in pairwise(ends)])
    outputs = session.activate(rows)
    if after is not None:
        return Call(outputs, after, True)
    values = np.concatenate([np.empty(0), *session.recurrent_state])
    return Call(outputs, State(session.steps, used == "float32", digest, values), False)


def _previous(file: StateFile, step: int) -> State:
    if file.previous is None or file.previous.steps != step:
        raise _other_step(file)
    return file.previous


def _precision(state: State, asked: str | None) -> str:
    if not state.steps:
        return asked or "float64"
    kept = "float32" if state.single else "float64"
    if asked not in (None, kept):
        raise InvalidRequest(
            f"precision is {asked}, but the first call of this session used {kept}.", field="precision"
        )
    return kept


def _other_step(file: StateFile) -> SessionStep:
    steps = file.current.steps
    return SessionStep(f"The session is at step {steps}.", steps=steps)
