"""Time to read a request and to generate a file from it: the example of the document, and larger requests.

.venv/bin/python benchmarks/generate.py [--rounds 1000]
"""

from __future__ import annotations

import copy
import gc
import json
import statistics
import time
from typing import Any

from measure import duration, met, options, table

from pipeline.compose import TARGETS, generate, read_request
from pipeline.compose.example import EXAMPLE

TITLE = "Generating files from requests"
LARGE = 1_000_000
"""Bytes of the request at the limits; at most 1 MiB are read."""


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=1000)
    requests = {
        "the document's example": EXAMPLE,
        "20 such containers": twenty_containers(),
        "at the limits": at_the_limits(),
    }
    lines = []
    for name, request in requests.items():
        data = json.dumps(request).encode()
        rounds = chosen.rounds if len(data) < 100_000 else max(100, chosen.rounds // 10)
        for target in TARGETS:
            size = len(generate(read_request(data), target=target).text)
            times = measured(data, target, rounds)
            middle, slow = statistics.median(times), statistics.quantiles(times, n=100)[98]
            shown = (f"{len(data):,}", f"{size:,}", duration(middle), duration(slow), met(slow < 0.02))
            lines.append([f"{name}, {target}", *shown])
    print(f"## {TITLE}\n")
    print(table(("request and target", "bytes", "bytes of the file", "p50", "p99", "≤ 20 ms"), lines))
    print(
        f"\n{chosen.rounds} rounds, a tenth of them at the limits, each from the request's bytes to the generated text."
    )
    print(
        "CPU time, which other programs on a busy machine affect less. At the limits: 20 containers, each with 32"
    )
    print(
        "folders, 30 ports and 100 packages, and variables with quotation marks and dollar signs up to nearly 1 MB."
    )


def measured(data: bytes, target: str, rounds: int) -> list[float]:
    """Return the CPU seconds of each round, which other programs on a busy machine affect little.

    Args:
        data: the request.
        target: the format to generate, such as ``compose``.
        rounds: number of rounds.
    """
    times = []
    gc.collect()
    for _ in range(rounds):
        started = time.thread_time()
        generate(read_request(data), target=target)
        times.append(time.thread_time() - started)
    return times


def twenty_containers() -> dict[str, object]:
    """Return a request with the maximum number of containers, each like the last one in the example."""
    request: Any = copy.deepcopy(EXAMPLE)
    for index in range(3, 20):
        request["containers"].append({**request["containers"][2], "name": f"codebase{index}"})
    return dict(request)


def at_the_limits() -> dict[str, object]:
    """Return a request with the maximum accepted amount of everything."""
    number = 20
    containers: list[dict[str, object]] = [
        {
            "name": f"container{index}",
            "image": "python:3.11-slim",
            "command": ["python", "-c", "print('$HOME')"],
            "volumes": [f"./folder{place}:/folder{place}" for place in range(32)],
            "exposed_ports": [f"{10_000 + 100 * index + place}:{8000 + place}" for place in range(30)],
            "pip_packages": [f"package{place}==1.{index}" for place in range(100)],
            "depends_on": [f"container{before}" for before in range(index)],
        }
        for index in range(number)
    ]
    text = "'\"${X} é"
    left = LARGE - len(json.dumps(containers))
    times = left // (number * 40 * (len(json.dumps(text)) + 1))
    for container in containers:
        container["environment"] = {f"VARIABLE_{place}": text * times for place in range(40)}
    return {"containers": containers, "network": {"mode": "bridge"}}


if __name__ == "__main__":
    main()
