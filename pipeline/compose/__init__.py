"""Generate a compose file, a Swarm stack or a Kubernetes Job from a request: values in, a string out, nothing else.

request = read_request(data)
text = generate(request, target="compose").text
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.compose.building import stack_of
from pipeline.compose.errors import Problem, RequestRefused
from pipeline.compose.policy import DEFAULT_POLICY, Policy
from pipeline.compose.reading import read_request, validated
from pipeline.compose.request import ComposeRequest
from pipeline.compose.schema import request_schema
from pipeline.compose.stack import SourceFile, StackWarning
from pipeline.compose.targets import RENDERERS

__all__ = [
    "DEFAULT_POLICY",
    "TARGETS",
    "ComposeRequest",
    "Generated",
    "Policy",
    "Problem",
    "RequestRefused",
    "SourceFile",
    "StackWarning",
    "generate",
    "read_request",
    "request_schema",
    "validated",
]

TARGETS = tuple(RENDERERS)
"""The target names."""


@dataclass(frozen=True)
class Generated:
    """The file generated from a request.

    Attributes:
        text: the content of the file.
        target: the target that the file is for, one of `TARGETS`.
        warnings: the settings of the request that the file does not reproduce.
        files: the files and folders that the file expects beside it.
    """

    text: str
    target: str
    warnings: tuple[StackWarning, ...] = ()
    files: tuple[SourceFile, ...] = ()


def generate(
    request: ComposeRequest, *, target: str = "compose", policy: Policy = DEFAULT_POLICY
) -> Generated:
    """Return the file for a request. The same request always gives the same content.

    Args:
        request: the request.
        target: one of `TARGETS`.
        policy: the images, hosts and number of containers that are allowed.

    Raises:
        RequestRefused: the request has problems; the error lists them with their paths.
        KeyError: the target is unknown.
    """
    render = RENDERERS[target]
    stack = stack_of(request, policy)
    text, warnings = render(stack)
    files = stack.files
    fetched = [file for file in files if file.source]
    if fetched:
        names = ", ".join(file.path for file in fetched)
        warnings = (
            *warnings,
            StackWarning("", f"the file expects other files beside it, which a bundle fetches: {names}"),
        )
    return Generated(text, target, (*stack.warnings, *warnings), files)
