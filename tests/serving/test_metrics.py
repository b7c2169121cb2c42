"""The metrics, in the text format of Prometheus."""

from __future__ import annotations

import re

from serving.metrics import Metrics
from serving.models.snapshot import Snapshot
from serving.series import SharedSeries


def test_any_name_of_a_model_is_one_value_of_a_label() -> None:
    metrics = Metrics(SharedSeries())
    metrics.count_rows('a"} 9\nb\\', 3)
    lines = metrics.text(Snapshot({}, "", {}, frozenset())).splitlines()
    assert r'app07_rows_total{model="a\"} 9\nb\\"} 3' in lines
    value = r'"(\\["\\n]|[^"\\])*"'
    series = re.compile(rf"\w+(\{{\w+={value}(,\w+={value})*\}})? \S+")
    assert all(line.startswith("# TYPE ") or series.fullmatch(line) for line in lines)
