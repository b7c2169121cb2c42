"""A hint about a missing package names a command that works where the program runs, and packages that exist."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from app07_client.settings import missing_httpx
from common.extras import EXTRAS
from common.project import PROJECT, Layout
from pipeline.checkout.contents import DATA
from pipeline.checkout.optional_packages import install_command, pinned_packages


@pytest.fixture
def site(tmp_path: Path) -> Layout:
    """Return a folder of installed packages that holds the files of a checkout."""
    data = tmp_path / "site-packages" / DATA
    shutil.copytree(PROJECT.root / "requirements", data / "requirements")
    shutil.copy(PROJECT.root / "pyproject.toml", data)
    return Layout(tmp_path / "site-packages")


def pinned(name: str) -> str:
    found = re.search(rf"^{name}==(\S+)", (PROJECT.root / "requirements-test.lock").read_text(), re.MULTILINE)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_optional_part_has_its_packages_with_versions(extra: str, site: Layout) -> None:
    texts = tomllib.loads((PROJECT.root / "pyproject.toml").read_text(encoding="utf-8"))
    required = texts["project"]["optional-dependencies"][extra]
    assert len(pinned_packages(extra)) == len(required)
    assert pinned_packages(extra, site) == pinned_packages(extra)


@pytest.mark.parametrize(
    ("marker", "prefix", "has_pip", "command"),
    [
        ("", "venv", True, "/v/python -m pip install '{onnx}' '{onnxruntime}'"),
        ("pipx_metadata.json", "pipx", False, "pipx inject app07 '{onnx}' '{onnxruntime}'"),
        (
            "uv-receipt.toml",
            "tools/app07",
            False,
            "uv pip install --python /v/python '{onnx}' '{onnxruntime}'",
        ),
        ("", "archive-v0/x1", False, "uvx --with '{onnx}' --with '{onnxruntime}' ..."),
    ],
)
def test_the_command_is_that_of_the_tool_that_installed_the_program(
    marker: str, prefix: str, has_pip: bool, command: str, site: Layout, tmp_path: Path
) -> None:
    environment = tmp_path / prefix
    environment.mkdir(parents=True)
    if marker:
        (environment / marker).touch()
    found = install_command("onnx", site, prefix=str(environment), python="/v/python", has_pip=has_pip)
    assert found == command.format(onnx=pinned("onnx"), onnxruntime=pinned("onnxruntime"))


def test_in_a_checkout_the_lock_file_is_installed(tmp_path: Path) -> None:
    root = tmp_path / "my checkout"
    for folder in ("container3_codebase", "requirements"):
        (root / folder).mkdir(parents=True)
    lock = root / "requirements" / "onnx.lock"
    lock.touch()
    assert (
        install_command("onnx", Layout(root), python="/v/python") == f"/v/python -m pip install -r '{lock}'"
    )
    assert install_command("fast", Layout(root), python="/v/python") == ""


def test_an_unknown_part_has_no_command(site: Layout) -> None:
    assert install_command("unknown", site) == ""
    assert install_command("onnx", Layout(site.root / "nothing")) == ""


@pytest.mark.slow
def test_no_message_recommends_a_package_name_that_is_not_ours() -> None:
    folders = ("pipeline", "evaluation", "common", "container3_codebase", "docs")
    texts = [
        *PROJECT.root.glob("*.md"),
        *(path for name in folders for path in (PROJECT.root / name).rglob("*")),
    ]
    readable = [path for path in texts if path.suffix in (".py", ".md", ".sh", ".html", ".js")]
    assert len(readable) > 500
    advised = re.compile(r"(install|inject|--with|--from)[^\n]*['\" ]app07(\[|['\"]|$)", re.MULTILINE)
    assert [path.name for path in readable if advised.search(path.read_text(encoding="utf-8"))] == []


def test_the_client_names_the_requirement_of_its_extra() -> None:
    texts = tomllib.loads((PROJECT.root / "pyproject.toml").read_text(encoding="utf-8"))
    (required,) = texts["project"]["optional-dependencies"]["client"]
    assert str(missing_httpx(ImportError("no"))).endswith(f" Run: pip install '{required}'")
