"""Submissions that are copied in the process of the tests; an evaluation does it in a worker."""

from __future__ import annotations

from pathlib import Path

from evaluation.quotas import Limits
from evaluation.submission.choose_root import Expected
from evaluation.submission.intake import AS_THE_TASK, copy_source
from evaluation.submission.locate import locate_source
from evaluation.submission.submission import Submission


def copy_submission(
    source: str, folder: Path, limits: Limits, expected: Expected = AS_THE_TASK
) -> Submission:
    """Locate and copy a submission.

    Args:
        source: a folder, an archive or a git URL.
        folder: an empty folder of the test.
        limits: limits on its size.
        expected: what is looked for in it.
    """
    return copy_source(locate_source(source, folder, limits), folder, limits, expected)
