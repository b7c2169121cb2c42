"""Build the wheel that a tracked model contains: `pybrain` and `pybrain_runtime`, which only require NumPy.

A wheel is a ZIP archive. It is written directly, so neither a build tool nor a package index is needed; Python can
import from it, and pip can install it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib.util import find_spec
from pathlib import Path

from pybrain_runtime import __version__

PACKAGES = ("pybrain", "pybrain_runtime")
NAME = f"app07_runtime-{__version__}-py3-none-any.whl"
_INFO = f"app07_runtime-{__version__}.dist-info"
_LEFT_OUT = {"__pycache__", "tests"}
_METADATA = f"""Metadata-Version: 2.1
Name: app07-runtime
Version: {__version__}
Summary: Runs PyBrain networks on NumPy.
Requires-Python: >=3.11
Requires-Dist: numpy>=2.1,<3
"""
_WHEEL = "Wheel-Version: 1.0\nGenerator: app07\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel_bytes() -> bytes:
    """Return the content of the wheel. The build is reproducible: the same code gives the same bytes."""
    contents = {
        f"{package}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for package in PACKAGES
        for folder in [_folder(package)]
        for path in sorted(folder.rglob("*.py"))
        if not _LEFT_OUT & set(path.relative_to(folder).parts)
    }
    contents |= {f"{_INFO}/METADATA": _METADATA.encode(), f"{_INFO}/WHEEL": _WHEEL.encode()}
    contents[f"{_INFO}/RECORD"] = _record(contents).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            about = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            about.external_attr = 0o644 << 16
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, content)
    return buffer.getvalue()


def _folder(package: str) -> Path:
    found = find_spec(package)
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def _record(contents: dict[str, bytes]) -> str:
    """Return the list of files with their hashes, which pip verifies."""
    lines = []
    for name, content in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{_INFO}/RECORD,,"]) + "\n"
