"""A package index for pip inside the proxy of the builds: it downloads each file once, and keeps it for other builds.

Pages come from the index that pip is configured with in this image. Their links to files with a SHA-256 are rewritten
to signed paths on this server, so that only files that a page links to can be requested. Whatever cannot be served
(too large, no room, no response in time, an error of the index) is redirected to its original URL, which pip would use
without this index.

This module uses the standard library only; see `package_proxy`.
"""

from __future__ import annotations

import configparser
import hashlib
import hmac
import os
import re
import secrets
import socket
import ssl
import tempfile
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import IO
from urllib.parse import quote, unquote, urljoin, urlsplit

from evaluation.engine.index_pages import rewrite_page
from evaluation.engine.package_cache import START_SECONDS, PackageCache

# A page is held in memory twice for a moment, one at a time: the container has 128 MB.
LARGEST_PAGE = 16 * 1024**2
# Seconds during which an index that did not respond is not contacted again.
REST_SECONDS = 60.0
# Maximum number of lines that are printed about files.
MOST_LINES = 1000
_PAGES, _FILES = "/simple/", "/files/"
_MOST_REDIRECTIONS = 5
_SILENCE = 30.0
_CHUNK = 65536
_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
_FILE_URL = re.compile(r"(https?)://([A-Za-z0-9.-]+(?::\d{1,5})?)(/[^?#]+)")
_FILE_PATH = re.compile(
    _FILES + r"([0-9a-f]{64})/([0-9a-f]{32})/(https?)/([A-Za-z0-9.-]+(?:(?::|%3A)\d{1,5})?)(/[^?#]+)"
)
_UNESCAPED = re.compile(r"[A-Za-z0-9_./~-]*")
_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPTED = f"{_JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"


@dataclass(frozen=True)
class IndexSettings:
    """Which index pip uses.

    Attributes:
        url: the URL of the index, which ends with a slash; empty if it cannot be used over HTTP.
        authorization: the value of the Authorization header; empty for none.
        certificates: a file with CA certificates; empty for those of the system.
    """

    url: str
    authorization: str = field(default="", repr=False)
    certificates: str = ""


def settings_of_pip(path: str = "/etc/pip.conf") -> IndexSettings:
    """Return the index that pip uses in this image, from its configuration and its environment.

    Args:
        path: the configuration file.
    """
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser = configparser.RawConfigParser()
    values: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            values |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    url = os.environ.get("PIP_INDEX_URL") or values.get("index-url", "").strip() or _default_url()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return IndexSettings("")
    user, _, place = parts.netloc.rpartition("@")
    authorization = "Basic " + b64encode(unquote(user).encode()).decode() if user else ""
    plain = f"{parts.scheme}://{place}{parts.path.rstrip('/')}/"
    return IndexSettings(plain, authorization, os.environ.get("PIP_CERT") or values.get("cert", ""))


def _default_url() -> str:
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        return ""
    return str(PyPI.simple_url)


class PackageIndex:
    """Serves pages of the index, and the files that they link to.

    Args:
        settings: the index that pip uses.
        connect: connects to a host and a port; raises PermissionError if that is not allowed, OSError if it fails.
        cache: the files that are kept.
        on_served: called with the name of each file that was not downloaded for its request.
    """

    def __init__(
        self,
        settings: IndexSettings,
        connect: Callable[[str, int], socket.socket],
        cache: PackageCache,
        on_served: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.settings = settings
        self.connect = connect
        self.cache = cache
        self.on_served = on_served
        self._salt = secrets.token_bytes(32)
        self._pages = threading.Lock()
        self._rests_until = 0.0
        self._context: ssl.SSLContext | None = None

    def __call__(self, client: socket.socket, method: str, path: str, accepted: str) -> None:
        """Respond to one request.

        Args:
            client: the connection.
            method: the method.
            path: the path, without a host.
            accepted: the value of the header Accept.
        """
        if path == _PAGES[:-1] or path == _PAGES:
            _redirect(client, self.settings.url)
        elif path.startswith(_PAGES) and _PROJECT.fullmatch(name := path[len(_PAGES) :].removesuffix("/")):
            self._send_page(client, f"{self.settings.url}{name}/", accepted, method)
        elif file := self._file_of(path):
            self._send_file(client, *file, method)
        else:
            _respond(client, "404 no such path")

    # --- pages

    def _send_page(self, client: socket.socket, url: str, accepted: str, method: str) -> None:
        if not self.settings.url:
            _respond(client, "502 the host cannot be reached")
            return
        if method != "GET" or not self.cache.usable or time.monotonic() < self._rests_until:
            _redirect(client, url)
            return
        try:
            with self._rewritten(url, _ACCEPTED if _JSON in accepted else "text/html") as page:
                head = f"Content-Length: {page.file.seek(0, os.SEEK_END)}", f"Content-Type: {page.kind}"
                client.sendall(_head("200 OK", "Cache-Control: max-age=0", *head))
                client.sendfile(page.file)
        except _NotServed:
            _redirect(client, url)

    def _rewritten(self, url: str, accepted: str) -> _Page:
        """Fetch a page, and write it to an unnamed file with rewritten links.

        Raises:
            _NotServed: the index does not respond in time, or not with a page that can be served.
        """
        if not self._pages.acquire(timeout=START_SECONDS / 2):
            raise _NotServed
        try:
            deadline = time.monotonic() + START_SECONDS
            file = tempfile.TemporaryFile(dir=self.cache.folder)  # noqa: SIM115
            try:
                kind = self._write_page(file, url, accepted, deadline)
                file.flush()
                return _Page(file, kind)
            except BaseException:
                file.close()
                raise
        except _Refused as error:
            raise _NotServed from error
        except (OSError, HTTPException, zlib.error) as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            raise _NotServed from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _NotServed from error
        finally:
            self._pages.release()

    def _write_page(self, file: IO[bytes], url: str, accepted: str, deadline: float) -> str:
        """Write a page with rewritten links, and return its content type."""
        headers = {"Accept": accepted, "Accept-Encoding": "gzip", "Cache-Control": "max-age=0"}
        with self._get(url, headers, deadline) as fetched:
            kind = str(fetched.response.headers.get("Content-Type", ""))
            if not re.fullmatch(r"[ -~]{1,200}", kind):
                raise ValueError("no type")
            text = _whole(fetched, deadline)
        for piece in rewrite_page(text, kind, fetched.url, self._place):
            file.write(piece.encode("latin-1"))
        return kind

    def _place(self, url: str, sha256: str) -> str:
        """Return the path on this server for a file of the index; the file's own URL if it cannot be kept."""
        match = _FILE_URL.fullmatch(url)
        if not sha256 or not match or "/./" in url or "/../" in url:
            return url
        path = f"{match.group(1)}/{match.group(2)}{_quoted(match.group(3))}"
        return f"{_FILES}{sha256}/{self._signature(sha256, path)}/{path}"

    def _signature(self, sha256: str, path: str) -> str:
        return hashlib.blake2b(f"{sha256} {path}".encode(), key=self._salt, digest_size=16).hexdigest()

    # --- files

    def _file_of(self, path: str) -> tuple[str, str] | None:
        """Return the SHA-256 and the URL of a file that a page links to; for its metadata, the SHA-256 is empty."""
        match = _FILE_PATH.fullmatch(path)
        if not match:
            return None
        sha256, signature, scheme, host, rest = match.groups()
        host, plain = host.replace("%3A", ":"), _quoted(rest)
        for end in ("", ".metadata"):
            named = f"{scheme}/{host}{plain.removesuffix(end)}"
            if plain.endswith(end) and hmac.compare_digest(self._signature(sha256, named), signature):
                return ("" if end else sha256), f"{scheme}://{host}{plain}"
        return None

    def _send_file(self, client: socket.socket, sha256: str, url: str, method: str) -> None:
        file = None
        if sha256 and method == "GET":
            try:
                file = self.cache.open(sha256, lambda: self._download(url))
            except (OSError, ValueError, HTTPException):
                file = None
        if file is None:
            _redirect(client, url)
            return
        try:
            if file.shared:
                self.on_served(url.rpartition("/")[2])
            head = _head("200 OK", "Content-Type: application/octet-stream", f"Content-Length: {file.size}")
            client.sendall(head)
            for chunk in file.chunks():
                client.sendall(chunk)
        finally:
            file.close()

    def _download(self, url: str) -> _FileDownload:
        fetched = self._get(url, {"Accept-Encoding": "identity"}, time.monotonic() + START_SECONDS)
        try:
            length = fetched.response.headers.get("Content-Length", "")
            if not re.fullmatch(r"\d{1,14}", length, re.ASCII) or fetched.encoding not in ("", "identity"):
                raise ValueError("its size is unknown")
            fetched.connection.settimeout(_SILENCE)
            return _FileDownload(fetched, int(length))
        except BaseException:
            fetched.close()
            raise

    # --- requests

    def _get(self, url: str, headers: dict[str, str], deadline: float) -> _Fetched:
        """Request a URL, and follow redirects.

        Raises:
            OSError: the host is not allowed, cannot be reached, or does not respond in time.
            HTTPException: the response is not HTTP.
            ValueError: the response is an error or an invalid redirect.
        """
        for _ in range(_MOST_REDIRECTIONS):
            fetched = self._get_one(url, headers, deadline)
            location = fetched.response.headers.get("Location", "")
            if fetched.response.status == 200:
                return fetched
            fetched.close()
            if fetched.response.status not in (301, 302, 303, 307, 308) or not location:
                break
            redirected = urljoin(url, location)
            if not re.fullmatch(r"https?://[!-~]+", redirected) or (
                url.startswith("https:") and not redirected.startswith("https:")
            ):
                break
            url = redirected
        raise ValueError("no such page")

    def _get_one(self, url: str, headers: dict[str, str], deadline: float) -> _Fetched:
        parts = urlsplit(url)
        host, is_secure = parts.hostname or "", parts.scheme == "https"
        try:
            connection = self.connect(host, parts.port or (443 if is_secure else 80))
        except PermissionError as error:
            raise _Refused(str(error)) from error
        try:
            connection.settimeout(_remaining(deadline))
            if is_secure:
                connection = self._secure_context().wrap_socket(connection, server_hostname=host)
            request = _Connection(host, connection)
            every = {
                "Host": parts.netloc.rpartition("@")[2],
                "Connection": "close",
                "User-Agent": "app07",
                **headers,
            }
            if self.settings.authorization and parts.netloc == urlsplit(self.settings.url).netloc:
                every["Authorization"] = self.settings.authorization
            request.request(
                "GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=every
            )
            return _Fetched(url, connection, request.getresponse())
        except BaseException:
            connection.close()
            raise

    def _secure_context(self) -> ssl.SSLContext:
        if self._context is None:
            context = ssl.create_default_context(cafile=self.settings.certificates or None)
            if not self.settings.certificates and not context.get_ca_certs():
                from pip._vendor import certifi

                context.load_verify_locations(certifi.where())
            self._context = context
        return self._context


class _Refused(OSError):
    """A host that is not allowed."""


class _NotServed(Exception):
    """A page that pip gets from the index itself."""


@dataclass(frozen=True)
class _Page:
    """A page in a file. A context manager that closes the file."""

    file: IO[bytes]
    kind: str

    def __enter__(self) -> _Page:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


class _Connection(HTTPConnection):
    """A connection that is already open, and is not opened again."""

    auto_open = 0

    def __init__(self, host: str, connected: socket.socket) -> None:
        super().__init__(host)
        self.sock = connected


@dataclass(frozen=True)
class _Fetched:
    """A response of the index. A context manager that closes the connection."""

    url: str
    connection: socket.socket
    response: HTTPResponse

    @property
    def encoding(self) -> str:
        return str(self.response.headers.get("Content-Encoding", "")).strip().lower()

    def close(self) -> None:
        self.response.close()
        self.connection.close()

    def __enter__(self) -> _Fetched:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(frozen=True)
class _FileDownload:
    fetched: _Fetched
    size: int

    def read(self) -> bytes:
        return self.fetched.response.read1(_CHUNK)

    def close(self) -> None:
        self.fetched.close()


def _quoted(path: str) -> str:
    """Return a path in the form that pip gives it: programs escape characters in different ways."""
    return path if _UNESCAPED.fullmatch(path) else quote(unquote(path))


def _whole(fetched: _Fetched, deadline: float) -> str:
    """Return the content of a page, decoded as Latin-1.

    Raises:
        TimeoutError: reading the page takes too long.
        ValueError: the page is too large, or has an unknown encoding.
    """
    if fetched.encoding not in ("", "identity", "gzip"):
        raise ValueError(fetched.encoding)
    inflate = zlib.decompressobj(31) if fetched.encoding == "gzip" else None
    content = bytearray()
    while True:
        fetched.connection.settimeout(_remaining(deadline))
        chunk = fetched.response.read1(_CHUNK)
        content += inflate.decompress(chunk, LARGEST_PAGE + 1 - len(content)) if inflate else chunk
        if len(content) > LARGEST_PAGE:
            raise ValueError("the page is too large")
        if not chunk:
            if fetched.response.length or (inflate is not None and not inflate.eof):
                raise OSError("the page is incomplete")
            return content.decode("latin-1")


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining


def _redirect(client: socket.socket, url: str) -> None:
    _respond(client, "302 Found", f"Location: {url}")


def _respond(client: socket.socket, status: str, *headers: str, content: bytes = b"") -> None:
    client.sendall(_head(status, *headers, f"Content-Length: {len(content)}"))
    client.sendall(content)


def _head(status: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("ascii", "replace")


def parse_index_request(head: bytes, port: int) -> tuple[str, str, str] | None:
    """Return method, path and Accept of a request for this index; None if it is for another host.

    Programs that use no proxy for a loopback address send only the path.

    Args:
        head: the request line and the headers.
        port: the port of the proxy.

    Raises:
        ValueError: the request is malformed.
    """
    top = head.partition(b"\r\n\r\n")[0].decode("latin-1")
    line, *entries = top.split("\r\n")
    method, target, _ = line.split(" ", 2)
    path = target.removeprefix(f"http://127.0.0.1:{port}")
    if not path.startswith("/"):
        return None
    accepted = [
        value for name, _, value in (entry.partition(":") for entry in entries) if name.lower() == "accept"
    ]
    return method, path, ", ".join(accepted)


def print_lines(word: str) -> Callable[[str], None]:
    """Return a function that prints a line about a file, up to a limit.

    Args:
        word: the first word of each line.
    """
    count = 0

    def note(text: str) -> None:
        nonlocal count
        count += 1
        if count <= MOST_LINES:
            print(f"{word} {re.sub(r'[^A-Za-z0-9._+-]', '?', text)[:200]}", flush=True)

    return note
