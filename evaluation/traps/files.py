"""Traps that show in what was handed in, and in what its compose file asks for."""

from __future__ import annotations

from evaluation.evidence.evidence import Evidence
from evaluation.result import ADVICE, BREAKS, RISK
from evaluation.submission.submission import FOUND_BY
from evaluation.traps.base import Places, Trap, detects

EMPTY_PYBRAIN = Trap(
    "empty-pybrain", "The pybrain folder is empty", BREAKS,
    "Hand in the Python files of the library themselves. Where the folder is a git repository of its own, git "
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
            f"{folder}/ has no Python file in it, and there is no .gitmodules that says where its files are",
        )
    elif evidence.submission.has_folder(folder):
        yield f"{folder}/", f"{folder}/ is a submodule: its files were not handed in"
    elif evidence.submission.has_folder(code):
        yield (
            f"{code}/",
            f"there is no folder {folder}/ (git and archives omit empty folders)",
        )


OTHER_NAMES = Trap(
    "other-names", "Something has another name than the task gives it", ADVICE,
    "It was found all the same. A tutor who types the commands of the task does not find it: use the task's names.",
)  # fmt: skip


@detects(OTHER_NAMES)
def other_names(evidence: Evidence) -> Places:
    """Find folders and files with other names than the rubric gives them."""
    yield from evidence.places.remarks


ASKS_TOO_MUCH = Trap(
    "asks-too-much", "The compose file requests more than a submission is allowed", BREAKS,
    "The containers need a shared folder of the project and nothing else of the host.",
)  # fmt: skip


@detects(ASKS_TOO_MUCH)
def asks_too_much(evidence: Evidence) -> Places:
    """Find what the compose file requests beyond what is allowed."""
    for refusal in evidence.safe_stack.refusals:
        yield evidence.compose.where(refusal.where), str(refusal)


STAND_IN = Trap(
    "stand-in", "The compose file names something that is not part of the submission", ADVICE,
    "The evaluation ran the stack with a replacement, and it costs no points. On another machine the stack needs it: "
    "say in the README how to create it, or use a folder of the project.",
)  # fmt: skip


@detects(STAND_IN)
def stand_ins(evidence: Evidence) -> Places:
    """Find what the evaluation has replaced: external volumes and networks, GPUs, another architecture."""
    for one in evidence.safe_stack.stand_ins:
        yield evidence.compose.where(one.where.partition(".")[0]), str(one)


UNSET_VARIABLE = Trap(
    "unset-variable", "A variable of the compose file is set nowhere", RISK,
    "Hand in a file .env with its value beside the compose file, or write a default: ${NAME:-value}. Compose puts "
    "nothing in its place, and refuses an image whose name begins with a slash.",
)  # fmt: skip
_SHOWN_VARIABLES = 10


@detects(UNSET_VARIABLE)
def unset_variables(evidence: Evidence) -> Places:
    """Find variables of the compose file that have neither a value in ``.env`` nor a default."""
    for name in evidence.compose.unset[:_SHOWN_VARIABLES]:
        yield evidence.compose.name, f"${{{name[:60]}}} has no value in .env and no default"


LEFTOVERS = Trap(
    "leftovers", "Results of an earlier run were handed in", ADVICE,
    "Leave shared_data empty (an empty file .gitkeep keeps the folder): what counts is what a run writes.",
)  # fmt: skip


@detects(LEFTOVERS)
def leftovers(evidence: Evidence) -> Places:
    """Find results of an earlier run."""
    yield from _remarks(evidence, "leftover")


LEFT_OUT = Trap(
    "left-out", "Something could not be copied", RISK,
    "Hand in plain files and folders. A link to a place on your machine leads nowhere on another.",
)  # fmt: skip


@detects(LEFT_OUT)
def left_out(evidence: Evidence) -> Places:
    """Find what could not be copied: links, special and unreadable files."""
    for where, text in _remarks(evidence, "link", "special", "unreadable"):
        yield where, f"{where} {text}"


FOUND_ELSEWHERE = Trap(
    "found-elsewhere", "The submission is not where it was expected", ADVICE,
    "Hand in one folder or one archive with the compose file at its top level.",
)  # fmt: skip


@detects(FOUND_ELSEWHERE)
def found_elsewhere(evidence: Evidence) -> Places:
    """Find how the submission was found, where it is not simply the whole of what was handed in."""
    yield from _remarks(evidence, *FOUND_BY)


def _remarks(evidence: Evidence, *kinds: str) -> Places:
    """Yield what was remarked while the submission was copied, of some kinds."""
    for remark in evidence.submission.remarks:
        if remark.what in kinds:
            yield remark.where, remark.text
