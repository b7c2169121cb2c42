"""The tables of serving.py."""

from __future__ import annotations

from collections.abc import Mapping

from measure import duration, met, rate, table, times

from serving_sides.load import Job, Measured
from serving_sides.running import Memory
from serving_sides.sides import APP07, BARE

Results = Mapping[tuple[str, str, Job], Measured]
"""The measurements, by the names of the server and the format, and the job."""


def single_rows(results: Results) -> str:
    """Return the table of single rows, and whether the targets are met."""
    found = {(name, job.connections): value for (name, _, job), value in results.items() if job.rows == 1}
    rows, lines = [], []
    for connections in sorted({number for _, number in found}):
        here = {name: value for (name, number), value in found.items() if number == connections}
        ours = here.get(APP07)
        for name, value in here.items():
            ratio = times(ours.rate / value.rate) if ours and name != APP07 else ""
            measured = (
                rate(1, 1 / value.rate),
                ratio,
                duration(value.p50),
                duration(value.p99),
                duration(value.processor),
            )
            rows.append((name, str(connections), *measured))
        if ours:
            lines.append(f"{connections} connections: {_against(here, ours)}")
    head = ("server", "connections", "requests/s", "App07 against it", "p50", "p99", "CPU time")
    return "\n".join([table(head, rows), "", "; ".join(lines) + "." if lines else ""]).rstrip()


def _against(here: Mapping[str, Measured], ours: Measured) -> str:
    parts = []
    if BARE in here:
        ratio = ours.rate / here[BARE].rate
        parts.append(f"{times(ratio)} the rate of the bare route (≥ 1.0x: {met(ratio >= 1)})")
    peers = {name: value for name, value in here.items() if name not in (APP07, BARE)}
    if peers:
        best = max(peers, key=lambda name: peers[name].rate)
        ratio = ours.rate / peers[best].rate
        parts.append(f"{times(ratio)} that of the fastest other server, {best} (> 1.0x: {met(ratio > 1)})")
    return ", ".join(parts)


def batches(results: Results, errors: Mapping[tuple[str, str], float]) -> str:
    """Return the table of batches, and whether the target is met.

    Args:
        results: the measurements.
        errors: the largest difference from `activate`, by the names of the server and the format.
    """
    rows = []
    rates: dict[tuple[str, str], float] = {}
    for (name, kind, job), value in results.items():
        if job.rows == 1:
            continue
        rates.setdefault((name, kind), job.rows * value.rate)  # the smaller batch comes first
        error = errors[name, kind]
        shown = "echo" if name == BARE else f"{error:.1g}" if error else "0"
        figures = (duration(value.p50), duration(value.p99), duration(value.processor), shown)
        rows.append((f"{name}, {kind}", f"{job.rows:,}", rate(job.rows, 1 / value.rate), *figures))
    head = ("server, format", "rows", "rows/s", "p50", "p99", "CPU time", "error")
    return "\n\n".join([table(head, rows), *_batch_targets(rates)])


def _batch_targets(rates: Mapping[tuple[str, str], float]) -> list[str]:
    """Return a sentence that compares the formats of App07 with the fastest other server."""
    peers = {key: value for key, value in rates.items() if key[0] not in (APP07, BARE)}
    ours = {kind: value for (name, kind), value in rates.items() if name == APP07}
    if not peers or not ours:
        return []
    best = max(peers, key=lambda key: peers[key])
    ratios = {kind: value / peers[best] for kind, value in ours.items()}
    shown = (f"{kind} {times(ratio)} (≥ 3.0x: {met(ratio >= 3)})" for kind, ratio in ratios.items())
    return [f"App07 against the fastest other server ({', '.join(best)}): {', '.join(shown)}."]


def resources(
    memory: Mapping[str, Memory],
    starts: Mapping[str, float],
    sizes: Mapping[str, float],
    absent: Mapping[str, str],
) -> str:
    """Return the table of memory, start and size, with the servers that were not measured.

    Args:
        memory: the memory after the load, by the name of the server.
        starts: the seconds from start to the first response.
        sizes: the size of the packages in MB.
        absent: why a server was not measured.
    """
    rows = [
        (
            name,
            f"{memory[name].pss:.0f} MB",
            f"{memory[name].rss:.0f} MB",
            str(memory[name].processes),
            duration(starts[name]),
            f"{sizes[name]:.0f} MB" if name in sizes else "",
        )
        for name in memory
    ]
    rows += [(f"{name}: not measured, {reason}", "", "", "", "", "") for name, reason in absent.items()]
    return table(("server", "PSS", "RSS", "processes", "start to ready", "packages"), rows)
