"""The findings of the check of a compose file: mistakes, refusals and ignored keys."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

from evaluation.compose.safe_stack import Placeholder, Refusal
from evaluation.submission.submission import Submission


class Findings:
    """Collects the findings of one compose file.

    Args:
        file_name: the name of the compose file.
        submission: the submission whose files the compose file may use.
    """

    def __init__(self, file_name: str, submission: Submission) -> None:
        self.file_name = file_name
        self.submission = submission
        self.mistakes: list[str] = []
        self.refusals: list[Refusal] = []
        self.left_out: list[str] = []
        self.placeholders: list[Placeholder] = []

    def mistake(self, text: str) -> None:
        """Record why Compose would reject the file."""
        self.mistakes.append(f"{self.file_name}: {text}")

    def refuse(self, where: str, what: str, reason: str) -> None:
        """Record something that is not allowed.

        Args:
            where: the service, or the top-level key.
            what: the key with its value.
            reason: why it is not allowed.
        """
        self.refusals.append(Refusal(where, what[:120], reason))

    def leave_out(self, key: str) -> None:
        """Record a key that is ignored, as ``service.key``."""
        self.left_out.append(key)

    def stand_in(self, where: str, what: str, text: str) -> None:
        """Record something outside the submission that the evaluation replaces.

        Args:
            where: the service, or the top-level key.
            what: the key with its value.
            text: what is used instead.
        """
        self.placeholders.append(Placeholder(where, what[:120], text))

    def path_inside(self, name: str, key: str, text: str) -> str | None:
        """Return a path relative to the submission.

        Args:
            name: the service.
            key: the key with the path.
            text: the path as written in the file.

        Returns:
            None, and a refusal is recorded, if the path is outside the submission.
        """
        plain = posixpath.normpath(posixpath.join(posixpath.dirname(self.file_name), text.replace("\\", "/")))
        try:
            if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text) or plain.startswith(".."):
                raise ValueError
            self.submission.path(plain)
        except ValueError:
            self.refuse(name, f"{key}: {text}", "is outside the submission")
            return None
        return PurePosixPath(plain).as_posix()
