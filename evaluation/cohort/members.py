"""The submissions in a folder, whoever exported it, and a unique folder for the reports of each."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from evaluation.cohort.exports import Owner, owner_of_file, owners_of_folders
from evaluation.cohort.student import Student
from evaluation.sanitize import printable
from evaluation.submission.archives.kinds import stem_of, suffix_of
from evaluation.submission.locate import LooseFile
from pipeline.errors import InputMissing

# A file system takes 255 bytes; a letter has up to four.
_LONGEST = 120
# Names that the overview of a class takes, and those that Windows keeps for devices, whatever the suffix.
_RESERVED = re.compile(r"(overview|gradebooks|answer_key|con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """One submission of a class.

    Attributes:
        name: what it is called, also the folder of its reports; unlike every other, whatever the file system.
        source: the folder or archive; with several files, the folder that they are in.
        wrong: why it cannot be evaluated; empty where it may be.
        student: whose it is, as far as the export says.
        files: the files, where there are several, or one that is no archive.
    """

    name: str
    source: Path
    wrong: str = ""
    student: Student = field(default_factory=Student)
    files: tuple[LooseFile, ...] = ()


def safe_name(name: str) -> str:
    """Return a name for a folder that every system accepts, that no command takes for an option or for the overview."""
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip("._").lstrip("-._")
    plain = plain.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore").strip("._")
    if not plain:
        return "submission"
    return f"submission_{plain}" if _RESERVED.fullmatch(plain) else plain


def members_in(folder: Path) -> list[Member]:
    """Return the submissions in a folder: each folder, each archive, and the files of each student in an export.

    What has such a name and is something else (a link, a pipe, a device) is a member that cannot be evaluated: it
    gets a row that says so, and nothing waits for it.

    Raises:
        InputMissing: there is no such folder, or nothing to evaluate in it.
    """
    if not folder.is_dir():
        raise InputMissing(
            f"{folder} is not a folder", hint="A class list is a folder of submissions, or an archive of one."
        )
    members = _members(folder)
    if (
        len(members) == 1
        and not members[0].student.key
        and members[0].source.is_dir()
        and not members[0].wrong
    ):
        inner = _members(members[0].source)  # an export that was unpacked to a folder of its own
        if len(inner) > 1 and all(member.student.key for member in inner):
            members = inner
    if not members:
        raise InputMissing(
            f"{printable(str(folder))} contains no folder and no archive",
            hint="Each submission is one of these.",
        )
    return _with_unique_names(members)


def _members(folder: Path) -> list[Member]:
    with os.scandir(folder) as iterator:
        entries = sorted(
            (entry for entry in iterator if not entry.name.startswith((".", "__"))),
            key=lambda entry: entry.name,
        )
    folders = [entry.name for entry in entries if _is_folder(entry)]
    repositories = [name for name in folders if os.path.lexists(folder / name / ".git")]
    owners = owners_of_folders(folders, repositories, folder.resolve().name)
    members: list[Member] = []
    files: dict[str, list[Member]] = {}
    for entry in entries:
        path, wrong = folder / entry.name, _wrong(entry)
        owner = owners.get(entry.name) if entry.name in folders else owner_of_file(entry.name)
        if owner is not None and owner.file:
            files.setdefault(owner.student.key, []).append(_of_owner(owner, path, wrong))
        elif owner is not None:
            members.append(_of_owner(owner, path, wrong))
        elif entry.name in folders or suffix_of(entry.name):
            members.append(Member(entry.name if entry.name in folders else stem_of(entry.name), path, wrong))
    handed_in = [_together(folder, attempt) for each in files.values() for attempt in _attempts(each)]
    return _without_typed_texts([*members, *handed_in])


def _of_owner(owner: Owner, path: Path, wrong: str) -> Member:
    named = (LooseFile(path, owner.file),) if owner.file else ()
    return Member(owner.name, path, wrong, owner.student, named)


def _attempts(files: Sequence[Member]) -> list[list[Member]]:
    """Return the files of a student by attempts: several archives with numbers of their own are one attempt each.

    A platform counts each file by its name. So loose files, and archives with the same number, belong together.
    """
    numbers = {member.student.attempt for member in files}
    archives = all(member.files and suffix_of(member.files[0].name) for member in files)
    if len(files) < 2 or not archives or len(numbers) != len(files):
        return [list(files)]
    return [[member] for member in files]


def _together(folder: Path, files: Sequence[Member]) -> Member:
    """Return one member for all files of a student; a single archive stands for itself."""
    usable = [member for member in files if not member.wrong]
    if not usable:
        return files[0]
    students = [member.student for member in usable]
    student = replace(
        students[0],
        attempt=max(student.attempt for student in students),
        late=any(student.late for student in students),
    )
    loose = tuple(file for member in usable for file in member.files)
    if len(loose) == 1 and suffix_of(loose[0].name):
        return replace(usable[0], student=student, files=())
    return replace(usable[0], source=folder, student=student, files=_with_unique_files(loose))


def _with_unique_files(files: Sequence[LooseFile]) -> tuple[LooseFile, ...]:
    """Return files with different names: platforms take two of the same name."""
    taken: set[str] = set()
    unique = []
    for number, file in enumerate(files, 1):
        name = file.name if file.name.casefold() not in taken else f"{number}-{file.name}"
        taken.add(name.casefold())
        unique.append(LooseFile(file.path, name))
    return tuple(unique)


def _without_typed_texts(members: Sequence[Member]) -> list[Member]:
    """Leave out Moodle's folders of typed texts, where the student has handed in files as well."""
    with_files = {member.student.key for member in members if "_onlinetext_" not in member.source.name}
    return [
        member
        for member in members
        if "_assignsubmission_onlinetext_" not in member.source.name or member.student.key not in with_files
    ]


def _with_unique_names(members: Sequence[Member]) -> list[Member]:
    """Give each member a safe name; of students with the same one, each gets the platform's number as well.

    Attempts of one student are numbered: the first one keeps its name, and with it the notes of the tutor.
    """
    members = sorted(members, key=lambda member: (str(member.source.name), member.name))
    students = {
        (safe_name(member.name).casefold(), member.student.key or member.source) for member in members
    }
    same = Counter(name for name, _ in students)
    names: set[str] = set()
    unique = []
    for member in members:
        plain = safe_name(member.name)
        if same[plain.casefold()] > 1 and member.student.id:
            plain = safe_name(f"{member.name}_{member.student.id}")
        name, number = plain, 2
        while name.casefold() in names:
            name, number = f"{plain}-{number}", number + 1
        names.add(name.casefold())
        unique.append(replace(member, name=name))
    return unique


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether it is a folder, a link to one, or a link that leads nowhere: each of them gets a row."""
    try:
        return entry.is_dir() or (entry.is_symlink() and not entry.is_file())
    except OSError:  # a link to itself
        return True


def _wrong(entry: os.DirEntry[str]) -> str:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if stat.S_ISLNK(mode):
        return "it is a link; a class list takes folders and archives themselves, because a link may lead anywhere"
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        return ""
    return "it is neither a folder nor an archive"
