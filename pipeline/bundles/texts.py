"""What a bundle says about itself: README.md, bundle.json and SHA256SUMS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pipeline.bundles.archive import Entry
from pipeline.bundles.collecting import SourceRecord

MANIFEST, README, CHECKSUMS = "bundle.json", "README.md", "SHA256SUMS"
_FORMAT = "app07-bundle-1"

_ABOUT = """\
`sha256sum --check SHA256SUMS` compares all files with the ones that were put here; `bundle.json` has the same facts
for programs. Models have passed a loader that executes nothing of a file. Code was not examined: it runs in its
container only.
"""
_RUN = {
    "compose": """\
    docker-compose up --build --abort-on-container-exit      (1.29.2)
    docker compose up --build --abort-on-container-exit      (2.x)

A plain `up` works as well. The exit status of the last container is that of the run.
""",
    "swarm": """\
Build each image under its name in the file, on every node or for a registry of the swarm, then deploy the stack:

    docker build --file containers/NAME/Dockerfile --tag IMAGE .
    docker stack deploy --compose-file docker-stack.yml NAME
""",
    "kubernetes": """\
Build each image under its name in the file, push it to a registry of the cluster, then create the Job:

    docker build --file containers/NAME/Dockerfile --tag IMAGE .
    kubectl apply -f kubernetes.yaml
""",
}


def manifest(
    target: str, entries: Mapping[str, Entry], sources: Sequence[SourceRecord], warnings: Sequence[str]
) -> bytes:
    """Return bundle.json: every file with its hash, and where it comes from.

    Args:
        target: the target of the generated text.
        entries: the files of the bundle.
        sources: what was fetched.
        warnings: what was left out, or not carried over.
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
    """Return the hashes of all files, as ``sha256sum --check`` reads them."""
    lines = [f"{entry.sha256()}  {path}\n" for path, entry in sorted(entries.items())]
    return "".join(lines).encode("utf-8")


def readme(target: str, text_name: str, sources: Sequence[SourceRecord], warnings: Sequence[str]) -> bytes:
    """Return the README of a bundle.

    Args:
        target: the target of the generated text.
        text_name: the file with that text.
        sources: what was fetched.
        warnings: what was left out, or not carried over.
    """
    parts = [
        "# A generated stack\n",
        f"`{text_name}` was generated from a request; everything that it needs is in this folder.\n",
        f"## Run it\n\n{_RUN[target]}",
        "## What was fetched\n",
        _table(sources) if sources else "Nothing.\n",
        _ABOUT,
    ]
    if warnings:
        parts += ["## Warnings\n", "".join(f"- {_code(text)}\n" for text in warnings)]
    return "\n".join(parts).encode("utf-8")


def _table(sources: Sequence[SourceRecord]) -> str:
    lines = ["| file | source | version | stated in the request | what it is |", "|---|---|---|---|---|"]
    for source in sources:
        version = f"commit {_code(source.commit)}" if source.commit else f"SHA-256 {_code(source.sha256)}"
        stated = "yes" if source.demanded else "no, recorded when it was fetched"
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
    """Return a text of a stranger for Markdown: nothing in it ends the code span, the cell or the line."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text[:400])
    return f"`{plain.replace('`', '?').replace('|', '?')}`"
