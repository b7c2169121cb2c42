"""The documentation of a bundle: README.md, bundle.json and SHA256SUMS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pipeline.bundles.archive import Entry
from pipeline.bundles.collecting import SourceRecord

MANIFEST, README, CHECKSUMS = "bundle.json", "README.md", "SHA256SUMS"
_FORMAT = "app07-bundle-1"

_ABOUT = """\
`sha256sum --check SHA256SUMS` verifies all files; `bundle.json` has the same information in machine-readable form.
Models were loaded by a loader that executes no code from a file. Code was not examined: it runs only in its
container.
"""
_RUN = {
    "compose": """\
    docker-compose up --build --abort-on-container-exit      (1.29.2)
    docker compose up --build --abort-on-container-exit      (2.x)

A plain `up` also works. The exit status of the last container is that of the run.
""",
    "swarm": """\
Build each image under its name in the file, on every node or for a registry of the swarm, then deploy the stack:

    docker build --file containers/NAME/Dockerfile --tag IMAGE .
    docker stack deploy --compose-file docker-stack.yml NAME
""",
    "kubernetes": """\
Build each image under its name in the file, push it to a registry that the cluster can pull from, then create the Job:

    docker build --file containers/NAME/Dockerfile --tag IMAGE .
    kubectl apply -f kubernetes.yaml
""",
}


def manifest(
    target: str, entries: Mapping[str, Entry], sources: Sequence[SourceRecord], warnings: Sequence[str]
) -> bytes:
    """Return the content of bundle.json: every file with its hash, and every source.

    Args:
        target: the target of the generated file.
        entries: the files of the bundle.
        sources: the fetched files and repositories.
        warnings: the files that were left out, and the settings that the generated file does not reproduce.
    """
    files = [
        {"path": path, "size": entry.size(), "sha256": entry.sha256()}
        for path, entry in sorted(entries.items())
    ]
    content = {
        "format": _FORMAT,
        "target": target,
        "sources": [asdict(source) for source in sources],
        "warnings": list(warnings),
        "files": files,
    }
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def checksums(entries: Mapping[str, Entry]) -> bytes:
    """Return the hashes of all files in the format of ``sha256sum --check``."""
    lines = [f"{entry.sha256()}  {path}\n" for path, entry in sorted(entries.items())]
    return "".join(lines).encode("utf-8")


def readme(target: str, text_name: str, sources: Sequence[SourceRecord], warnings: Sequence[str]) -> bytes:
    """Return the content of README.md.

    Args:
        target: the target of the generated file.
        text_name: the name of the generated file.
        sources: the fetched files and repositories.
        warnings: the files that were left out, and the settings that the generated file does not reproduce.
    """
    parts = [
        "# A generated stack\n",
        f"`{text_name}` was generated from a request; everything that it needs is in this folder.\n",
        f"## Run it\n\n{_RUN[target]}",
        "## Fetched files\n",
        _table(sources) if sources else "None.\n",
        _ABOUT,
    ]
    if warnings:
        parts += ["## Warnings\n", "".join(f"- {_code(text)}\n" for text in warnings)]
    return "\n".join(parts).encode("utf-8")


def _table(sources: Sequence[SourceRecord]) -> str:
    lines = ["| file | source | version | stated in the request | content |", "|---|---|---|---|---|"]
    for source in sources:
        version = f"commit {_code(source.commit)}" if source.commit else f"SHA-256 {_code(source.sha256)}"
        stated = "yes" if source.demanded else "no, recorded when fetched"
        cells = (
            _code(source.path),
            _code(source.url),
            version,
            stated,
            source.about or f"{source.size} bytes",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """Return an untrusted string as a Markdown code span that cannot break out of its table cell."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text[:400])
    return f"`{plain.replace('`', '?').replace('|', '?')}`"
