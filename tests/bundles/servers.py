"""Local servers for the tests: files and unusual responses over HTTP, and repositories over HTTPS."""

from __future__ import annotations

import atexit
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = Callable[[BaseHTTPRequestHandler], None]


@cache
def _tls_folder() -> Path:
    """Create a key and a certificate for localhost, which are removed when this process exits."""
    folder = Path(tempfile.mkdtemp(prefix="tls-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    words = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run(["openssl", "req", *words, *name, *files], cwd=folder, check=True, capture_output=True)
    return folder


def certificates() -> dict[str, str]:
    """Return the environment variables with which programs trust the certificate of the local servers."""
    certificate = str(_tls_folder() / "certificate.pem")
    return {"SSL_CERT_FILE": certificate, "GIT_SSL_CAINFO": certificate}


@contextmanager
def http_server(answers: Mapping[str, Answer | bytes], *, tls: bool = False) -> Iterator[str]:
    """Run a server and yield its host and port.

    Args:
        answers: by path, a function that sends the response, or the content of a file; "" for all other paths.
        tls: whether the server uses HTTPS.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path, answers.get("", b""))
            if callable(answer):
                answer(self)
            elif answer:
                send(self, answer)
            else:
                self.send_error(404)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(_tls_folder() / "certificate.pem", _tls_folder() / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
        thread.start()
        try:
            yield f"localhost:{server.server_address[1]}"
        finally:
            server.shutdown()


def send(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Send a response; ``_`` in header names is replaced by ``-``."""
    request.send_response(status)
    for name, value in {"content_length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def redirect(location: str) -> Answer:
    """Return a response that redirects."""
    return lambda request: send(request, b"", 302, location=location)


@contextmanager
def git_server(root: Path, *, tls: bool = True) -> Iterator[str]:
    """Serve the repositories in a folder with ``git http-backend`` and yield host and port."""
    with http_server({"": lambda request: _backend(request, root)}, tls=tls) as place:
        yield place


def _backend(request: BaseHTTPRequestHandler, root: Path) -> None:
    path, _, query = request.path.partition("?")
    variables = {
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "uploadpack.allowAnySHA1InWant",
        "GIT_CONFIG_VALUE_0": "true",
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
    }
    body = request.rfile.read(int(request.headers.get("content-length") or 0))
    ended = subprocess.run(
        ["git", "http-backend"], input=body, capture_output=True, env=variables, check=False
    )
    head, _, content = ended.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line)
    status = int(headers.pop("Status", "200").split()[0])
    send(
        request, content, status, **{name.lower().replace("-", "_"): value for name, value in headers.items()}
    )


def make_repository(
    root: Path, name: str, files: Mapping[str, bytes], links: Mapping[str, str] | None = None
) -> str:
    """Create a bare repository with one commit on the branch main and return the commit hash.

    Args:
        root: the folder that is served.
        name: the name of the repository.
        files: the content of its files by path.
        links: the targets of its symbolic links by path.
    """
    work = root / f"{name}.work"
    for path, content in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    for path, target in (links or {}).items():
        (work / path).symlink_to(target)
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "add", "--all", "--force")
    git(work, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=x")
    git(root, "clone", "--quiet", "--bare", str(work), name)
    return git(work, "rev-parse", "HEAD")


def git(folder: Path, *words: str, text: str = "") -> str:
    """Run git in a folder with a string as its input and return its output."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *words]
    ended = subprocess.run(command, check=True, input=text, capture_output=True, text=True, env=environment)
    return ended.stdout.strip()
