"""The submissions in a folder, whichever platform exported it, and a unique report folder for each."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from common.errors import InputMissing
from evaluation.cohort.exports import Owner, owner_of_file, owners_of_folders
from evaluation.cohort.student import Student
from evaluation.sanitize import printable
from evaluation.submission.archives.kinds import stem_of, suffix_of
from evaluation.submission.locate import LooseFile

# File systems limit a name to 255 bytes; a character has up to four.
_LONGEST = 120
# Names that the overview of a class uses, and those that Windows reserves for devices, whatever the extension.
_RESERVED = re.compile(r"(overview|gradebooks|answer_key|con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """One submission of a class.

    Attributes:
        name: its name, which is also the name of its report folder; unique on every file system.
        source: the folder or archive; for several files, the folder that contains them.
        wrong: why it cannot be evaluated; empty if it can.
        student: the student, as far as the export says.
        files: the files, if there are several, or one that is not an archive.
    """

    name: str
    source: Path
    wrong: str = ""
    student: Student = field(default_factory=Student)
    files: tuple[LooseFile, ...] = ()


def safe_name(name: str) -> str:
    """Return a folder name that every system accepts, and that is not mistaken for an option or for the overview."""
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip("._").lstrip("-._")
    plain = plain.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore").strip("._")
    if not plain:
        return "submission"
    return f"submission_{plain}" if _RESERVED.fullmatch(plain) else plain


def members_in(folder: Path) -> list[Member]:
    """Return the submissions in a folder: each folder, each archive, and the files of each student in an export.

    Anything else with such a name (a link, a pipe, a device) is a member that cannot be evaluated: it gets a row that
    says so, and is never opened.

    Raises:
        InputMissing: the folder does not exist, or contains nothing to evaluate.
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
            hint="Each submission must be a folder or an archive.",
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
    """Return one member for all files of a student; a single archive is a member of its own."""
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
    """Return files with unique names: platforms accept several with the same name."""
    taken: set[str] = set()
    unique = []
    for number, file in enumerate(files, 1):
        name = file.name if file.name.casefold() not in taken else f"{number}-{file.name}"
        taken.add(name.casefold())
        unique.append(LooseFile(file.path, name))
    return tuple(unique)


def _without_typed_texts(members: Sequence[Member]) -> list[Member]:
    """Leave out Moodle's folders of typed text if the student has submitted files as well."""
    with_files = {member.student.key for member in members if "_onlinetext_" not in member.source.name}
    return [
        member
        for member in members
        if "_assignsubmission_onlinetext_" not in member.source.name or member.student.key not in with_files
    ]


def _with_unique_names(members: Sequence[Member]) -> list[Member]:
    """Give each member a safe name; students with the same name also get the platform's number.

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
    """Return whether an entry is a folder, a link to one, or a dangling link: each of them gets a row."""
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
        return (
            "it is a link, which may lead anywhere; a class list accepts only folders and archives themselves"
        )
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        return ""
    return "it is neither a folder nor an archive"
