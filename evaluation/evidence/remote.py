"""The evidence in a worker: it reads files itself and requests all other facts from the evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from evaluation.evidence.evidence import FACTS, Evidence
from evaluation.evidence.facts import Fact, P, T
from evaluation.layout.expected_layout import TASK06, Layout
from evaluation.processes.messages import MessageError, decode
from evaluation.quotas import Limits
from evaluation.sandbox.stack_run import StackRun
from evaluation.submission.submission import Submission

Ask = Callable[[str, Mapping[str, object]], object]


class RemoteEvidence(Evidence):
    """Evidence in a worker process.

    Args:
        submission: the submission to evaluate.
        limits: the resource limits of the submission.
        folder: a folder of the evaluation.
        ask: sends a request to the evaluation, and returns the response.
        layout: what the rubric expects of a submission.
    """

    def __init__(
        self, submission: Submission, limits: Limits, folder: Path, ask: Ask, layout: Layout = TASK06
    ) -> None:
        super().__init__(submission, limits, None, folder, why_no_engine="workers have none", layout=layout)
        self._ask = ask
        self._stack_runs: dict[int, StackRun] = {}

    def compute(self, name: str, arguments: Mapping[str, object]) -> object:
        """Compute a fact here, because the evaluation has given this worker the task.

        Args:
            name: the name of the fact.
            arguments: the arguments of the fact, as they were sent.

        Raises:
            MessageError: workers do not compute a fact of this name.
        """
        fact = FACTS[name]
        if fact.source is None:
            raise MessageError(f"{name} is not computed by workers")
        values = {key: self.from_message(kind, arguments[key]) for key, kind in fact.parameters.items()}
        return self.to_message(fact.function(self, **values))

    def known(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Ask the evaluation for the value of a fact, if it has already been computed.

        Args:
            fact: the fact.
            *args: the arguments of the fact.
            **kwargs: the keyword arguments of the fact.
        """
        value = self._ask("known", self._request(fact, *args, **kwargs))
        return None if value is None else self.from_message(fact.kind, value)

    @property
    def refused_hosts(self) -> tuple[str, ...]:
        """The hosts that builds have requested and the proxy has refused so far."""
        return decode(tuple[str, ...], self._ask("refused_hosts", {}))

    def _compute(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if not fact.for_workers:
            return super()._compute(fact, *args, **kwargs)
        return self.from_message(fact.kind, self._ask("fact", self._request(fact, *args, **kwargs)))

    def _request(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> dict[str, object]:
        arguments = fact.bind(*args, **kwargs)
        encoded = {name: self.to_message(value) for name, value in arguments.items()}
        return {"name": fact.name, "arguments": encoded}

    def number_of(self, run: StackRun) -> int:
        """Return the number that the evaluation has given a run."""
        return next(number for number, known in self._stack_runs.items() if known is run)

    def run_with(self, number: int) -> StackRun:
        """Return the run with a number, which is requested only once."""
        if number not in self._stack_runs:
            self._stack_runs[number] = decode(StackRun, self._ask("stack_run", {"number": number}))
        return self._stack_runs[number]
