"""Networks from MLflow's model registry: ``models:/NAME@ALIAS`` and ``models:/NAME/VERSION``.

Two or three requests with the standard library, without MLflow's client: its packages are 200 MB, and importing it
takes longer than most commands. Only the network's file and its card are read, no other files of the model, and the
network is loaded by the same safe loader as every other.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlencode

from common import atomic_files
from common.errors import EngineUnavailable, InputMissing, UsageError
from common.project import CARD_FILE, KNOWLEDGE_FILE, Layout
from training.server_address import check_address

_ADDRESS = re.compile(r"models:/+(?P<name>[^/@:]{1,255})(@(?P<alias>[\w-]{1,255})|/(?P<version>[0-9]{1,9}))")
_KNOWLEDGE_LIMIT, _CARD_LIMIT, _RESPONSE_LIMIT = 1 << 30, 1 << 20, 1 << 20
_REQUEST_SECONDS, _DOWNLOAD_SECONDS = 10.0, 120.0
_BLOCK = 1 << 16


class RegistryUnavailable(EngineUnavailable):
    """The MLflow server cannot be reached, or its responses are not those of MLflow."""


class Address(NamedTuple):
    """The address of a registered model.

    Attributes:
        name: the name of the model.
        alias: the alias of a version; empty if the address has a version.
        version: the version; empty if the address has an alias.
    """

    name: str
    alias: str
    version: str

    def __str__(self) -> str:
        return f"models:/{self.name}" + (f"@{self.alias}" if self.alias else f"/{self.version}")


def parse_address(text: str) -> Address:
    """Return the address of a registered model.

    Args:
        text: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.

    Raises:
        UsageError: the address has the wrong form.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{text} is not a valid address of a registered model",
            hint="Use models:/NAME@ALIAS or models:/NAME/VERSION.",
        )
    return Address(found["name"], found["alias"] or "", found["version"] or "")


def download(layout: Layout, environment: Mapping[str, str], address: str) -> str:
    """Download a registered network with its card, and return the path of the network.

    Args:
        layout: the checkout; the files are kept under its output folder.
        environment: the environment variables; ``MLFLOW_TRACKING_URI`` names the server.
        address: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.

    Raises:
        UsageError: the address is not valid, or no server is configured.
        InputMissing: the server has no such model, alias or version.
        RegistryUnavailable: the server cannot be reached.
    """
    found = parse_address(address)
    registry = Registry(environment)
    version = found.version or registry.version(found.name, found.alias)
    folder = layout.output / "registered_models" / _folder_name(found.name) / version
    content, card = registry.model(found.name, version)
    _replace(folder / CARD_FILE, card)
    _replace(folder / KNOWLEDGE_FILE, content)
    return str(folder / KNOWLEDGE_FILE)


@dataclass(frozen=True)
class Registry:
    """The model registry of an MLflow server.

    Args:
        environment: ``MLFLOW_TRACKING_URI``, and, if the server requires them, ``MLFLOW_TRACKING_USERNAME`` and
            ``MLFLOW_TRACKING_PASSWORD``, or ``MLFLOW_TRACKING_TOKEN``.
    """

    environment: Mapping[str, str]

    @property
    def uri(self) -> str:
        """The address of the server.

        Raises:
            UsageError: no server is configured, or its address is not valid.
        """
        uri = self.environment.get("MLFLOW_TRACKING_URI", "").strip()
        if not uri:
            raise UsageError(
                "A registered model requires an MLflow server, but none is configured.",
                hint="Set MLFLOW_TRACKING_URI, such as http://localhost:5001.",
            )
        check_address(uri)
        return uri.rstrip("/")

    def version(self, name: str, alias: str) -> str:
        """Return the version that an alias of a model refers to.

        Args:
            name: the name of the model.
            alias: the alias.

        Raises:
            InputMissing: there is no such model or alias.
            RegistryUnavailable: the server cannot be reached.
        """
        query = urlencode({"name": name, "alias": alias})
        content = self._get(f"/api/2.0/mlflow/registered-models/alias?{query}", _RESPONSE_LIMIT)
        if content is None:
            raise InputMissing(
                f"MLflow at {self.uri} has no model {name} with the alias {alias}",
                path=f"models:/{name}@{alias}",
            )
        try:
            version = json.loads(content)["model_version"]["version"]
        except (ValueError, KeyError, TypeError, RecursionError):
            version = None
        if not isinstance(version, str) or not re.fullmatch("[0-9]{1,9}", version):
            raise RegistryUnavailable(f"{self.uri} does not respond as an MLflow server")
        return version

    def model(self, name: str, version: str) -> tuple[bytes, bytes | None]:
        """Return the network of a model version, and its card; None if it has no card.

        Args:
            name: the name of the model.
            version: the version number.

        Raises:
            InputMissing: there is no such version, or the version has no network.
            RegistryUnavailable: the server cannot be reached.
        """
        content = self._file(name, version, KNOWLEDGE_FILE, _KNOWLEDGE_LIMIT)
        if content is None:
            raise InputMissing(
                f"MLflow at {self.uri} has no version {version} of a model {name} with {KNOWLEDGE_FILE}",
                path=f"models:/{name}/{version}",
            )
        return content, self._file(name, version, CARD_FILE, _CARD_LIMIT)

    def _file(self, name: str, version: str, file: str, limit: int) -> bytes | None:
        query = urlencode({"name": name, "version": version, "path": f"data/{file}"}, quote_via=quote)
        return self._get(f"/model-versions/get-artifact?{query}", limit)

    def _get(self, path: str, limit: int) -> bytes | None:
        """Return the response to a request; None if the server does not find it.

        The request is sent in a thread, because the timeout of a socket restarts with each byte: a server that sends
        its headers byte by byte would never exceed it.
        """
        responses: list[bytes | None] = []
        errors: list[Exception] = []

        def request() -> None:
            try:
                responses.append(self._requested(path, limit))
            except Exception as error:  # raised again below
                errors.append(error)

        thread = threading.Thread(target=request, daemon=True)
        thread.start()
        thread.join(_DOWNLOAD_SECONDS)
        if errors:
            raise errors[0]
        if not responses:
            raise self._too_slow()
        return responses[0]

    def _requested(self, path: str, limit: int) -> bytes | None:
        request = urllib.request.Request(self.uri + path, headers=self._credentials())
        opener = urllib.request.build_opener(_NoRedirects)
        deadline = time.monotonic() + _DOWNLOAD_SECONDS
        try:
            with opener.open(request, timeout=_REQUEST_SECONDS) as response:
                return self._read(response, limit, deadline)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (400, 404) and b"error_code" in error.read(_RESPONSE_LIMIT):
                    return None
            reason = {401: "requires a user name and password", 403: "refuses access"}.get(
                error.code, f"responds with status {error.code}"
            )
            raise RegistryUnavailable(f"MLflow at {self.uri} {reason}") from None
        except http.client.HTTPException:
            raise RegistryUnavailable(f"{self.uri} does not respond as an MLflow server") from None
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "reason", "") or error)
            raise RegistryUnavailable(f"MLflow at {self.uri} cannot be reached: {reason[:200]}") from None

    def _read(self, response: Any, limit: int, deadline: float) -> bytes:
        blocks, size = [], 0
        while block := response.read1(_BLOCK):  # read() would wait for a whole block
            blocks.append(block)
            size += len(block)
            if size > limit:
                raise RegistryUnavailable(f"MLflow at {self.uri} responds with more than {limit:,} bytes")
            if time.monotonic() > deadline:
                raise self._too_slow()
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) != size:
            raise RegistryUnavailable(
                f"MLflow at {self.uri} closed the connection after {size:,} of {announced} bytes"
            )
        return b"".join(blocks)

    def _too_slow(self) -> RegistryUnavailable:
        return RegistryUnavailable(
            f"MLflow at {self.uri} did not send its response within {_DOWNLOAD_SECONDS:.0f} s"
        )

    def _credentials(self) -> dict[str, str]:
        user, password, token = (
            self.environment.get(f"MLFLOW_TRACKING_{part}", "") for part in ("USERNAME", "PASSWORD", "TOKEN")
        )
        if user and password:
            return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        return {"Authorization": f"Bearer {token}"} if token else {}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, because it could lead to another host, which would receive the password."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def _folder_name(name: str) -> str:
    """Return a folder name for a model, whose name on the server may have any characters."""
    return re.sub(r"[^\w-]", lambda found: f"%{ord(found[0]):02X}", name)[:200]


def _replace(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif not path.is_file() or path.read_bytes() != content:
        with atomic_files.atomic_write(path) as temporary:
            temporary.write_bytes(content)
