"""The traps that submissions of this kind step into, by name: what people call them, and how to get out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.result import ADVICE, BREAKS, RISK


@dataclass(frozen=True)
class Trap:
    """A known trap.

    Attributes:
        title: its name.
        severity: breaks, risk or advice.
        hint: how to get out.
    """

    title: str
    severity: str
    hint: str


TRAPS: Mapping[str, Trap] = {
    "first-exit": Trap(
        "The stack stops at the first container's exit", BREAKS,
        "--abort-on-container-exit ends everything when any container ends, also one that ended well. Let the data "
        "containers stay alive after they have copied (a healthcheck says when the copy is there, `tail -f /dev/null` "
        "keeps them), let codebase start on `condition: service_healthy`, and let only codebase end.",
    ),
    "empty-pybrain": Trap(
        "The pybrain folder is empty", BREAKS,
        "The library was added as a git repository inside a git repository, so only a pointer was handed in. Remove "
        "the inner .git folder (rm -rf container3_codebase/pybrain/.git; git rm --cached container3_codebase/pybrain), "
        "then add the files themselves.",
    ),
    "nested-activate": Trap(
        "activate([[x]]): a list in a list", BREAKS,
        "activate() takes one flat row, as many numbers as the network has inputs: net.activate([x]), or for a table "
        "[net.activate(row) for row in rows].",
    ),
    "ignored-status": Trap(
        "An error is swallowed: the exit status says success", RISK,
        "Let an error end the program with a status other than 0 (raise, or sys.exit(1)), and look at the status of "
        "what you start (subprocess.run(..., check=True)). Otherwise a failed run looks like a good one.",
    ),
    "compiler-left": Trap(
        "A compiler stays in the image", ADVICE,
        "What only the build needs belongs into a first stage (FROM ... AS build) whose result is copied, or is not "
        "needed at all: NumPy and SciPy come as finished wheels.",
    ),
    "root-user": Trap(
        "The container runs as root", ADVICE,
        "End the Dockerfile with a line such as USER 10001: a mistake in the program then cannot do what root can.",
    ),
    "unpinned": Trap(
        "Versions are not fixed", ADVICE,
        "Write the version (python:3.11-slim, scipy==1.10.1): what builds today may not build, or answer otherwise, "
        "in half a year.",
    ),
    "obsolete-version": Trap(
        "The compose file has the obsolete key `version:`", ADVICE,
        "Take the line out. Compose reads the file by its content and warns about the key on every run.",
    ),
    "root-leftovers": Trap(
        "The run leaves files that belong to root", ADVICE,
        "On Linux the files in shared_data then cannot be removed without sudo. Let the containers run as an ordinary "
        "user, or give the files to the owner of the folder (chown).",
    ),
    "encoding": Trap(
        "Characters are damaged", RISK,
        "The file was saved in one encoding and opened in another. Save it as UTF-8, and open files with "
        "encoding='utf-8'.",
    ),
    "line-ends": Trap(
        "A script has Windows line ends", BREAKS,
        "Linux looks for a program called `sh\\r` and finds none. Save the file with LF line ends, and keep them with "
        "a .gitattributes file (*.sh text eol=lf).",
    ),
    "own-machine-path": Trap(
        "A path of somebody's own machine", RISK,
        "Nobody else has this folder. Use paths inside the container (/opt/pybrain, /shared_data), or relative to "
        "the file.",
    ),
    "no-waiting": Trap(
        "codebase does not wait for its files", BREAKS,
        "depends_on alone waits until a container has started, not until it has copied. Give the data containers a "
        "healthcheck that looks for the file, and let codebase wait for `condition: service_healthy`.",
    ),
    "timing": Trap(
        "Timing decides whether it works", RISK,
        "The same submission gave different results when it was run again. Wait for what is needed (a healthcheck "
        "and `condition: service_healthy`), not for a number of seconds.",
    ),
    "fixed-answer": Trap(
        "The prediction does not depend on the rows", BREAKS,
        "With other rows in container 1 the stack shows the same prediction. Compute it from /shared_data, on every "
        "run.",
    ),
    "own-network": Trap(
        "The prediction does not come from the network of container 2", BREAKS,
        "With another network in container 2 the stack shows the answers of the old one. Load "
        "/shared_data/currentSolution.pkl on every run: codebase needs neither a copy of the network nor its weights.",
    ),
    "not-computed": Trap(
        "With other rows and another network, nothing right is predicted", BREAKS,
        "The evaluation exchanges rows and network for others of the same form, and runs the stack again. Read both "
        "from /shared_data on every run, take any numbers that they hold, and show every output with three digits or "
        "more.",
    ),
    "over-the-limits": Trap(
        "A container went beyond its limits", BREAKS,
        "The three containers copy two small files and compute once: they need little time, memory and room. Look for "
        "a loop without an end, and for what is printed or written in it.",
    ),
    "too-costly": Trap(
        "Something takes too much to be read", BREAKS,
        "A file of a submission is read in a moment and a few megabytes. Look for one that is damaged, nested very "
        "deep, or much larger than what it is there for.",
    ),
    "asks-too-much": Trap(
        "The compose file asks for more than a submission gets", BREAKS,
        "The containers need a shared folder of the project and nothing else of the host.",
    ),
    "leftovers": Trap(
        "Results of an earlier run were handed in", ADVICE,
        "Leave shared_data empty (an empty file .gitkeep keeps the folder): what counts is what a run writes.",
    ),
    "left-out": Trap(
        "Something could not be taken over", RISK,
        "Hand in plain files and folders. A link to a place on your machine leads nowhere on another.",
    ),
    "fixed-names": Trap(
        "container_name fixes the names of containers", ADVICE,
        "Take the key out: with it, two copies of the project cannot run on one machine, and an old container of the "
        "same name stops a new run.",
    ),
    "blocked-network": Trap(
        "The build reaches for the internet", RISK,
        "Builds of an evaluation reach the package indexes and nothing else. What else the image needs belongs into "
        "the submission.",
    ),
}  # fmt: skip
