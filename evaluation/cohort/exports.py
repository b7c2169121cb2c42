"""Parse the names in a class export: the student, and the student's own file name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.cohort.student import Student

# Moodle: NAME_PARTICIPANT_assignsubmission_file_, a folder, or followed by the name of a file.
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)_?(?P<file>.*)", re.DOTALL
)
# Canvas: NAME_USER_ATTACHMENT_FILE, with LATE or anonymous; a later attempt has its number at the end of FILE.
_CANVAS = re.compile(r"(?P<name>[^_\s]+?)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
_ANONYMOUS = re.compile(r"anon_(?P<late>LATE_)?(?P<id>[A-Za-z0-9]{4,8})_\d+_(?P<file>.+)", re.DOTALL)
_ATTEMPT = re.compile(r"-(\d{1,3})(?=\.[^.]+(\.[^.]+)?$|$)")
# Ilias: LAST_FIRST_LOGIN_USER.
_ILIAS = re.compile(r"(?P<last>[^_]+)_(?P<first>.+)_(?P<login>[^_\s]+)_(?P<id>\d+)", re.DOTALL)
_SUBMISSIONS = "-submissions"


@dataclass(frozen=True)
class Owner:
    """The owner of a file or folder in a class export.

    Attributes:
        name: a readable name for the submission.
        student: the student, as far as the name says.
        file: the student's own name for a file; empty for a folder.
        is_text: whether it is only what the student typed on the page of the platform.
    """

    name: str
    student: Student
    file: str = ""
    is_text: bool = False


def owner_of_file(name: str) -> Owner | None:
    """Return the owner of a file with a name from Moodle or Canvas; None for any other name."""
    if (owner := _moodle(name)) and owner.file:
        return owner
    match = _ANONYMOUS.fullmatch(name) or _CANVAS.fullmatch(name)
    if match is None:
        return None
    found = match.groupdict()
    file = found["file"]
    attempt = _ATTEMPT.search(file)
    student = Student(
        name=found.get("name") or "", id=found["id"], late=bool(found["late"]),
        attempt=int(attempt[1]) + 1 if attempt else 0,
    )  # fmt: skip
    return Owner(found.get("name") or f"anon_{found['id']}", student, file)


def owners_of_folders(
    folders: Sequence[str], repositories: Sequence[str], inside: str
) -> Mapping[str, Owner]:
    """Return the owners of the folders of a class, as far as their names say.

    Args:
        folders: the names of the folders.
        repositories: the folders that are clones of repositories.
        inside: the name of the folder that contains them.
    """
    owners = {name: owner for name in folders if (owner := _moodle(name))}
    others = [name for name in folders if name not in owners]
    return {**owners, **(_ilias(others) or _classroom(others, repositories, inside))}


def _moodle(name: str) -> Owner | None:
    match = _MOODLE.fullmatch(name)
    if match is None:
        return None
    student = Student(name=match["name"].strip(), id=match["id"])
    return Owner(student.name, student, match["file"], is_text=match["plugin"] == "onlinetext")


def _ilias(folders: Sequence[str]) -> dict[str, Owner]:
    """Return the owners if all folders have names from Ilias; a single one may have such a name by chance."""
    matches = {name: _ILIAS.fullmatch(name) for name in folders}
    if len(folders) < 2 or not all(matches.values()):
        return {}
    owners = {}
    for name, match in matches.items():
        if match is not None:
            full = f"{match['first'].replace('_', ' ')} {match['last']}"
            student = Student(name=full, id=match["id"], login=match["login"])
            owners[name] = Owner(f"{match['last']}_{match['first']}", student)
    return owners


def _classroom(folders: Sequence[str], repositories: Sequence[str], inside: str) -> dict[str, Owner]:
    """Return the owners of GitHub Classroom clones: TASK-LOGIN with one TASK, often in a folder TASK-submissions."""
    task = inside.removesuffix(_SUBMISSIONS)
    if task == inside and not all(name.casefold().startswith(f"{task.casefold()}-") for name in folders):
        task = _common_task(repositories)
    owners = {}
    for name in folders:
        login = name[len(task) + 1 :]
        if task and login and name.casefold().startswith(f"{task.casefold()}-"):
            owners[name] = Owner(login, Student(login=login))
    return owners


def _common_task(repositories: Sequence[str]) -> str:
    """Return the prefix before a hyphen that all repositories have in common; empty if there is none."""
    if len(repositories) < 2:
        return ""
    first, last = min(repositories), max(repositories)
    same = next(
        (index for index, letter in enumerate(first) if last[index : index + 1] != letter), len(first)
    )
    return first[:same].rpartition("-")[0]
