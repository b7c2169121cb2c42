"""What a worker counts, in the text format of Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from serving.models.snapshot import Snapshot

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ROWS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)


class Histogram:
    """Counts observations in buckets.

    Args:
        bounds: the upper bounds of the buckets, ascending; one without a bound is added.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one observation."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def lines(self, name: str, labels: str) -> Iterator[str]:
        """Yield the lines of the buckets, which are cumulative, then sum and count."""
        total = 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{{labels},le="{bound}"}} {total}'
        yield f"{name}_sum{{{labels}}} {self._sum!r}"
        yield f"{name}_count{{{labels}}} {total}"


class Metrics:
    """The metrics of one worker.

    Attributes:
        in_flight: the requests that are being processed.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._errors: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._seconds: dict[str, Histogram] = {}
        self._batches: dict[str, Histogram] = {}

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request by the path of its route and its status, 0 where the client went away."""
        self._requests[route, status] += 1
        histogram = self._seconds.get(route)
        if histogram is None:
            histogram = self._seconds[route] = Histogram(_SECONDS)
        histogram.observe(seconds)

    def count_error(self, code: str) -> None:
        """Count an error by its code."""
        self._errors[code] += 1

    def count_rows(self, model: str, rows: int) -> None:
        """Count the rows of a prediction."""
        self._rows[model] += rows
        histogram = self._batches.get(model)
        if histogram is None:
            histogram = self._batches[model] = Histogram(_ROWS)
        histogram.observe(rows)

    def text(self, snapshot: Snapshot, reloads: int, failures: int) -> str:
        """Return all metrics.

        Args:
            snapshot: the models.
            reloads: how many files were loaded.
            failures: how many loads have failed.
        """
        return "\n".join([*self._counters(), *self._histograms(), *_models(snapshot, reloads, failures), ""])

    def _counters(self) -> Iterator[str]:
        yield "# TYPE app07_requests_total counter"
        for (route, status), count in sorted(self._requests.items()):
            yield f'app07_requests_total{{route="{route}",status="{status}"}} {count}'
        yield "# TYPE app07_errors_total counter"
        for code, count in sorted(self._errors.items()):
            yield f'app07_errors_total{{code="{code}"}} {count}'
        yield "# TYPE app07_rows_total counter"
        for model, count in sorted(self._rows.items()):
            yield f'app07_rows_total{{model="{model}"}} {count}'
        yield "# TYPE app07_in_flight gauge"
        yield f"app07_in_flight {self.in_flight}"

    def _histograms(self) -> Iterator[str]:
        yield "# TYPE app07_request_seconds histogram"
        for route, histogram in sorted(self._seconds.items()):
            yield from histogram.lines("app07_request_seconds", f'route="{route}"')
        yield "# TYPE app07_batch_rows histogram"
        for model, histogram in sorted(self._batches.items()):
            yield from histogram.lines("app07_batch_rows", f'model="{model}"')


def _models(snapshot: Snapshot, reloads: int, failures: int) -> Iterator[str]:
    yield "# TYPE app07_model_info gauge"
    for name, versions in snapshot.models.items():
        for model in versions:
            labels = f'model="{name}",version="{model.version}",sha256="{model.knowledge.sha256}"'
            yield f"app07_model_info{{{labels}}} 1"
    yield "# TYPE app07_model_problems gauge"
    yield f"app07_model_problems {len(snapshot.problems)}"
    yield "# TYPE app07_model_loads_total counter"
    yield f'app07_model_loads_total{{result="loaded"}} {reloads}'
    yield f'app07_model_loads_total{{result="failed"}} {failures}'
