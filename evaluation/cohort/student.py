"""The student of a submission, as the class export names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Student:
    """A student, as far as the class export says who it is. Each text is empty where it does not.

    Attributes:
        name: the full name.
        id: the number of the learning platform: Moodle's participant, Canvas's user.
        login: the account, such as that of GitHub.
        email: the address.
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
        """What all attempts of one student have in common; empty if nothing is known."""
        for kind, value in (
            ("id", self.id),
            ("login", self.login),
            ("email", self.email),
            ("name", self.name),
        ):
            if value:
                return f"{kind} {value.casefold()}"
        return ""
