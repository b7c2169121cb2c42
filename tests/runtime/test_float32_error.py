"""The float32 error of all recorded networks, as stated in docs/activation-files.md."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pybrain_runtime import load_knowledge

FIXTURES = Path(__file__).parents[1] / "fixtures"
PAGE = (Path(__file__).parents[2] / "docs" / "activation-files.md").read_text("utf-8")


def error_of(path: Path) -> float | None:
    """Return the largest error, relative to the larger of 1 and the output; None for a random network."""
    knowledge = load_knowledge(path)
    if knowledge.compiled.random:
        return None
    rows = np.random.default_rng(7).standard_normal((200, knowledge.indim))
    exact = knowledge.session().activate(rows)
    single = knowledge.session(precision="float32").activate(rows)
    return float(np.max(np.abs(exact - single) / np.maximum(1.0, np.abs(exact))))


@pytest.mark.slow
def test_the_float32_error_is_within_the_documented_bound() -> None:
    found = [error_of(path) for path in sorted((FIXTURES / "networks").glob("*/net.p2.pkl"))]
    errors = [error for error in found if error is not None]
    said = re.search(
        r"Over the (\d+)\s+recorded deterministic networks, .* median error is (\S+)\s+and the largest (\S+),",
        PAGE,
        re.DOTALL,
    )
    assert said is not None
    assert len(errors) == int(said[1])
    # Another processor adds in another order.
    assert float(said[2]) / 2 < np.median(errors) < float(said[2]) * 2
    assert float(said[3]) / 2 < max(errors) < float(said[3]) * 2
