"""Hook of schemathesis: a body that its coverage phase generates is sent to one of the routes with the same schema.

These routes read the same request with the same function (`pipeline.control.generation`), and the phase generates the
same two thousand bodies for each. The first bodies of each scenario are sent to each route, and so is everything else
of the phase (methods, media types, queries) and of the other phases. This runs in the environment of schemathesis.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import schemathesis
from schemathesis import Case, HookContext

PATHS = ("/api/v1/compose/generate", "/api/v1/compose/validate", "/api/v1/compose/bundle")
FOR_EACH = 7  # of a scenario

# The same numbers for each route: the phase generates the bodies in the same order for each.
_turns: defaultdict[str, Random] = defaultdict(lambda: Random(0))
_generated: Counter[tuple[str, str, str]] = Counter()


@schemathesis.hook
def filter_case(context: HookContext, case: Case) -> bool:
    """Return whether the body of a case is sent to its route."""
    if case.method != "POST" or case.path not in PATHS or case.meta is None:
        return True
    phase = case.meta.phase
    if phase.name != "coverage" or phase.data.parameter_location != "body":
        return True
    kind = (case.path, case.meta.generation.mode, phase.data.scenario)
    _generated[kind] += 1
    mine = PATHS[_turns[case.path].randrange(len(PATHS))] == case.path
    return mine or _generated[kind] <= FOR_EACH
