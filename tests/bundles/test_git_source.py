"""Repositories are fetched over HTTPS, at one commit; nothing in them is executed, and no link is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.bundles.addresses import SourceHost, parse_source_host
from pipeline.bundles.bundle_limits import DEFAULT_BUNDLE_LIMITS
from pipeline.bundles.errors import SourceError, SourceFailed, SourceRefused
from pipeline.bundles.git_source import ClonedFiles, clone_files
from tests.bundles.servers import (
    Answer,
    certificates,
    git,
    git_server,
    http_server,
    make_repository,
    redirect,
)

LIMITS = replace(DEFAULT_BUNDLE_LIMITS, repository_size=100_000, repository_files=50, clone_seconds=10.0)
HOSTILE = {
    "main.py": b"print(1)\n",
    "src/part.py": b"",
    ".gitattributes": b"* filter=evil\n*.bin filter=lfs diff=lfs\n",
    ".gitmodules": b'[submodule "x"]\n\tpath = x\n\turl = file:///etc\n',
    ".lfsconfig": b'[lfs]\n\turl = "http://127.0.0.1/lfs"\n',
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("repositories")


@pytest.fixture(scope="module")
def place(root: Path) -> Iterator[str]:
    with git_server(root) as found:
        yield found


@pytest.fixture(scope="module")
def commit(root: Path) -> str:
    links = {"passwd": "/etc/passwd", "up": "../../..", "alias.py": "main.py", "git": ".git/config"}
    return make_repository(root, "code.git", HOSTILE, links)


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trust the certificate of the server, and provide credentials and a proxy, which must not be used."""
    for name, value in certificates().items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".netrc").write_text("machine localhost login me password secret\n", "ascii")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


def clone(place: str, folder: Path, reference: str = "main", name: str = "code.git") -> ClonedFiles:
    folder.mkdir(exist_ok=True)
    return clone_files(f"https://{place}/{name}", reference, folder, {parse_source_host(place)}, LIMITS)


@pytest.mark.slow
@pytest.mark.parametrize("reference", ["main", "", "COMMIT"])
def test_a_branch_is_resolved_to_its_commit(place: str, commit: str, tmp_path: Path, reference: str) -> None:
    found = clone(place, tmp_path / "work", reference.replace("COMMIT", commit))
    assert found.commit == commit
    assert (found.folder / "main.py").read_bytes() == b"print(1)\n"
    files = {path.relative_to(found.folder).as_posix() for path in found.folder.rglob("*") if path.is_file()}
    assert files == set(HOSTILE)
    assert not any(path.is_symlink() for path in found.folder.rglob("*"))
    assert [text.partition(":")[0] for text in found.warnings] == ["alias.py", "git", "passwd", "up"]
    assert not (tmp_path / "work" / "clone").exists()


@pytest.mark.parametrize(
    "reference",
    [
        "-x",
        "--upload-pack=touch /tmp/x",
        "a b",
        "a..b",
        "refs/heads/*",
        "main:evil",
        "+main",
        "@{1}",
        "a\n",
        "x" * 201,
        "/main",
    ],
)
def test_a_reference_that_git_could_misread_is_refused(
    place: str, commit: str, tmp_path: Path, reference: str
) -> None:
    with pytest.raises(SourceRefused, match="is not a valid branch name or commit hash"):
        clone(place, tmp_path / "work", reference)


def test_a_missing_branch_commit_or_repository_is_reported(place: str, commit: str, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="couldn't find remote ref other"):
        clone(place, tmp_path / "a", "other")
    with pytest.raises(SourceFailed, match="cannot be fetched"):
        clone(place, tmp_path / "b", "0" * 40)
    with pytest.raises(SourceFailed, match="not found"):
        clone(place, tmp_path / "c", name="other.git")


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/code.git", "ssh://git@example.org/code.git", "git@example.org:code.git"),
        *("file:///etc", "/etc", "ext::sh -c touch% /tmp/x", "git://example.org/code.git", "--upload-pack=x"),
        *("https://me:secret@example.org/code.git", "https://127.0.0.1/code.git", "https://[::1]/code.git"),
        *("https://169.254.169.254/code.git", "https://example.org:8443/code.git"),
    ],
)
def test_a_repository_that_is_not_at_a_public_https_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SourceRefused) as caught:
        clone_files(url, "main", tmp_path, (), LIMITS)
    assert "secret" not in str(caught.value)


def test_git_connects_to_the_checked_address_only(place: str, commit: str, tmp_path: Path) -> None:
    port = int(place.rpartition(":")[2])
    named = {SourceHost("localhost", port)}
    with pytest.raises(SourceFailed, match="Failed to connect"):
        clone_files(
            f"https://{place}/code.git", "main", tmp_path, named, LIMITS, lambda host, port: ["127.0.0.2"]
        )


def test_an_allowed_host_may_serve_repositories_over_http(root: Path, commit: str, tmp_path: Path) -> None:
    with git_server(root, tls=False) as plain:
        named = {parse_source_host(plain)}
        assert clone_files(f"http://{plain}/code.git", "main", tmp_path, named, LIMITS).commit == commit
        with pytest.raises(SourceRefused, match="not an https URL"):
            clone_files("http://example.org/code.git", "main", tmp_path, named, LIMITS)


@pytest.fixture
def plain_files(root: Path, commit: str) -> dict[str, Answer | bytes]:
    """Return the files of the repository by the paths that git requests from a plain file server."""
    repository = root / "code.git"
    git(repository, "update-server-info")
    files = [path for path in repository.rglob("*") if path.is_file()]
    answers: dict[str, Answer | bytes] = {
        f"/{path.relative_to(root).as_posix()}": path.read_bytes() for path in files
    }
    answers["/code.git/info/refs?service=git-upload-pack"] = answers["/code.git/info/refs"]
    return answers


@pytest.mark.slow
def test_a_repository_may_be_served_as_plain_files(
    plain_files: dict[str, Answer | bytes], commit: str, tmp_path: Path
) -> None:
    with http_server(plain_files, tls=True) as plain:
        assert clone(plain, tmp_path / "work").commit == commit


def test_a_repository_cannot_refer_to_objects_on_other_servers(
    plain_files: dict[str, Answer | bytes], tmp_path: Path
) -> None:
    asked: list[str] = []
    kept = {path: answer for path, answer in plain_files.items() if "/objects/" not in path}
    with http_server({"": lambda request: asked.append(request.path)}, tls=True) as hidden:
        for name in ("http-alternates", "alternates"):
            kept[f"/code.git/objects/info/{name}"] = f"https://{hidden}/code.git/objects\n".encode()
        with http_server(kept, tls=True) as plain, pytest.raises(SourceFailed, match="cannot be fetched"):
            clone(plain, tmp_path / "work")
    assert not asked


@pytest.mark.slow
def test_a_clone_from_a_slow_server_times_out(tmp_path: Path) -> None:
    limits = replace(LIMITS, connect_seconds=1.0)
    with (
        http_server({"": lambda request: time.sleep(8)}, tls=True) as slow,
        pytest.raises(SourceFailed, match="too slow"),
    ):
        clone_files(f"https://{slow}/code.git", "main", tmp_path, {parse_source_host(slow)}, limits)


def test_git_follows_no_redirect(place: str, commit: str, tmp_path: Path) -> None:
    answers = {"": redirect(f"https://{place}/code.git/info/refs?service=git-upload-pack")}
    with http_server(answers, tls=True) as other, pytest.raises(SourceFailed, match=r"302|redirect"):
        clone(other, tmp_path / "work")


@pytest.mark.slow
def test_a_repository_with_too_many_files_or_bytes_is_refused(place: str, root: Path, tmp_path: Path) -> None:
    make_repository(root, "many.git", {f"{number}.txt": b"" for number in range(60)})
    make_repository(root, "large.git", {"large": b"0" * 150_000})
    for name, message in (("many.git", "more than 50 files"), ("large.git", "larger than")):
        with pytest.raises(SourceError, match=message):
            clone(place, tmp_path / name, name=name)


@pytest.mark.slow
def test_a_small_commit_with_many_files_is_refused_before_they_are_written(
    place: str, root: Path, tmp_path: Path
) -> None:
    make_repository(root, "bomb.git", {"a": b""})
    repository = root / "bomb.git"
    entries = "".join(
        f"100644 blob {git(repository, 'rev-parse', 'main:a')}\tf{number}\n" for number in range(10)
    )
    for _ in range(4):
        tree = git(repository, "mktree", text=entries)
        entries = "".join(f"040000 tree {tree}\td{number}\n" for number in range(10))
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    commit = git(repository, *identity, "commit-tree", tree, "-m", "x")
    git(repository, "update-ref", "refs/heads/main", commit)
    with pytest.raises(SourceFailed, match="more than 50 files"):
        clone(place, tmp_path / "work", name="bomb.git")
    assert not (tmp_path / "work" / "files").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a:b", "a\\b", "new\nline"])
def test_a_file_name_that_is_unsafe_on_some_system_is_refused(
    place: str, root: Path, tmp_path: Path, name: str
) -> None:
    repository = f"name{ord(name[1])}.git"
    make_repository(root, repository, {name: b""})
    with pytest.raises(SourceError, match="every system can unpack"):
        clone(place, tmp_path / "work", name=repository)


@pytest.mark.slow
def test_a_submodule_is_not_fetched(place: str, root: Path, tmp_path: Path) -> None:
    make_repository(root, "outer.git", {".gitmodules": HOSTILE[".gitmodules"]})
    work = root / "outer.git.work"
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")
    git(work, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=y")
    git(work, "push", "--quiet", str(root / "outer.git"), "main")
    found = clone(place, tmp_path / "work", name="outer.git")
    assert found.warnings == ("x: is a submodule, which is not fetched",)
    assert [path.name for path in found.folder.iterdir() if path.is_file()] == [".gitmodules"]
