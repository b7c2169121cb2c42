"""For every check of the task's rubric: a submission that breaks exactly this check, and the points it loses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
COMPOSE, README, DISCUSSION = "docker-compose.yml", "README.md", "discussion.txt"
PROGRAM = f"{C3}/UE_07_App5.py"
ROWS, MODEL = "/shared_data/activation_data.csv", "/shared_data/currentSolution.pkl"

# What cannot be looked at without all three images, and without a compose file that Compose takes.
STACK = (
    "compose.orchestration", "compose.status", "copying.rows", "copying.rows_whole", "copying.model",
    "copying.model_whole", "activation.prediction",
)  # fmt: skip


@dataclass(frozen=True)
class Break:
    """A submission with one part broken.

    Attributes:
        changes: its files that are not those of the right one.
        costs: the points that are lost.
        reason: what the report says of it, a part of it.
        not_checked: the checks that depend on the broken part.
    """

    changes: Mapping[str, str | None]
    costs: int
    reason: str
    not_checked: tuple[str, ...] = field(default=())


def swap(text: str, old: str, new: str) -> str:
    """Replace one part of a text, which must contain it."""
    assert old in text, f"{old!r} is not in the text any more"
    return text.replace(old, new)


def containers(samples: ModuleType) -> dict[str, Break]:
    """Return the broken submissions whose checks need an engine."""
    found: dict[str, Break] = {}
    for add in (_builds, _alone, _compose, _copies):
        found |= add(samples)
    return found


def _builds(samples: ModuleType) -> dict[str, Break]:
    def without(number: int, folder: str, recipe: str, costs: int, parts: tuple[str, ...]) -> Break:
        changes = {f"{folder}/Dockerfile": swap(recipe, "COPY", "RUN false\nCOPY")}
        reason = "`docker build` ended with status 1: The command '/bin/sh -c false' returned a non-zero code"
        return Break(changes, costs, reason, (*(f"container{number}.{part}" for part in parts), *STACK))

    return {
        "container1.builds": without(1, C1, samples.DATA_DOCKERFILE, 10 + 33, ("holds", "shows")),
        "container2.builds": without(2, C2, samples.MODEL_DOCKERFILE, 10 + 33, ("holds", "shows")),
        "container3.builds": without(3, C3, samples.CODE_DOCKERFILE, 15 + 33, ("holds", "pybrain")),
    }


def _alone(samples: ModuleType) -> dict[str, Break]:
    def other(recipe: str, file: str, folder: str, compose: str) -> dict[str, str | None]:
        """Return changes with which the image holds a longer file, while the submitted file is copied."""
        mounted = swap(compose, f"cp {file} ", f"cp /handed-in/{file.rpartition('/')[2]} ")
        place = f'volumes: ["./{folder}:/handed-in:ro", "./shared_data'
        service, volumes = f"image: {folder.partition('_')[2]}_app07\n    ", 'volumes: ["./shared_data'
        mounted = swap(mounted, service + volumes, service + place)
        return {COMPOSE: mounted, f"{folder}/Dockerfile": swap(recipe, "CMD", f"RUN echo >> {file}\nCMD")}

    compose = samples.WAITING_COMPOSE
    elsewhere = swap(
        samples.CODE_DOCKERFILE, "/opt/pybrain/pybrain\nENV PYTHONPATH=/opt/pybrain", "/opt/other/pybrain"
    )
    return {
        "container1.holds": Break(
            other(samples.DATA_DOCKERFILE, "/activationBase/currentActivation.csv", C1, compose), 2,
            f"no file in the image has the content of {C1}/currentActivation.csv",
        ),
        "container1.shows": Break(
            {f"{C1}/Dockerfile": swap(samples.DATA_DOCKERFILE, '["cat", "/activationBase/currentActivation.csv"]', "true")},
            3, "`docker run --rm activationbase_app07` does not print the rows",
        ),
        "container2.holds": Break(
            other(samples.MODEL_DOCKERFILE, "/knowledgeBase/currentSolution.pkl", C2, compose), 2,
            f"no file in the image has the content of {C2}/currentSolution.pkl",
        ),
        "container2.shows": Break(
            {f"{C2}/Dockerfile": swap(samples.MODEL_DOCKERFILE, '["ls", "-lh", "/knowledgeBase/"]', "true")},
            3, "`docker run --rm knowledgebase_app07` does not list currentSolution.pkl",
        ),
        "container3.holds": Break(
            {f"{C3}/Dockerfile": swap(samples.CODE_DOCKERFILE, "CMD", "RUN echo '# more' >> UE_07_App5.py\nCMD")},
            2, f"no file in the image has the content of {PROGRAM}",
        ),
        "container3.pybrain": Break(
            {
                f"{C3}/Dockerfile": elsewhere,
                PROGRAM: swap(samples.PROGRAM, '"/opt/pybrain"', '"/opt/other"'),
            },
            7, "codebase cannot import PyBrain: ModuleNotFoundError: No module named 'pybrain'",
        ),
    }  # fmt: skip


def _compose(samples: ModuleType) -> dict[str, Break]:
    compose = samples.WAITING_COMPOSE
    waits = f'command: ["sh", "-c", "until [ -s {ROWS} ] && [ -s {MODEL} ]; do sleep 0.1; done; python3 UE_07_App5.py"]'
    depends = compose[compose.index("    depends_on") :]
    plain = swap(compose, "image: knowledgebase_app07", "image: busybox:latest")
    first = swap(compose, f'{ROWS}; trap "exit 0" TERM; sleep 60 & wait', f"{ROWS}; sleep 8")
    return {
        "compose.syntax": Break(
            {COMPOSE: swap(compose, "image: codebase_app07", "imagee: codebase_app07")}, 4 + 8 + 33,
            "unknown key `imagee:` in the service codebase", ("compose.services", "compose.dependencies", *STACK),
        ),
        "compose.services": Break(
            {
                COMPOSE: swap(
                    plain, 'busybox:latest\n    volumes: ["', f'busybox:latest\n    volumes: ["./{C2}:/knowledgeBase:ro", "'
                )
            },
            4, "the service knowledgebase uses the image busybox:latest, which nothing in the submission builds",
        ),
        "compose.dependencies": Break(
            {COMPOSE: swap(compose, depends, f"    {waits}\n")}, 4,
            "codebase does not depend on activationbase and knowledgebase",
        ),
        # It prints its prediction before the first data container ends.
        "compose.orchestration": Break(
            {COMPOSE: first, PROGRAM: samples.PROGRAM + "import time\ntime.sleep(60)\n"}, 5 + 3,
            "The stack stops at the first container's exit: activationbase ended with status 0",
            ("compose.status",),
        ),
        "compose.status": Break(
            {PROGRAM: samples.PROGRAM + "sys.exit(3)\n"}, 3,
            "`docker-compose up --abort-on-container-exit` ended with status 3; codebase ended with status 3",
        ),
        "activation.prediction": Break(
            {PROGRAM: swap(samples.PROGRAM, "net.activate(inputs)", "2 * net.activate(inputs)")}, 15,
            "the prediction is different: the output of codebase shows 'Prediction: [0.41418",
        ),
    }  # fmt: skip


def _copies(samples: ModuleType) -> dict[str, Break]:
    def copied(old: str, new: str) -> dict[str, str | None]:
        return {COMPOSE: swap(samples.WAITING_COMPOSE, old, new)}

    return {
        "copying.rows": Break(
            copied(ROWS, "/shared_data/rows.csv"), 2 + 3,
            "there is no shared_data/activation_data.csv after a run; there is: currentSolution.pkl, rows.csv",
            ("copying.rows_whole",),
        ),
        "copying.rows_whole": Break(
            copied(f"{ROWS}; trap", f"{ROWS}; sed -i s/x/a/ {ROWS}; trap"), 3,
            f"shared_data/activation_data.csv (43 bytes) is not {C1}/currentActivation.csv (43 bytes)",
        ),
        "copying.model": Break(
            copied(MODEL, "/shared_data/network.pkl"), 2 + 3,
            "there is no shared_data/currentSolution.pkl after a run; there is: activation_data.csv, network.pkl",
            ("copying.model_whole",),
        ),
        # The pickle still loads: a reader stops at its end.
        "copying.model_whole": Break(
            copied(f"{MODEL}; trap", f"{MODEL}; echo >> {MODEL}; trap"), 3,
            "shared_data/currentSolution.pkl (",
        ),
    }  # fmt: skip


def documents(samples: ModuleType) -> dict[str, Break]:
    """Return the broken submissions whose checks need only the files."""
    short = "activationbase, knowledgebase, codebase: docker build, docker-compose up, the prediction is in shared_data\n"
    readme: dict[str, tuple[str, str]] = {
        "readme.containers": ("container2_knowledgebase|knowledgebase", "does not mention: knowledge"),
        "readme.build": ("docker build", "does not mention: docker build"),
        "readme.run": ("docker-compose up", "does not mention: docker compose up"),
        "readme.result": ("shared_data|console", "does not mention: shared_data"),
    }
    found = {"readme.text": Break({README: short}, 2, "words; 80 or more are expected")}
    for name, (pattern, reason) in readme.items():
        found[name] = Break({README: re.sub(pattern, "thing", samples.README)}, 2, reason)
    for number in range(1, 6):
        text = swap(samples.DISCUSSION, f"## Question {number}", "## Further")
        found[f"discussion.{number}"] = Break(
            {DISCUSSION: text}, 2, f"discussion.txt has no heading for question {number}; it has:"
        )
    return found
