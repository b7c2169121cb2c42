"""The status of a check, of a container or of a submission."""

from __future__ import annotations

PASSED, FAILED, NOT_CHECKED = "passed", "failed", "not checked"

MARKS = {PASSED: "✓", FAILED: "✗", NOT_CHECKED: "–"}
"""How a status is printed."""
