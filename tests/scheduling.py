"""How pytest-xdist hands out tests to its processes.

Its own scheduling by group hands out single tests, each in a message of its own, and looks at all finished ones each
time: with eleven thousand tests, the process that only distributes them took a tenth of the processor time.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from xdist.scheduler import LoadGroupScheduling

# Tests of one file that are handed out together. A slow test keeps the others of its chunk waiting.
_CHUNK = 8


class ChunkScheduling(LoadGroupScheduling):  # type: ignore[misc]  # pytest-xdist exports it without types
    """Groups by the mark ``xdist_group``, in one process each; other tests in chunks of a file.

    Half of the processes take groups, the largest first, and the others take chunks: tests in groups wait for servers
    and containers more than they compute.
    """

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        self._chunks: dict[str, str] = {}
        self._in_file: Counter[str] = Counter()
        self._groups_waiting: deque[str] = deque()
        self._chunks_waiting: deque[str] = deque()
        self._in_group: dict[Any, bool] = {}

    def _split_scope(self, nodeid: str) -> str:
        group = str(super()._split_scope(nodeid))
        if group != nodeid:
            return group
        if nodeid not in self._chunks:
            file = nodeid.partition("::")[0]
            self._chunks[nodeid] = f"{file} {self._in_file[file] // _CHUNK}"
            self._in_file[file] += 1
        return self._chunks[nodeid]

    def _assign_work_unit(self, node: Any) -> None:
        if not self._in_group:  # the first unit of all
            chunks = set(self._chunks.values())
            self._chunks_waiting.extend(unit for unit in self.workqueue if unit in chunks)
            self._groups_waiting.extend(unit for unit in self.workqueue if unit not in chunks)
        others = sum(self._in_group.get(one, False) for one in self.nodes if one is not node)
        takes_group = bool(self._groups_waiting) and (
            not self._chunks_waiting or others < max(1, len(self.nodes) // 2)
        )
        waiting = self._groups_waiting if takes_group else self._chunks_waiting
        if waiting:  # else a unit that another process has left
            self.workqueue.move_to_end(waiting.popleft(), last=False)
        self._in_group[node] = takes_group
        super()._assign_work_unit(node)
