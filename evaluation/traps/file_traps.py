"""Traps in the files of a submission, and in what its compose file requests."""

from __future__ import annotations

from evaluation.evidence.evidence import Evidence
from evaluation.result import ADVICE, BREAKS, RISK
from evaluation.submission.submission import FOUND_BY
from evaluation.traps.base import Places, Trap, detects

EMPTY_PYBRAIN = Trap(
    "empty-pybrain", "The pybrain folder is empty", BREAKS,
    "Submit the Python files of the library themselves. If the folder is a separate git repository, git "
    "stores only "
    "a pointer to it: remove its inner .git folder (rm -rf pybrain/.git; git rm --cached pybrain), then add "
    "the files.",
)  # fmt: skip


@detects(EMPTY_PYBRAIN)
def empty_pybrain(evidence: Evidence) -> Places:
    """Find a pybrain folder without Python files."""
    if not evidence.layout.framework.is_computed:
        return
    code = evidence.places.codebase.folder
    folder = f"{code}/pybrain"
    submodule = [remark for remark in evidence.submission.remarks if remark.what == "submodule"]
    for remark in submodule:
        yield f"{remark.where}/", f"{remark.where} {remark.text}"
    if submodule or any(
        name.startswith(folder + "/") and name.endswith(".py") for name in evidence.submission.files
    ):
        return
    if evidence.submission.has_folder(folder) and not evidence.submission.has(".gitmodules"):
        yield (
            f"{folder}/",
            f"{folder}/ contains no Python file, and there is no .gitmodules file with the location of its files",
        )
    elif evidence.submission.has_folder(folder):
        yield f"{folder}/", f"{folder}/ is a submodule: its files were not submitted"
    elif evidence.submission.has_folder(code):
        yield (
            f"{code}/",
            f"there is no folder {folder}/ (git and archives omit empty folders)",
        )


OTHER_NAMES = Trap(
    "other-names", "Something has another name than in the task", ADVICE,
    "The evaluation found it, but the commands of the task do not: use the names from the task.",
)  # fmt: skip


@detects(OTHER_NAMES)
def other_names(evidence: Evidence) -> Places:
    """Find folders and files whose names differ from those in the rubric."""
    yield from evidence.places.remarks


ASKS_TOO_MUCH = Trap(
    "asks-too-much", "The compose file requests more than a submission is allowed", BREAKS,
    "The containers need a shared folder of the project and nothing else from the host.",
)  # fmt: skip


@detects(ASKS_TOO_MUCH)
def asks_too_much(evidence: Evidence) -> Places:
    """Find requests of the compose file that are not allowed."""
    for refusal in evidence.safe_stack.refusals:
        yield evidence.compose.where(refusal.where), str(refusal)


STAND_IN = Trap(
    "stand-in", "The compose file names something that is not part of the submission", ADVICE,
    "The evaluation ran the stack with a replacement, which costs no points. On another machine the stack needs it: "
    "explain in the README how to create it, or use a folder of the project.",
)  # fmt: skip


@detects(STAND_IN)
def placeholders(evidence: Evidence) -> Places:
    """Find what the evaluation replaced: external volumes and networks, GPUs, another architecture."""
    for one in evidence.safe_stack.placeholders:
        yield evidence.compose.where(one.where.partition(".")[0]), str(one)


UNSET_VARIABLE = Trap(
    "unset-variable", "A variable in the compose file is not set", RISK,
    "Submit a file .env with its value beside the compose file, or write a default: ${NAME:-value}. Compose inserts "
    "an empty string, and rejects an image whose name then begins with a slash.",
)  # fmt: skip
_SHOWN_VARIABLES = 10


@detects(UNSET_VARIABLE)
def unset_variables(evidence: Evidence) -> Places:
    """Find variables in the compose file that have neither a value in ``.env`` nor a default."""
    for name in evidence.compose.unset[:_SHOWN_VARIABLES]:
        yield evidence.compose.name, f"${{{name[:60]}}} has no value in .env and no default"


LEFTOVERS = Trap(
    "leftovers", "Results of an earlier run were submitted", ADVICE,
    "Leave shared_data empty (an empty file .gitkeep keeps the folder): only the files that a run writes count.",
)  # fmt: skip


@detects(LEFTOVERS)
def leftovers(evidence: Evidence) -> Places:
    """Find results of an earlier run."""
    yield from _remarks(evidence, "leftover")


LEFT_OUT = Trap(
    "left-out", "Something could not be copied", RISK,
    "Submit regular files and folders. A link to a path on your machine does not work on another.",
)  # fmt: skip


@detects(LEFT_OUT)
def left_out(evidence: Evidence) -> Places:
    """Find what could not be copied: links, special and unreadable files."""
    for where, text in _remarks(evidence, "link", "special", "unreadable"):
        yield where, f"{where} {text}"


FOUND_ELSEWHERE = Trap(
    "found-elsewhere", "The submission is not where it was expected", ADVICE,
    "Submit one folder or one archive with the compose file at its top level.",
)  # fmt: skip


@detects(FOUND_ELSEWHERE)
def found_elsewhere(evidence: Evidence) -> Places:
    """Find how the submission was found, unless it is simply the whole upload."""
    yield from _remarks(evidence, *FOUND_BY)


def _remarks(evidence: Evidence, *kinds: str) -> Places:
    """Yield the remarks of some kinds that were recorded while the submission was copied."""
    for remark in evidence.submission.remarks:
        if remark.what in kinds:
            yield remark.where, remark.text
