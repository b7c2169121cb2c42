"""Submissions that break single checks of the task's rubric, and the points they lose.

A submission in containers takes half a minute, so checks that do not affect each other are broken in one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
COMPOSE, README, DISCUSSION = "docker-compose.yml", "README.md", "discussion.txt"
PROGRAM = f"{C3}/UE_07_App5.py"
ROWS, MODEL = "/shared_data/activation_data.csv", "/shared_data/currentSolution.pkl"

# The checks that need all three images and a compose file that Compose accepts.
STACK = (
    "compose.orchestration", "compose.status", "copying.rows", "copying.rows_whole", "copying.model",
    "copying.model_whole", "activation.prediction",
)  # fmt: skip


@dataclass(frozen=True)
class Break:
    """A submission with broken parts.

    Attributes:
        changes: its files that are not those of the right one.
        costs: the points that are lost.
        reasons: for each check that fails, a part of what the report says.
        not_checked: the checks that depend on the broken parts.
    """

    changes: Mapping[str, str | None]
    costs: int
    reasons: Mapping[str, str]
    not_checked: tuple[str, ...] = field(default=())


def swap(text: str, old: str, new: str) -> str:
    """Replace one part of a string, which must contain it."""
    assert old in text, f"{old!r} is not in the text any more"
    return text.replace(old, new)


def containers(samples: ModuleType) -> dict[str, Break]:
    """Return the broken submissions whose checks need an engine."""
    found: dict[str, Break] = {}
    for add in (_builds, _alone, _compose, _copies):
        found |= add(samples)
    return found


def _builds(samples: ModuleType) -> dict[str, Break]:
    reason = "`docker build` exited with status 1: The command '/bin/sh -c false' returned a non-zero code"

    def without(recipes: Mapping[str, str], costs: int, not_checked: tuple[str, ...]) -> Break:
        changes = {
            f"{name}/Dockerfile": swap(text, "COPY", "RUN false\nCOPY") for name, text in recipes.items()
        }
        failed = [f"{name.partition('_')[0]}.builds" for name in recipes]
        return Break(changes, costs, dict.fromkeys(failed, reason), (*not_checked, *STACK))

    return {
        "images 1 and 3": without(
            {C1: samples.DATA_DOCKERFILE, C3: samples.CODE_DOCKERFILE}, 10 + 15 + 33,
            ("container1.holds", "container1.shows", "container3.holds", "container3.pybrain"),
        ),
        "image 2": without({C2: samples.MODEL_DOCKERFILE}, 10 + 33, ("container2.holds", "container2.shows")),
    }  # fmt: skip


def _alone(samples: ModuleType) -> dict[str, Break]:
    def longer(recipe: str, file: str) -> str:
        """Return a Dockerfile whose image contains a longer file than the submitted one."""
        return swap(recipe, "CMD", f"RUN echo >> {file}\nCMD")

    def submitted(compose: str, folder: str, file: str) -> str:
        """Return a compose file that copies the submitted file instead of that in the image."""
        mounted = swap(compose, f"cp {file} ", f"cp /handed-in/{file.rpartition('/')[2]} ")
        service, volumes = f"image: {folder.partition('_')[2]}_app07\n    ", 'volumes: ["./shared_data'
        return swap(
            mounted, service + volumes, f'{service}volumes: ["./{folder}:/handed-in:ro", "./shared_data'
        )

    rows, model = "/activationBase/currentActivation.csv", "/knowledgeBase/currentSolution.pkl"
    elsewhere = swap(
        samples.CODE_DOCKERFILE, "/opt/pybrain/pybrain\nENV PYTHONPATH=/opt/pybrain", "/opt/other/pybrain"
    )
    return {
        "other files": Break(
            {
                COMPOSE: submitted(submitted(samples.WAITING_COMPOSE, C1, rows), C2, model),
                f"{C1}/Dockerfile": longer(samples.DATA_DOCKERFILE, rows),
                f"{C2}/Dockerfile": longer(samples.MODEL_DOCKERFILE, model),
                f"{C3}/Dockerfile": elsewhere,
                PROGRAM: swap(samples.PROGRAM, '"/opt/pybrain"', '"/opt/other"'),
            },
            2 + 2 + 7,
            {
                "container1.holds": f"no file in the image has the content of {C1}/currentActivation.csv",
                "container2.holds": f"no file in the image has the content of {C2}/currentSolution.pkl",
                "container3.pybrain":
                    "codebase cannot import PyBrain: ModuleNotFoundError: No module named 'pybrain'",
            },
        ),
        "silent": Break(
            {
                f"{C1}/Dockerfile": swap(samples.DATA_DOCKERFILE, f'["cat", "{rows}"]', "true"),
                f"{C2}/Dockerfile": swap(samples.MODEL_DOCKERFILE, '["ls", "-lh", "/knowledgeBase/"]', "true"),
                f"{C3}/Dockerfile": swap(samples.CODE_DOCKERFILE, "CMD", "RUN echo '# more' >> UE_07_App5.py\nCMD"),
            },
            3 + 3 + 2,
            {
                "container1.shows": "`docker run --rm activationbase_app07` does not print the rows",
                "container2.shows": "`docker run --rm knowledgebase_app07` does not list currentSolution.pkl",
                "container3.holds": f"no file in the image has the content of {PROGRAM}",
            },
        ),
    }  # fmt: skip


def _compose(samples: ModuleType) -> dict[str, Break]:
    compose = samples.WAITING_COMPOSE
    waits = f'command: ["sh", "-c", "until [ -s {ROWS} ] && [ -s {MODEL} ]; do sleep 0.1; done; python3 UE_07_App5.py"]'
    depends = compose[compose.index("    depends_on") :]
    plain = swap(compose, "image: knowledgebase_app07", "image: busybox:latest")
    plain = swap(
        plain,
        'busybox:latest\n    volumes: ["',
        f'busybox:latest\n    volumes: ["./{C2}:/knowledgeBase:ro", "',
    )
    first = swap(compose, f'{ROWS}; trap "exit 0" TERM; sleep 60 & wait', f"{ROWS}; sleep 8")
    return {
        "syntax": Break(
            {COMPOSE: swap(compose, "image: codebase_app07", "imagee: codebase_app07")}, 4 + 8 + 33,
            {"compose.syntax": "unknown key `imagee:` in the service codebase"},
            ("compose.services", "compose.dependencies", *STACK),
        ),
        "services": Break(
            {COMPOSE: swap(plain, depends, f"    {waits}\n")}, 4 + 4,
            {
                "compose.services":
                    "the service knowledgebase uses the image busybox:latest, which nothing in the submission builds",
                "compose.dependencies": "codebase does not depend on activationbase and knowledgebase",
            },
        ),
        # It prints its prediction before the first data container ends.
        "first exit": Break(
            {COMPOSE: first, PROGRAM: samples.PROGRAM + "import time\ntime.sleep(20)\n"}, 5 + 3,
            {
                "compose.orchestration":
                    "The stack stops at the first container's exit: activationbase exited with status 0"
            },
            ("compose.status",),
        ),
        "prediction": Break(
            {PROGRAM: swap(samples.PROGRAM, "net.activate(inputs)", "2 * net.activate(inputs)")}, 15,
            {"activation.prediction": "the prediction is different: the output of codebase shows 'Prediction: [0.41418"},
        ),
    }  # fmt: skip


def _copies(samples: ModuleType) -> dict[str, Break]:
    compose = samples.WAITING_COMPOSE
    changed = swap(compose, f"{ROWS}; trap", f"{ROWS}; sed -i s/x/a/ {ROWS}; trap")
    there = "after a run; shared_data/ contains: network.pkl, rows.csv"
    return {
        "copied names": Break(
            {COMPOSE: swap(swap(compose, ROWS, "/shared_data/rows.csv"), MODEL, "/shared_data/network.pkl")},
            2 + 3 + 2 + 3,
            {
                "copying.rows": f"there is no shared_data/activation_data.csv {there}",
                "copying.model": f"there is no shared_data/currentSolution.pkl {there}",
            },
            ("copying.rows_whole", "copying.model_whole"),
        ),
        # The pickle still loads: a reader stops at its end.
        "copied content": Break(
            {
                COMPOSE: swap(changed, f"{MODEL}; trap", f"{MODEL}; echo >> {MODEL}; trap"),
                PROGRAM: samples.PROGRAM + "sys.exit(3)\n",
            },
            3 + 3 + 3,
            {
                "copying.rows_whole":
                    f"shared_data/activation_data.csv (43 bytes) differs from {C1}/currentActivation.csv (43 bytes)",
                "copying.model_whole": "shared_data/currentSolution.pkl (",
                "compose.status":
                    "`docker-compose up --abort-on-container-exit` exited with status 3; codebase exited with status 3",
            },
        ),
    }  # fmt: skip


def documents(samples: ModuleType) -> dict[str, Break]:
    """Return the broken submissions whose checks need only the files."""
    short = "activationbase, knowledgebase, codebase: docker build, docker-compose up, the prediction is in shared_data\n"
    readme, discussion = samples.README, samples.DISCUSSION
    reasons = {}
    for check, (pattern, missing) in {
        "readme.containers": ("container2_knowledgebase|knowledgebase", "knowledge"),
        "readme.build": ("docker build", "docker build"),
        "readme.run": ("docker-compose up", "docker compose up"),
        "readme.result": ("shared_data|console", "shared_data"),
    }.items():
        readme = re.sub(pattern, "thing", readme)
        reasons[check] = f"does not mention: {missing}"
    for number in range(1, 6):
        discussion = swap(discussion, f"## Question {number}", "Further")
        reasons[f"discussion.{number}"] = f"discussion.txt has no heading for question {number}; it has:"
    return {
        "short": Break({README: short}, 2, {"readme.text": "words; 80 or more are expected"}),
        "incomplete": Break({README: readme, DISCUSSION: discussion}, 18, reasons),
    }
