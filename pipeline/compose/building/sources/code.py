"""The program of a container."""

from __future__ import annotations

import posixpath
import re

from pipeline.compose.building.aliases import one_of
from pipeline.compose.building.sources.contents import Contents
from pipeline.compose.building.sources.reader import SourceReader
from pipeline.compose.checks.addresses import checked_url
from pipeline.compose.checks.names import is_branch
from pipeline.compose.checks.paths import checked_file
from pipeline.compose.findings import shown
from pipeline.compose.request.sources import CodeSource
from pipeline.compose.stack import SourceFile

_COMMIT = re.compile(r"[0-9a-f]{40}")
SCRIPT_PATH = "/app/main.py"


def add_code(reader: SourceReader, found: Contents) -> None:
    """Add the program of a container to its contents.

    Args:
        reader: the reader of the container.
        found: the contents to which the program is added.
    """
    container = reader.container
    path, source = _code_source(reader)
    entry = (container.entry_point or "").split()
    script = source.script_path if source else None
    if source is None:
        return
    if script is None and entry:
        script = next((word for word in entry if word.endswith((".py", ".sh"))), entry[0])
    script = script or SCRIPT_PATH
    if not script.startswith("/"):
        script = posixpath.join(container.working_directory or "/app", script)
    inside = checked_file(script, f"{path}.script_path", reader.findings)
    if inside is None:
        return
    found.script = inside
    root = container.working_directory
    if root is None or not inside.startswith(root.rstrip("/") + "/"):
        root = f"/{inside.split('/')[1]}" if inside.count("/") > 1 else "/app"
    found.code_folder = root.rstrip("/")
    if source.repo or (source.type or "").lower() == "git":
        _add_repository(reader, found, source, path)
    elif source.url:
        _add_script(reader, found, source, path)


def _code_source(reader: SourceReader) -> tuple[str, CodeSource | None]:
    path, source = f"{reader.path}.code_source", reader.container.code_source
    other = reader.container.script_source
    if other is None:
        return path, source
    if source is not None:
        reader.findings.refuse(
            f"{reader.path}.script_source", "means the same as code_source", "Set only one of the two."
        )
        return path, source
    path = f"{reader.path}.script_source"
    if isinstance(other, CodeSource):
        return path, other
    is_git = other.endswith(".git")
    return path, CodeSource(type="git", repo=other) if is_git else CodeSource(type="url", url=other)


def _add_repository(reader: SourceReader, found: Contents, source: CodeSource, path: str) -> None:
    place, repository = one_of({f"{path}.repo": source.repo, f"{path}.url": source.url}, reader.findings)
    if (source.type or "git").lower() != "git":
        reader.findings.refuse(
            f"{path}.type",
            f"{shown(source.type or '')} contradicts repo, which needs the type git",
            "Set type to git.",
        )
        return
    if repository is None:
        reader.findings.refuse(
            place, "is missing: a git source needs the URL of its repository", "Write https://HOST/PATH.git."
        )
        return
    address = checked_url(repository, place, reader.policy, reader.findings, is_git=True)
    branch = source.commit or source.branch or ""
    if source.commit is not None and not _COMMIT.fullmatch(source.commit):
        reader.findings.refuse(
            f"{path}.commit",
            f"{shown(source.commit)} is not a valid commit hash",
            "Write all 40 hexadecimal digits.",
        )
    if source.branch is not None and not is_branch(source.branch):
        reader.findings.refuse(
            f"{path}.branch",
            f"{shown(source.branch)} is not a valid branch name",
            "Write a name such as main.",
        )
    if not found.script.startswith(f"{found.code_folder}/"):
        reader.findings.refuse(
            f"{path}.script_path",
            f"{shown(found.script)} is not in a folder to which the repository can be copied",
            "Write a path such as /app/main.py.",
        )
    file = SourceFile(
        f"{found.folder}/code/", "code", address or "", format="git", branch=branch, request_path=place
    )
    found.add(file, f"{found.code_folder}/")


def _add_script(reader: SourceReader, found: Contents, source: CodeSource, path: str) -> None:
    if (source.type or "url").lower() not in ("url", "http", "https", "file"):
        reader.findings.refuse(
            f"{path}.type",
            f"{shown(source.type or '')} is not a supported type of code source",
            "Write git or url.",
        )
        return
    address = checked_url(source.url or "", f"{path}.url", reader.policy, reader.findings)
    sha256 = reader.hash(source.sha256, f"{path}.sha256")
    name = posixpath.basename(found.script)
    file = SourceFile(
        f"{found.folder}/code/{name}",
        "code",
        address or "",
        sha256,
        format="file",
        request_path=f"{path}.url",
    )
    found.add(file, found.script)
