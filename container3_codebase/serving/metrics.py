"""The metrics of a server in the Prometheus text format."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from serving.models.snapshot import Snapshot
from serving.series import Key, SharedSeries

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ROWS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)

_COUNTERS = {
    "app07_requests_total": ("route", "status"),
    "app07_errors_total": ("code",),
    "app07_rows_total": ("model",),
    "app07_model_loads_total": ("result",),
    "app07_worker_restarts_total": (),
}
_GAUGES = {"app07_in_flight": ()}
_HISTOGRAMS = {"app07_request_seconds": ("route", _SECONDS), "app07_batch_rows": ("model", _ROWS)}


class Metrics:
    """Counts the events of a worker, and reports the metrics of all workers.

    Label values are route paths, statuses, error codes and model names, so requests cannot create new ones.

    Args:
        series: the series in memory shared by the workers.
        worker: the index of this worker.
    """

    def __init__(self, series: SharedSeries, worker: int = 0) -> None:
        self._series = series
        self._page = series.page(worker)
        self._numbers = self._page.numbers
        self._lock = threading.RLock()  # requests are computed in several threads
        self._request_places: dict[tuple[str, int], tuple[int, int]] = {}
        self._row_places: dict[str, tuple[int, int]] = {}
        self._in_flight = 0
        self._in_flight_place = self._page.place(("app07_in_flight",))
        self._numbers[self._in_flight_place] = 0.0  # a killed worker has left its value

    @property
    def in_flight(self) -> int:
        """The requests that this worker is processing."""
        return self._in_flight

    @in_flight.setter
    def in_flight(self, count: int) -> None:
        self._in_flight = count
        self._numbers[self._in_flight_place] = count

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request. Must be called in the event loop.

        Args:
            route: the path of the route.
            status: the HTTP status; 0 if the client disconnected.
            seconds: the duration of the request.
        """
        places = self._request_places.get((route, status))
        if places is None:
            count = self._place(("app07_requests_total", route, str(status)))
            places = count, self._place(("app07_request_seconds", route), len(_SECONDS) + 2)
            self._request_places[route, status] = places
        self._numbers[places[0]] += 1
        self._observe(places[1], _SECONDS, seconds)

    def count_error(self, code: str) -> None:
        """Count an error by its code."""
        self._count(("app07_errors_total", code))

    def count_load(self, result: str) -> None:
        """Count an attempt to load a model file; the result is ``loaded`` or ``failed``."""
        self._count(("app07_model_loads_total", result))

    def count_restart(self) -> None:
        """Count a restart of a worker."""
        self._count(("app07_worker_restarts_total",))

    def count_rows(self, model: str, rows: int) -> None:
        """Count the rows of a prediction.

        Args:
            model: the name of the model.
            rows: the number of rows.
        """
        with self._lock:
            places = self._row_places.get(model)
            if places is None:
                count = self._place(("app07_rows_total", model))
                places = count, self._place(("app07_batch_rows", model), len(_ROWS) + 2)
                self._row_places[model] = places
            self._numbers[places[0]] += rows
            self._observe(places[1], _ROWS, rows)

    def _count(self, key: Key) -> None:
        with self._lock:
            self._numbers[self._place(key)] += 1

    def _observe(self, place: int, bounds: tuple[float, ...], value: float) -> None:
        self._numbers[place + bisect_left(bounds, value)] += 1
        self._numbers[place + len(bounds) + 1] += value

    def _place(self, key: Key, width: int = 1) -> int:
        found = self._page.places.get(key)
        if found is not None:
            return found
        with self._lock:
            return self._page.place(key, width)

    def text(self, snapshot: Snapshot) -> str:
        """Return the metrics of all workers.

        Args:
            snapshot: the models that this worker serves.
        """
        totals = self._series.totals()
        return "\n".join([*_counters(totals), *_histograms(totals), *_models(snapshot), ""])


def _counters(totals: Mapping[Key, list[float]]) -> Iterator[str]:
    for kind, families in (("counter", _COUNTERS), ("gauge", _GAUGES)):
        for name, labels in families.items():
            yield f"# TYPE {name} {kind}"
            for key in sorted(key for key in totals if key[0] == name):
                pairs = ",".join(
                    f'{label}="{_escaped(value)}"' for label, value in zip(labels, key[1:], strict=True)
                )
                yield f"{name}{{{pairs}}} {totals[key][0]:.0f}" if pairs else f"{name} {totals[key][0]:.0f}"


def _histograms(totals: Mapping[Key, list[float]]) -> Iterator[str]:
    """Yield the lines of the cumulative buckets, followed by sum and count."""
    for name, (label, bounds) in _HISTOGRAMS.items():
        yield f"# TYPE {name} histogram"
        for key in sorted(key for key in totals if key[0] == name):
            *counts, total = totals[key]
            pair = f'{label}="{_escaped(key[1])}"'
            count = 0.0
            for bound, found in zip((*map(str, bounds), "+Inf"), counts, strict=True):
                count += found
                yield f'{name}_bucket{{{pair},le="{bound}"}} {count:.0f}'
            yield f"{name}_sum{{{pair}}} {total!r}"
            yield f"{name}_count{{{pair}}} {count:.0f}"


def _models(snapshot: Snapshot) -> Iterator[str]:
    yield "# TYPE app07_model_info gauge"
    for name, versions in snapshot.models.items():
        for model in versions:
            version, sha256 = _escaped(model.version), model.knowledge.sha256
            labels = f'model="{_escaped(name)}",version="{version}",sha256="{sha256}"'
            yield f"app07_model_info{{{labels}}} 1"
    yield "# TYPE app07_model_problems gauge"
    yield f"app07_model_problems {len(snapshot.problems)}"


def _escaped(value: str) -> str:
    """Escape a label value: names of registered models may contain any characters."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
