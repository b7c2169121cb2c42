"""The files of a container: data, a model, code; and what its Dockerfile installs."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from pipeline.compose.building.aliases import one_of
from pipeline.compose.checks.addresses import checked_url
from pipeline.compose.checks.packages import checked_requirement, checked_system_package, requirement_name
from pipeline.compose.checks.paths import checked_file
from pipeline.compose.findings import Findings, shown
from pipeline.compose.policy import Policy
from pipeline.compose.request import Container
from pipeline.compose.request.sources import CodeSource, DataSource, ModelSource, Validation
from pipeline.compose.stack import SourceFile

_DATA_TYPES = {"csv": "csv", "json": "json", "xml": "xml", "parquet": "parquet"}
_MODEL_TYPES = {
    "pickle": "pickle", "pkl": "pickle", "xml": "xml", "npz": "npz", "onnx": "onnx",
    "tensorflow": "tensorflow", "pytorch": "pytorch",
}  # fmt: skip
_SAFE_MODELS = ("pickle", "xml", "npz")
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock$|\.$|/$))[A-Za-z0-9][A-Za-z0-9._/+-]{0,200}")
DATA_PATH = "/activationBase/currentActivation.csv"
MODEL_PATH = "/knowledgeBase/currentSolution.pkl"
SCRIPT_PATH = "/app/main.py"


@dataclass
class Contents:
    """What a container holds beside its image.

    Attributes:
        folder: of its files, relative to the generated file.
        data: the path of the data in the container; empty for none.
        model: the path of the model in the container; empty for none.
        script: the path of the program in the container; empty for none.
        code_folder: the folder of the container that the code is copied to.
        files: what is fetched.
        copies: each file with the path that it is copied to.
        requirements: packages of the Python index.
        system_packages: packages of the distribution.
        libraries: folders of libraries, relative to the generated file.
    """

    folder: str
    data: str = ""
    model: str = ""
    script: str = ""
    code_folder: str = ""
    files: list[SourceFile] = field(default_factory=list)
    copies: list[tuple[str, str]] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    system_packages: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)

    @property
    def needs_build(self) -> bool:
        """Whether the image of the request does not have all of it."""
        return bool(self.copies or self.requirements or self.system_packages or self.libraries)

    def add(self, file: SourceFile, target: str) -> None:
        """Add a file that is fetched and copied into the image."""
        self.files.append(file)
        self.copies.append((file.path, target))


class SourceReader:
    """Reads the sources of one container.

    Args:
        container: the container.
        path: its place in the request.
        policy: has the hosts that may be named.
        findings: where problems and warnings are reported.
    """

    def __init__(self, container: Container, path: str, policy: Policy, findings: Findings) -> None:
        self._container = container
        self._path = path
        self._policy = policy
        self._findings = findings

    def contents(self, folder: str) -> Contents:
        """Return what the container holds.

        Args:
            folder: for its files, relative to the generated file.
        """
        found = Contents(folder)
        self._add_data(found)
        self._add_model(found)
        self._add_code(found)
        self._add_packages(found)
        return found

    def _one(self, values: dict[str, str | None]) -> tuple[str, str | None]:
        return one_of({f"{self._path}.{name}": value for name, value in values.items()}, self._findings)

    def _add_data(self, found: Contents) -> None:
        container, source = self._container, self._container.data_source or DataSource()
        url_path, url = self._one({"data_source.url": source.url, "data_url": container.data_url})
        type_path, kind = self._one({"data_source.type": source.type, "data_type": container.data_type})
        place, inside = self._one(
            {
                "data_source.container_path": source.container_path,
                "data_destination": container.data_destination,
            }
        )
        format_ = self._format(kind, type_path, _DATA_TYPES, "data", default="csv")
        sha256 = self._data_hash(source)
        if container.data_source is None and not (url or inside):
            return
        target = checked_file(inside, place, self._findings) if inside else DATA_PATH
        if target is None:
            return
        found.data = target
        if url is None:
            return
        address = checked_url(url, url_path, self._policy, self._findings)
        name = posixpath.basename(target)
        file = SourceFile(
            f"{found.folder}/data/{name}",
            "data",
            address or "",
            sha256,
            format=format_,
            request_path=url_path,
        )
        found.add(file, target)

    def _data_hash(self, source: DataSource) -> str:
        values: dict[str, str | None] = {"data_source.sha256": source.sha256}
        for name, given in (
            ("data_source.validation", source.validation),
            ("data_validation", self._container.data_validation),
        ):
            if isinstance(given, str):
                values[name] = given
            elif isinstance(given, Validation):
                values |= {f"{name}.sha256": given.sha256, f"{name}.checksum": given.checksum}
                if given.columns is not None:
                    self._findings.warn(
                        f"{self._path}.{name}.columns",
                        "are not checked; the program reads the names in its file",
                    )
        path, text = self._one(values)
        return self._hash(text, path)

    def _hash(self, text: str | None, path: str) -> str:
        if text is None:
            return ""
        match = _SHA256.fullmatch(text.strip())
        if match is None:
            self._findings.refuse(path, f"{shown(text)} is no SHA-256", "Write 64 hexadecimal digits.")
            return ""
        return match.group(1).lower()

    def _format(self, kind: str | None, path: str, known: dict[str, str], what: str, *, default: str) -> str:
        if kind is None:
            return default
        if kind.lower() not in known:
            self._findings.refuse(path, f"{shown(kind)} is no format of {what}", f"Write {', '.join(known)}.")
            return default
        return known[kind.lower()]

    def _add_model(self, found: Contents) -> None:
        container, source = self._container, self._container.model_source or ModelSource()
        url_path, url = self._one({"model_source.url": source.url, "model_url": container.model_url})
        type_path, kind = self._one({"model_source.type": source.type, "model_type": container.model_type})
        format_ = self._format(kind, type_path, _MODEL_TYPES, "models", default="pickle")
        sha256 = self._hash(source.sha256, f"{self._path}.model_source.sha256")
        if container.model_source is None and url is None:
            return
        place = f"{self._path}.model_source.container_path"
        target = (
            checked_file(source.container_path, place, self._findings)
            if source.container_path
            else MODEL_PATH
        )
        if target is None:
            return
        found.model = target
        if format_ not in _SAFE_MODELS:
            self._findings.warn(
                type_path,
                f"the loader of this project does not read {format_}; the model is not checked, and no bundle is made",
            )
        if url is None:
            return
        address = checked_url(url, url_path, self._policy, self._findings)
        file = SourceFile(
            f"{found.folder}/model/{posixpath.basename(target)}",
            "model",
            address or "",
            sha256,
            format=format_,
            input_shape=_shape(source.input_shape or container.model_input_shape),
            output_shape=_shape(source.output_shape or container.model_output_shape),
            request_path=url_path,
        )
        found.add(file, target)

    def _add_code(self, found: Contents) -> None:
        container = self._container
        path, source = self._code_source()
        entry = (container.entry_point or "").split()
        script = source.script_path if source else None
        if source is None:
            return
        if script is None and entry:
            script = next((word for word in entry if word.endswith((".py", ".sh"))), entry[0])
        script = script or SCRIPT_PATH
        if not script.startswith("/"):
            script = posixpath.join(container.working_directory or "/app", script)
        inside = checked_file(script, f"{path}.script_path", self._findings)
        if inside is None:
            return
        found.script = inside
        root = container.working_directory
        if root is None or not inside.startswith(root.rstrip("/") + "/"):
            root = f"/{inside.split('/')[1]}" if inside.count("/") > 1 else "/app"
        found.code_folder = root.rstrip("/")
        if source.repo or (source.type or "").lower() == "git":
            self._add_repository(found, source, path)
        elif source.url:
            self._add_script(found, source, path)

    def _code_source(self) -> tuple[str, CodeSource | None]:
        path, source = f"{self._path}.code_source", self._container.code_source
        other = self._container.script_source
        if other is None:
            return path, source
        if source is not None:
            self._findings.refuse(
                f"{self._path}.script_source", "means the same as code_source", "Write one of the two."
            )
            return path, source
        path = f"{self._path}.script_source"
        if isinstance(other, CodeSource):
            return path, other
        is_git = other.endswith(".git")
        return path, CodeSource(type="git", repo=other) if is_git else CodeSource(type="url", url=other)

    def _add_repository(self, found: Contents, source: CodeSource, path: str) -> None:
        place, repository = one_of({f"{path}.repo": source.repo, f"{path}.url": source.url}, self._findings)
        if (source.type or "git").lower() != "git":
            self._findings.refuse(
                f"{path}.type", f"{shown(source.type or '')} is not git, and repo is given", "Write git."
            )
            return
        if repository is None:
            self._findings.refuse(
                place, "a git source needs the address of its repository", "Write https://HOST/PATH.git."
            )
            return
        address = checked_url(repository, place, self._policy, self._findings, is_git=True)
        branch = source.commit or source.branch or ""
        if source.commit is not None and not _COMMIT.fullmatch(source.commit):
            self._findings.refuse(
                f"{path}.commit", f"{shown(source.commit)} is no commit", "Write 40 hexadecimal digits."
            )
        if source.branch is not None and not _BRANCH.fullmatch(source.branch):
            self._findings.refuse(
                f"{path}.branch",
                f"{shown(source.branch)} is no name of a branch",
                "Write a name such as main.",
            )
        if not found.script.startswith(f"{found.code_folder}/"):
            self._findings.refuse(
                f"{path}.script_path",
                f"{shown(found.script)} is in no folder, to which the repository is copied",
                "Write a path such as /app/main.py.",
            )
        file = SourceFile(
            f"{found.folder}/code/", "code", address or "", format="git", branch=branch, request_path=place
        )
        found.add(file, f"{found.code_folder}/")

    def _add_script(self, found: Contents, source: CodeSource, path: str) -> None:
        if (source.type or "url").lower() not in ("url", "http", "https", "file"):
            self._findings.refuse(
                f"{path}.type", f"{shown(source.type or '')} is no source of code", "Write git or url."
            )
            return
        address = checked_url(source.url or "", f"{path}.url", self._policy, self._findings)
        sha256 = self._hash(source.sha256, f"{path}.sha256")
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

    def _add_packages(self, found: Contents) -> None:
        container = self._container
        listed: dict[str, str] = {}
        for name, given in (
            ("dependencies", container.dependencies),
            ("pip_packages", container.pip_packages),
        ):
            for index, text in enumerate(given or ()):
                place = f"{self._path}.{name}[{index}]"
                requirement = checked_requirement(text, place, self._findings)
                if requirement is None:
                    continue
                other = listed.setdefault(requirement_name(requirement), requirement)
                if other != requirement:
                    reason = f"{shown(text)} is also listed as {shown(other)}"
                    self._findings.refuse(place, reason, "Write it once.")
        found.requirements += listed.values()
        for index, text in enumerate(container.system_packages or ()):
            package = checked_system_package(text, f"{self._path}.system_packages[{index}]", self._findings)
            if package and package not in found.system_packages:
                found.system_packages.append(package)
        for index, text in enumerate(container.custom_libraries or ()):
            self._add_library(found, text, f"{self._path}.custom_libraries[{index}]", index)

    def _add_library(self, found: Contents, text: str, path: str, index: int) -> None:
        plain = text.removeprefix("git+")
        # As pip writes it: git+https://HOST/PATH.git@BRANCH
        base, sign, branch = plain.rpartition("@")
        if not sign or "/" not in base.partition("://")[2]:
            base, branch = plain, ""
        is_git = text.startswith("git+") or base.endswith(".git")
        address = checked_url(base if is_git else plain, path, self._policy, self._findings, is_git=is_git)
        if address is None:
            return
        if is_git and sign and not _BRANCH.fullmatch(branch or "-"):
            self._findings.refuse(
                path, f"{shown(branch)} is no name of a branch", "Write .git@main, or leave it out."
            )
            return
        name = (
            re.sub(r"[^A-Za-z0-9._-]", "_", posixpath.basename(address.partition("?")[0])).strip("._-")
            or "library"
        )
        folder = f"{found.folder}/libraries/{index + 1}"
        place = f"{folder}/" if is_git else f"{folder}/{name}"
        found.files.append(
            SourceFile(
                place,
                "library",
                address,
                format="git" if is_git else "file",
                branch=branch if is_git else "",
                request_path=path,
            )
        )
        found.libraries.append(place)


def _shape(value: list[int] | int | None) -> tuple[int, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)
