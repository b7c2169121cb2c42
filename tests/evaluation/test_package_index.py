"""The package index of the proxy, in front of an index on the loopback interface: files are downloaded once."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import unquote

import pytest

from evaluation.engine import package_index
from evaluation.engine.build_network import proxy_program
from evaluation.engine.package_cache import PackageCache
from evaluation.engine.package_index import IndexSettings, PackageIndex, print_lines, settings_of_pip
from evaluation.engine.package_proxy import PackageProxy, serve

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
METADATA = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"


def wheel(text=b"number = 1\n"):
    """Return a wheel of the project demo."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("demo.py", text)
        archive.writestr("demo-1.0.dist-info/METADATA", METADATA)
        archive.writestr(
            "demo-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("demo-1.0.dist-info/RECORD", "demo.py,,\n")
    return packed.getvalue()


class Origin:
    """An index with one project, whose responses a test can change.

    Attributes:
        files: the files, by name.
        named: the hashes that the page names, where they are not those of the files.
        requests: the paths that were requested.
    """

    def __init__(self):
        self.files = {"demo-1.0-py3-none-any.whl": wheel()}
        self.named = {}
        self.requests = []
        self.pause = 0.0
        self.cut = 0
        self.page = None
        origin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                origin.requests.append(self.path)
                status, kind, content = origin.answer(self.path, self.headers.get("Accept", ""))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                middle = len(content) // 2
                self.wfile.write(content[:middle])
                self.wfile.flush()
                time.sleep(origin.pause if self.path.startswith("/packages/") else 0)
                self.wfile.write(content[middle : len(content) - origin.cut])

            def log_message(self, *words):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """Print nothing if a client disconnects."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, path, accepted):
        if path == "/simple/demo/":
            return self.page or (200, *self.listed(accepted))
        name = unquote(path.rpartition("/")[2])
        if name.endswith(".metadata"):
            return 200, "text/plain", METADATA
        content = self.files.get(name)
        return (200, "application/octet-stream", content) if content else (404, "text/plain", b"")

    def sha256(self, name):
        return self.named.get(name) or hashlib.sha256(self.files[name]).hexdigest()

    def listed(self, accepted):
        if "json" not in accepted:
            links = "".join(
                f'<a data-requires-python="&gt;=3.8" href="../../packages/{name}#sha256={self.sha256(name)}">{name}</a>\n'
                for name in self.files
            )
            return (
                "text/html",
                f"<!DOCTYPE html>\n{links}<a href='/old/demo-0.1.zip'>demo-0.1.zip</a>".encode(),
            )
        entries = [
            {
                "filename": name,
                "core-metadata": {"sha256": hashlib.sha256(METADATA).hexdigest()},
                "hashes": {"sha256": self.sha256(name)},
                "requires-python": ">=3.8",
                "url": f"{self.url}/packages/{name}",
                "yanked": False,
            }
            for name in self.files
        ]
        page = {"meta": {"api-version": "1.1"}, "name": "demo", "files": entries, "versions": ["1.0"]}
        return JSON_TYPE, json.dumps(page).encode()

    def downloads(self, name="demo-1.0-py3-none-any.whl"):
        return self.requests.count(f"/packages/{name}")


@pytest.fixture
def origin():
    origin = Origin()
    yield origin
    origin.server.shutdown()
    origin.server.server_close()


class Proxy:
    """A running proxy with an index in front of an origin."""

    def __init__(self, url, folder, **limits):
        self.cache = PackageCache(str(folder), print_lines("STORED"), **limits)
        connect = socket.create_connection
        index = PackageIndex(
            IndexSettings(f"{url}/simple/"),
            lambda host, port: connect((host, port), 5),
            self.cache,
            print_lines("SHARED"),
        )
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listening.getsockname()[1]
        handle = PackageProxy(set(), set(), index)
        threading.Thread(target=serve, args=(self.listening, handle), daemon=True).start()

    def get(self, path, accepted=JSON_TYPE, method="GET", prefix="http://127.0.0.1:3128"):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, prefix + path, headers={"Accept": accepted})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def path(self, name="demo-1.0-py3-none-any.whl"):
        """Return the path of a file as listed on the page."""
        _, page = self.get("/simple/demo/")
        return next(entry["url"] for entry in json.loads(page)["files"] if entry["filename"] == name)


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def proxy(origin, cache):
    return Proxy(origin.url, cache, free_disk=0)


def settled(cache, count=0):
    """Wait until no download is running, and return the names in the cache."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        names = sorted(path.name for path in cache.iterdir())
        if len(names) == count and not any(name.endswith(".part") for name in names):
            break
        time.sleep(0.02)
    return names


def test_a_file_is_downloaded_once_and_then_served_from_the_cache(origin, proxy, cache, capsys):
    name = "demo-1.0-py3-none-any.whl"
    path = proxy.path()
    for _ in range(3):
        answer, content = proxy.get(path)
        assert (answer.status, content) == (200, origin.files[name])
        assert settled(cache, 1) == [origin.sha256(name)]
    assert origin.downloads() == 1
    assert capsys.readouterr().out.splitlines() == [f"STORED {origin.sha256(name)}", *[f"SHARED {name}"] * 2]


def test_a_page_in_json_keeps_everything_but_the_urls(origin, proxy):
    answer, page = proxy.get("/simple/demo/")
    read, expected = json.loads(page), json.loads(origin.listed("json")[1])
    assert answer.headers["Content-Type"] == JSON_TYPE
    assert read["files"][0]["url"].endswith("/packages/demo-1.0-py3-none-any.whl")
    for entry in (*read["files"], *expected["files"]):
        del entry["url"]
    assert read == expected


def test_links_in_html_lead_to_the_proxy_if_they_have_a_hash_and_else_to_their_origin(origin, proxy):
    answer, page = proxy.get("/simple/demo/", "text/html")
    assert answer.headers["Content-Type"] == "text/html"
    assert b'data-requires-python="&gt;=3.8"' in page
    assert f'<a href="{origin.url}/old/demo-0.1.zip">' in page.decode()
    path = page.decode().partition('href="')[2].partition("#sha256=")[0]
    assert path.startswith("/files/")
    assert proxy.get(path)[1] == origin.files["demo-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    "page",
    [
        (200, "text/html", b'<base href="/x/"><a href="demo.whl#sha256=00">demo</a>'),
        (200, "text/html", b"<a href=demo.whl>demo</a>"),
        (200, "text/html", b'<a title=">" href="demo.whl">demo</a>'),
        (200, "text/html", b'<a href="ftp://other/demo.whl">demo</a>'),
        (200, "text/plain", b"demo"),
        (200, JSON_TYPE, b'{"files": [{"url": "x"}]}'),
        (200, JSON_TYPE, b'{"files": ['),
        (200, JSON_TYPE, b'{"files": 3}'),
        (200, JSON_TYPE, b"[" * 100_000),
        (200, JSON_TYPE, b'{"a": ' + b"[" * 100_000),
        (404, "text/html", b"no such project"),
        (503, "text/html", b"too busy"),
    ],
)
def test_pip_is_redirected_to_the_index_if_the_page_has_an_unknown_format(page, origin, proxy):
    origin.page = page
    answer, _ = proxy.get("/simple/demo/")
    assert (answer.status, answer.headers["Location"]) == (302, f"{origin.url}/simple/demo/")


def test_a_page_beyond_the_limit_is_not_read_completely(origin, proxy, monkeypatch):
    monkeypatch.setattr(package_index, "LARGEST_PAGE", 100)
    assert proxy.get("/simple/demo/")[0].status == 302


def test_an_index_that_does_not_respond_is_not_requested_again_for_a_while(cache):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    proxy = Proxy(url, cache)
    for _ in range(2):
        answer, _ = proxy.get("/simple/demo/")
        assert (answer.status, answer.headers["Location"]) == (302, f"{url}/simple/demo/")


def test_a_file_with_a_wrong_hash_is_delivered_but_not_cached(origin, proxy, cache):
    """pip checks the hash itself and reports the mismatch."""
    origin.named["demo-1.0-py3-none-any.whl"] = "0" * 64
    for count in (1, 2):
        proxy.get(proxy.path())
        assert settled(cache) == []
        assert origin.downloads() == count


def test_an_interrupted_download_is_discarded_and_started_again(origin, proxy, cache):
    path, origin.cut = proxy.path(), 50
    with pytest.raises(Exception, match="IncompleteRead"):
        proxy.get(path)
    assert settled(cache) == []
    origin.cut = 0
    assert proxy.get(path)[1] == origin.files["demo-1.0-py3-none-any.whl"]
    assert settled(cache, 1)


def test_the_remains_of_a_killed_proxy_are_removed(origin, proxy, cache):
    sha256 = origin.sha256("demo-1.0-py3-none-any.whl")
    (cache / f"{sha256}.part").write_bytes(b"000000000009999\nrest")
    assert proxy.get(proxy.path())[1] == origin.files["demo-1.0-py3-none-any.whl"]
    assert settled(cache, 1) == [sha256]


@pytest.mark.parametrize("limits", [{"most_stored": 100}, {"free_disk": 2**60}])
def test_a_file_that_does_not_fit_into_the_cache_is_fetched_from_its_origin(limits, origin, cache):
    proxy = Proxy(origin.url, cache, **{"free_disk": 0, **limits})
    answer, _ = proxy.get(proxy.path())
    assert (answer.status, answer.headers["Location"]) == (
        302,
        f"{origin.url}/packages/demo-1.0-py3-none-any.whl",
    )
    assert settled(cache) == []


def test_files_are_not_cached_beyond_the_total_limit(origin, cache):
    origin.files["demo-2.0-py3-none-any.whl"] = wheel(b"number = 2\n")
    proxy = Proxy(origin.url, cache, free_disk=0, most_stored=1000)
    assert proxy.get(proxy.path())[0].status == 200
    assert len(settled(cache, 1)) == 1
    assert proxy.get(proxy.path("demo-2.0-py3-none-any.whl"))[0].status == 302
    assert proxy.get(proxy.path())[0].status == 200


def test_pip_is_redirected_to_the_index_without_a_writable_folder(origin, tmp_path):
    proxy = Proxy(origin.url, tmp_path / "missing")
    assert proxy.get("/simple/demo/")[0].headers["Location"] == f"{origin.url}/simple/demo/"


def test_simultaneous_requests_share_one_download_even_across_two_proxies(origin, proxy, cache, capsys):
    origin.files["demo-1.0-py3-none-any.whl"] = wheel(os.urandom(300_000))
    origin.pause = 0.5
    both = [proxy, Proxy(origin.url, cache, free_disk=0)]
    paths = [one.path() for one in both]
    contents = []

    def request(number):
        contents.append(both[number % 2].get(paths[number % 2])[1])

    threads = [threading.Thread(target=request, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contents == [origin.files["demo-1.0-py3-none-any.whl"]] * 12
    assert origin.downloads() == 1
    assert settled(cache, 1)
    assert capsys.readouterr().out.count("SHARED") == 11


def test_a_client_that_disconnects_does_not_end_the_download_of_others(origin, proxy, cache):
    origin.files["demo-1.0-py3-none-any.whl"] = wheel(os.urandom(3_000_000))
    origin.pause = 0.3
    path = proxy.path()
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        assert client.recv(12) == b"HTTP/1.1 200"
    assert proxy.get(path)[1] == origin.files["demo-1.0-py3-none-any.whl"]
    assert origin.downloads() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/files/../../etc/passwd",
        "/files/{sha256}/demo-1.0-py3-none-any.whl",
        "/files/{sha256}/{zeros}/http/{place}/packages/demo-1.0-py3-none-any.whl",
        "/files/{other}/{signature}/http/{place}/packages/demo-1.0-py3-none-any.whl",
        "/files/{sha256}/{signature}/http/{place}/packages/demo-2.0-py3-none-any.whl",
        "/files/{sha256}/{signature}/http/127.0.0.1:22/packages/demo-1.0-py3-none-any.whl",
        "/files/{sha256}/{signature}/http/{place}/packages/demo-1.0-py3-none-any.whl/../x",
        "/files/{sha256}/{signature}/http/{place}/packages/demo-1.0-py3-none-any.whl?x=1",
        "/files/{sha256}/{signature}/http/{place}/packages/demo-1.0-py3-none-any.whl.metadata.metadata",
        "/simple/../../../etc/passwd",
        "/simple/..",
        "/simple/%2e%2e/",
        "/simple/demo/../other/",
        "/simple/demo?x",
        "/simple/" + "n" * 5000,
        "/simple/a@b/",
        "//other.example/simple/demo/",
        "/",
        "/proxy",
    ],
)
def test_only_files_that_a_page_has_listed_can_be_requested(path, origin, proxy, cache):
    parts = proxy.path().split("/")
    values = {
        "sha256": parts[2],
        "signature": parts[3],
        "place": parts[5],
        "zeros": "0" * 32,
        "other": "1" * 64,
    }
    requested = len(origin.requests)
    answer, _ = proxy.get(path.format(**values))
    assert answer.status == 404
    assert len(origin.requests) == requested
    assert list(cache.iterdir()) == []


def test_paths_of_another_proxy_are_not_accepted(origin, proxy, cache):
    """Each proxy signs with its own key."""
    assert Proxy(origin.url, cache).get(proxy.path())[0].status == 404


@pytest.mark.parametrize(
    "name", ["demo-1.0+cpu-py3-none-any.whl", "demo-1.0%2Bcpu-py3-none-any.whl", "démo 1@0.zip"]
)
def test_files_with_unusual_characters_in_their_names_are_found_again(name, origin, proxy, cache):
    origin.files = {unquote(name): b"content"}
    origin.named = {unquote(name): hashlib.sha256(b"content").hexdigest()}
    origin.page = (
        200,
        "text/html",
        f'<a href="/packages/{name.replace("é", "%c3%A9").replace(" ", "%20")}#sha256={origin.sha256(unquote(name))}">x</a>'.encode(),
    )
    path = proxy.get("/simple/demo/", "text/html")[1].decode().partition('"')[2].partition("#")[0]
    assert proxy.get(path)[1] == b"content"
    assert proxy.get(path.replace("%2B", "+").replace("%40", "@"))[1] == b"content"
    assert len(settled(cache, 1)) == 1


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE", "get"])
def test_other_methods_change_nothing(method, origin, proxy, cache):
    path = proxy.path()
    requested = len(origin.requests)
    assert proxy.get(path, method=method)[0].status == 302
    assert len(origin.requests) == requested
    assert list(cache.iterdir()) == []


def test_a_program_that_bypasses_the_proxy_for_loopback_addresses_gets_a_response(origin, proxy):
    assert proxy.get("/simple/demo/", prefix="")[0].status == 200


@pytest.mark.parametrize(
    "prefix", ["http://127.0.0.1:31289", "http://127.0.0.1", "http://localhost:3128", "http://other.example"]
)
def test_requests_for_other_hosts_are_refused(prefix, proxy):
    assert proxy.get("/simple/demo/", prefix=prefix)[0].status == 403


def test_headers_of_a_build_step_are_not_forwarded(origin, proxy):
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.sendall(
            b"GET http://127.0.0.1:3128/simple/demo/ HTTP/1.1\r\nHost: other.example\r\nContent-Length: 60\r\n"
            b"Transfer-Encoding: chunked\r\nX: y\r\n\r\nGET http://127.0.0.1:3128/simple/second/ HTTP/1.1\r\n\r\n"
        )
        client.settimeout(10)
        assert client.recv(15).startswith(b"HTTP/1.1 200 OK")
    assert origin.requests == ["/simple/demo/"]


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--require-hashes"]])
def test_pip_downloads_through_the_index(options, origin, proxy, cache, tmp_path):
    name = "demo-1.0-py3-none-any.whl"
    (tmp_path / "requirements.txt").write_text(f"demo==1.0 --hash=sha256:{origin.sha256(name)}\n")
    settings = {key: value for key, value in os.environ.items() if not key.upper().endswith("_PROXY")}
    settings |= {"PIP_INDEX_URL": f"http://127.0.0.1:{proxy.port}/simple/", "PIP_CONFIG_FILE": os.devnull}
    settings.pop("PIP_FIND_LINKS", None)
    for number in (1, 2):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-cache-dir",
            "-d",
            str(tmp_path / str(number)),
        ]
        done = subprocess.run(
            [*command, *options, "-r", str(tmp_path / "requirements.txt")],
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (tmp_path / str(number) / name).read_bytes() == origin.files[name]
        assert len(settled(cache, 1)) == 1
    assert origin.downloads() == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[global]\nindex-url = https://name:p%40ss@mirror.example/root/simple\ncert = /ca.pem\n",
            ("https://mirror.example/root/simple/", "Basic bmFtZTpwQHNz", "/ca.pem"),
        ),
        (
            "[global]\nindex_url=http://a.example/\n[install]\nindex-url=http://b.example/simple/\n",
            ("http://b.example/simple/", "", ""),
        ),
        ("[global]\nindex-url = file:///wheels\n", ("", "", "")),
        ("[global]\nindex-url\n= x [\n", None),
        ("", None),
    ],
)
def test_the_index_is_read_from_the_pip_configuration(text, expected, tmp_path, monkeypatch):
    for name in ("PIP_INDEX_URL", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pip.conf").write_text(text)
    found = settings_of_pip(str(tmp_path / "pip.conf"))
    if expected is None:
        from pip._internal.models.index import PyPI

        expected = (f"{PyPI.simple_url}/", "", "")
    assert (found.url, found.authorization, found.certificates) == expected
    assert "p@ss" not in repr(found)
    assert "Basic" not in repr(found)


def test_an_index_without_an_http_url_is_reported_as_unreachable(cache, capsys):
    proxy = Proxy("", cache)
    index = PackageIndex(IndexSettings(""), socket.create_connection, proxy.cache)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"GET /simple/demo/ HTTP/1.1\r\n\r\n")
        PackageProxy(set(), set(), index)(theirs)
        assert ours.recv(100).startswith(b"HTTP/1.1 502 the host cannot be reached")
    assert capsys.readouterr().out.startswith("UNREACHABLE index-of-pip:")


@pytest.mark.slow
def test_the_program_fits_into_a_command_line_and_has_no_dependencies(tmp_path):
    program = proxy_program()
    assert len(program) < 30_000
    command = [sys.executable, "-I", "-c", program.replace("module.main()", "print(module.PackageProxy)")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "<class 'evaluation.engine.package_proxy.PackageProxy'>\n"
