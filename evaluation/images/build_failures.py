"""Why a build failed, from its output: a step, the Dockerfile, or the engine; builds are repeated for the latter."""

from __future__ import annotations

import re

from evaluation.dockerfiles.parser import LONGEST
from evaluation.processes import bounded_process

# Maximum attempts of a build that another evaluation has disturbed, and of one that failed for a reason other than its
# Dockerfile. From the second attempt on, no evaluation of this user removes images in the meantime.
TRIES = 4
TRIES_OF_ENGINE_FAILURES = 2
_LOST_LAYER = re.compile(
    r"unknown parent image ID|failed to set parent|[Nn]o such image: [\"']?sha256|layer does not exist|"
    r"failed to get layer|failed to get digest sha256|unknown image ID|[Uu]nable to find image [\"']?sha256|"
    r"image .{0,2}sha256:[0-9a-f]{12,64}.{0,2} not found|identifier does not exist"
)
# Failures that a Dockerfile or its files cause, besides failed steps: they recur every time.
_OF_DOCKERFILE = re.compile(
    r"^(?:COPY|ADD) failed: (?:file not found|no source files|forbidden path|.*no such file or directory)|"
    r"[Dd]ockerfile parse error|unknown instruction|invalid reference format|pull access denied|manifest unknown|"
    r"unable to prepare context|failed to parse|invalid from flag|unknown flag"
)


def is_repeated(result: bounded_process.BoundedResult, attempts: int) -> bool:
    """Return whether a build is repeated because its failure may be the engine's and not the Dockerfile's.

    Concurrent evaluations share layers, and each removes its own images at its end.

    Args:
        result: the result of the last attempt.
        attempts: the number of attempts so far.
    """
    if result.status == 0 or result.end_reason != bounded_process.BY_ITSELF:
        return False
    if is_missing_layer(result.output):
        return attempts < TRIES
    return is_engine_failure(result.output) and attempts < TRIES_OF_ENGINE_FAILURES


def is_missing_layer(output: str) -> bool:
    """Return whether a build failed because another evaluation removed a cached layer.

    Args:
        output: the output of the build.
    """
    return not is_failed_step(output) and bool(_LOST_LAYER.search(last_error(output)))


def is_engine_failure(output: str) -> bool:
    """Return whether a build failed neither in one of its steps nor because of its Dockerfile or a missing file.

    Args:
        output: the output of the build.
    """
    return not is_failed_step(output) and not _OF_DOCKERFILE.search(last_error(output))


def is_failed_step(output: str) -> bool:
    """Return whether a build failed because a program in one of its steps failed.

    Args:
        output: the output of the build.
    """
    # The last lines of a failed step repeat the step's own text, which may have several lines.
    return bool(re.search(r"^The command '", output[-4 * LONGEST :], re.MULTILINE))


def last_error(output: str) -> str:
    """Return the last line of a build's output, shortened.

    Args:
        output: the output of the build.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"
