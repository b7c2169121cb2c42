"""Explain a file that the program of codebase does not find: compare what it opens with what was copied."""

from __future__ import annotations

import posixpath
import re

from common.project import ACTIVATIONBASE, KNOWLEDGEBASE
from evaluation.causes.explanation import Explanation
from evaluation.causes.program import FailedProgram

_PATH = re.compile(
    r"(?:No such file or directory:?|[Ff]ile not found:?|does not exist:?|not found:?)\s*['\"]?([^'\"\n]+?)['\"]?\.?$"
)
_NETWORKS = (".pkl", ".pickle", ".xml", ".net", ".p")


def explain_missing_file(program: FailedProgram) -> Explanation | None:
    """Explain an error about a missing file; return None for any other error.

    Args:
        program: how the program failed.
    """
    kind = program.crash.kind if program.crash else ""
    match = _PATH.search(program.error)
    if kind not in ("FileNotFoundError", "OSError", "IOError", "") or not match:
        return None
    if not kind and not re.search(r"No such file|[Ff]ile not found|does not exist", program.error):
        return None
    path = posixpath.normpath(match.group(1).strip())
    absolute = path if path.startswith("/") else posixpath.join(_working_folder(program), path)
    what = f"{program.statement} fails with {program.error}."
    target = program.shared_target
    if not target:
        return Explanation(
            "no-shared-folder", "codebase does not see the shared folder", what,
            "Give codebase the same volume as the others in the compose file: ./shared_data:/shared_data",
        )  # fmt: skip
    name = posixpath.relpath(absolute, target) if absolute.startswith(f"{target.rstrip('/')}/") else ""
    if name and name in program.files:
        return Explanation(
            "no-waiting", "codebase does not wait for its files",
            f"{what} {name} was copied into the shared folder only afterwards.",
            "depends_on alone waits until a container has started, not until it has copied. Give the data "
            "containers a "
            "healthcheck that looks for the file, and let codebase wait for `condition: service_healthy`.",
        )  # fmt: skip
    there = ", ".join(program.files[:8]) or "nothing"
    kind_of = _same_kind(program, path)
    instead = posixpath.join(target, kind_of) if kind_of else ""
    return Explanation(
        "path-differs", "codebase opens a file that no container delivers",
        f"{what} The shared folder, which codebase sees as {target}, contains: {there}.",
        f"Open {instead} in {program.place}, or set the variable that names the file." if instead else
        f"Let the data container copy its file to {posixpath.join(target, posixpath.basename(path))}: it did "
        f"not arrive there.",
    )  # fmt: skip


def _working_folder(program: FailedProgram) -> str:
    """Return the working directory of the program: that of the service, otherwise that of the image."""
    service = program.evidence.safe_stack.services.get(program.evidence.roles.code)
    folder = str(service.settings.get("working_dir", "")) if service else ""
    return folder or posixpath.dirname(program.code.inside) or "/"


def _same_kind(program: FailedProgram, path: str) -> str:
    """Return the file of the shared folder that the program needs: the rows for a table, the network for a network."""
    wants_network = path.lower().endswith(_NETWORKS)
    usual = program.evidence.roles.data.get(KNOWLEDGEBASE if wants_network else ACTIVATIONBASE, "")
    if usual in program.files:
        return usual
    ending = posixpath.splitext(path)[1].lower()
    same = [name for name in program.files if ending and name.lower().endswith(ending)]
    return same[0] if len(same) == 1 else ""
