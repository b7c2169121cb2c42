"""Search for knowledge files that take much memory or CPU time to load, in total and per byte of the file.

    .venv/bin/python fuzz/cost.py --seconds 120 --found /tmp/costly
    .venv/bin/python fuzz/cost.py --replay

It needs only the inference library. Each file is read in a forked process with its own limits. See fuzz/README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np  # noqa: F401 - loaded once, before the children are forked
from mutate import Mutator

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.knowledge import read_network
from pybrain_runtime.loading.content import is_xml

HERE = Path(__file__).parent
CORPUS, SEEDS = HERE / "cost_corpus", HERE / "corpus" / "knowledge"
MEGABYTES, SECONDS = 512, 2.0  # the documented limits, see docs/knowledge-files.md
_GUARD = 2 << 30  # limits of a child process, beyond its initial use, after which it is killed
_KEPT, _SMALL = 3, 12_000
_POOL = 16


@dataclass(frozen=True)
class Cost:
    """The cost of loading a file.

    Attributes:
        kilobytes: peak memory of the process, including the interpreter.
        seconds: CPU time.
        crashed: whether the result was neither a network nor a refusal.
    """

    kilobytes: int
    seconds: float
    crashed: bool = False

    @property
    def share(self) -> float:
        """The larger of the two fractions of the limits."""
        return max(self.kilobytes / (MEGABYTES * 1024), self.seconds / SECONDS)

    def __str__(self) -> str:
        return f"{self.kilobytes // 1024} MB, {self.seconds:.2f} s CPU"


def measured(data: bytes) -> Cost:
    """Read a file in a child process.

    The child shares the memory of this process until it modifies it; shared memory is not counted.
    """
    inherited = _resident() - _BEGUN_WITH
    child = os.fork()
    if not child:
        _read_and_exit(data)
    _, status, used = os.wait4(child, 0)
    return Cost(used.ru_maxrss - inherited, used.ru_utime + used.ru_stime, crashed=status != 0)


def _resident() -> int:
    """Return the memory of this process in kilobytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


_BEGUN_WITH = _resident()


def _read_and_exit(data: bytes) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + _GUARD
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    status = 1
    try:
        read_network(data, "costly")
        status = 0
    except KnowledgeError:
        status = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error!s:.200}", file=sys.stderr)
    finally:
        os._exit(status)


def kind_of(data: bytes) -> str:
    """Return the name of the reader that a file is passed to."""
    if data.startswith((b"\x1f\x8b", b"BZh")):
        return "packed"
    if data.startswith(b"PK"):
        return "npz"
    return "xml" if is_xml(data) else "pickle"


class Search:
    """Mutate files and keep the most expensive ones, by kind: in total for the search, per byte for the corpus.

    Args:
        seeds: the initial files.
        seed: seed of the random generator.
        most: maximum size of a generated file in bytes.
    """

    def __init__(self, seeds: list[bytes], seed: int, most: int) -> None:
        self._chance = random.Random(seed)
        self._mutator = Mutator(self._chance, most)
        self._most = most
        self._pools: dict[str, list[tuple[float, bytes]]] = {}
        self._small: dict[tuple[str, str], list[tuple[float, bytes]]] = {}
        self._least = measured(b"").kilobytes
        self.worst: dict[str, tuple[Cost, int]] = {}
        self.broken: list[tuple[Cost, bytes]] = []
        self.runs = 0
        for data in seeds:
            self._take(data, measured(data))

    def run(self, seconds: float) -> None:
        """Search for a number of seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pool = self._pools[self._chance.choice(sorted(self._pools))]
            data, other = self._chance.choice(pool)[1], self._chance.choice(pool)[1]
            made = self._mutator.mutated(data, other)
            self._take(made, measured(made))

    def corpus(self) -> list[bytes]:
        """Return the small files with the highest cost per byte, without duplicates."""
        return sorted({data for kept in self._small.values() for _, data in kept})

    def _take(self, data: bytes, cost: Cost) -> None:
        self.runs += 1
        kind = kind_of(data)
        if cost.crashed or cost.share > 1:
            self.broken.append((cost, data))
        if kind not in self.worst or cost.share > self.worst[kind][0].share:
            self.worst[kind] = cost, len(data)
        if len(data) <= self._most:
            _keep(self._pools.setdefault(kind, []), cost.share, data, _POOL)
        if len(data) <= _SMALL:
            beyond = max(0, cost.kilobytes - self._least)
            for what, amount in (("memory", beyond), ("time", cost.seconds)):
                _keep(self._small.setdefault((kind, what), []), amount / (len(data) + 64), data, _KEPT)


def _keep(kept: list[tuple[float, bytes]], score: float, data: bytes, most: int) -> None:
    if (score, data) not in kept:
        kept.append((score, data))
        kept.sort(key=lambda item: -item[0])
        del kept[most:]


def search(options: argparse.Namespace) -> int:
    """Search, report and write the findings."""
    folders = [CORPUS, SEEDS, *options.seeds]
    seeds = [path.read_bytes() for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    found = Search(seeds, options.seed, options.most)
    found.run(options.seconds)
    options.found.mkdir(parents=True, exist_ok=True)
    for data in found.corpus():
        (options.found / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    for cost, data in found.broken:
        path = options.found / f"broken-{hashlib.sha256(data).hexdigest()[:16]}"
        path.write_bytes(data)
        print(f"BROKEN: {path} of {len(data):,} bytes took {cost}{', and crashed' if cost.crashed else ''}")
    for kind, (cost, size) in sorted(found.worst.items()):
        print(f"{kind:8} at most {cost}, for a file of {size:,} bytes")
    print(
        f"{found.runs:,} files read, {len(found.broken)} exceeded the limits of {MEGABYTES} MB and {SECONDS:g} s"
    )
    return 1 if found.broken else 0


def replay(folder: Path) -> int:
    """Read the files of a folder again; return 1 if one exceeds the limits."""
    broken = 0
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        cost = measured(data)
        bad = cost.crashed or cost.share > 1
        broken += bad
        print(f"{'BROKEN' if bad else 'kept':6}  {path.name}  {kind_of(data):8} {len(data):6,} bytes  {cost}")
    print(f"{broken} files exceed the limits of {MEGABYTES} MB and {SECONDS:g} s")
    return 1 if broken else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="duration of the search")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random generator")
    parser.add_argument("--most", type=int, default=1 << 20, help="maximum size of a generated file in bytes")
    parser.add_argument("--found", type=Path, default=Path("/tmp/costly"), help="folder for the findings")
    parser.add_argument(
        "--seeds", type=Path, action="append", default=[], help="an additional folder of seeds"
    )
    parser.add_argument(
        "--replay", type=Path, nargs="?", const=CORPUS,
        help="read the files of a folder (the corpus) again, without searching",
    )  # fmt: skip
    options = parser.parse_args()
    return replay(options.replay) if options.replay else search(options)


if __name__ == "__main__":
    sys.exit(main())
