"""Everything that can go wrong, in one tree, each with the exit status that it ends a program with.

The text of an error says what, where, expected against found, then what to do. The evidence is kept as
attributes, so that a program can use it without reading the text.
"""

from __future__ import annotations

from typing import Any


class PipelineError(Exception):
    """The root of the tree: something the user can act on; no traceback is owed to them.

    Args:
        message: what, where, expected against found.
        hint: what to do about it; printed on a line of its own.
        **evidence: kept as attributes and in ``evidence``: ``path``, ``line``, ``column`` and the like.
    """

    status = 70

    def __init__(self, message: str, *, hint: str = "", **evidence: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.evidence = evidence

    def __getattr__(self, name: str) -> Any:
        evidence = self.__dict__.get("evidence", {})
        if name in evidence:
            return evidence[name]
        raise AttributeError(name)

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(PipelineError):
    """A command line, an option or an environment variable that makes no sense."""

    status = 2


class DataError(PipelineError):
    """A file that is there but cannot be used as what it should be."""

    status = 65


class ActivationError(DataError):
    """The rows to answer are not what the contract or the network asks for."""


class KnowledgeError(DataError):
    """The file is not a network that this runtime can run."""


class UnsafeKnowledge(KnowledgeError):
    """The file asks for something to be executed, or for names outside the allow-list. Nothing was."""


class InputMissing(PipelineError):
    """A file that was named is not there, or cannot be read."""

    status = 66


class CannotWrite(PipelineError):
    """The result cannot be written: read-only, no permission, disk full."""

    status = 73


class PartMissing(PipelineError):
    """An optional package that the job needs is not installed; the text says how to get it."""

    status = 69
