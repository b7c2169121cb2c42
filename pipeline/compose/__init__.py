"""Generate a file for containers from a request: values in, text out, nothing else.

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
from pipeline.compose.stack import SourceFile, Warning
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
    "Warning",
    "generate",
    "read_request",
    "request_schema",
    "validated",
]

TARGETS = tuple(RENDERERS)
"""The names of the targets."""


@dataclass(frozen=True)
class Generated:
    """What is generated from a request.

    Attributes:
        text: the file.
        target: what it is for.
        warnings: what is not carried over as the request says.
        files: what the file expects beside it.
    """

    text: str
    target: str
    warnings: tuple[Warning, ...] = ()
    files: tuple[SourceFile, ...] = ()


def generate(
    request: ComposeRequest, *, target: str = "compose", policy: Policy = DEFAULT_POLICY
) -> Generated:
    """Return the file for a request. The same request gives the same text.

    Args:
        request: the request.
        target: one of `TARGETS`.
        policy: what the request may name.

    Raises:
        RequestRefused: with the place of each problem.
        KeyError: there is no such target.
    """
    render = RENDERERS[target]
    stack = stack_of(request, policy)
    text, warnings = render(stack)
    files = stack.files
    fetched = [file for file in files if file.source]
    if fetched:
        names = ", ".join(file.path for file in fetched)
        warnings = (*warnings, Warning("", f"expects files beside it, which a bundle fetches: {names}"))
    return Generated(text, target, (*stack.warnings, *warnings), files)
