"""The student of a submission, as the class export names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Student:
    """A student, as far as the class export identifies them. Unknown strings are empty.

    Attributes:
        name: the full name.
        id: the number on the learning platform: Moodle's participant, Canvas's user.
        login: the account name, such as that on GitHub.
        email: the email address.
        attempt: the number of the attempt, from 1; 0 if unknown.
        late: whether the export marks it as late.
    """

    name: str = ""
    id: str = ""
    login: str = ""
    email: str = ""
    attempt: int = 0
    late: bool = False

    @property
    def key(self) -> str:
        """The identifier that all attempts of one student share; empty if nothing is known."""
        for kind, value in (
            ("id", self.id),
            ("login", self.login),
            ("email", self.email),
            ("name", self.name),
        ):
            if value:
                return f"{kind} {value.casefold()}"
        return ""
