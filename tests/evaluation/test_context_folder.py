"""A Dockerfile that is written for the top folder of a repository is built there."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from evaluation.checks import CHECKS
from evaluation.evidence.evidence import Evidence
from evaluation.images.context_folder import build_command
from evaluation.layout.wording import words_of
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.rubric import load_rubric
from evaluation.submission.choose_root import Expected
from tests.evaluation import other_courses as courses
from tests.evaluation.submissions import copy_submission

ROWS, CODE = "images/activationBase_fruit", "images/codeBase_fruit"


@pytest.fixture
def evidence_of(tmp_path):
    """Return a function for the evidence of a submission of the other course with changed files."""
    layout, number = load_rubric(Path("ai-cps")).layout, count()

    def make(changes):
        folder = courses.write_files(tmp_path / "fruit", {**courses.AI_CPS, **changes})
        submission = copy_submission(
            str(folder), tmp_path / f"in{next(number)}", DEFAULT_LIMITS, Expected(layout)
        )
        return Evidence(
            submission, DEFAULT_LIMITS, None, tmp_path, why_no_engine="a test without one", layout=layout
        )

    return make


@pytest.mark.parametrize(
    ("copy", "context"),
    [
        ("COPY tmp/activationBase /a", ROWS),
        (f"COPY {ROWS}/tmp/activationBase {ROWS}/README.md /a/", "."),
        (f"ADD ../../{ROWS}/README.md /a/", "."),
        ("COPY activationBase_fruit/README.md /a/", "images"),
        (f"COPY {ROWS}/*.md /a/", "."),
        ("COPY . /a", ROWS),
        ("COPY nowhere.csv /a", ROWS),
        # One of two is found from the top, and none in the folder: so the build is at the top, where one is missing.
        (f"COPY {ROWS}/README.md {ROWS}/readme.MD /a/", "."),
        ("COPY --from=busybox /etc/passwd /a", ROWS),
        ("COPY ${ROWS} README.md /a/", ROWS),
    ],
)
def test_the_context_is_the_folder_in_which_the_copied_files_are(copy, context, evidence_of):
    evidence = evidence_of({f"{ROWS}/Dockerfile": f"FROM busybox\n{copy}\n"})
    request = evidence.build_request(evidence.places.number(1))
    assert request.context == context
    assert f"{context}/{request.dockerfile}".removeprefix("./") == f"{ROWS}/Dockerfile"


def test_the_command_of_the_report_is_the_one_that_builds_the_image(evidence_of):
    evidence = evidence_of({f"{CODE}/Dockerfile": f"FROM python:3.11-slim\nCOPY {CODE} /codeBase/\n"})
    command = build_command(evidence.build_request(evidence.places.codebase), "codebase_fruit")
    assert command == f"docker build -t codebase_fruit -f {CODE}/Dockerfile ."


def test_a_service_that_builds_in_the_top_folder_is_that_container(evidence_of):
    scenario = courses.AI_CPS["scenarios/apply_annSolution/x86_64/docker-compose.yml"]
    build = f"build: {{context: ../../.., dockerfile: {CODE}/Dockerfile}}"
    text = scenario.replace("image: someone/codebase_fruit:latest", build).replace(
        "code_base_fruit", "program"
    )
    evidence = evidence_of({"scenarios/apply_annSolution/x86_64/docker-compose.yml": text})
    assert evidence.roles.code == "program"
    assert CHECKS["compose_services"](evidence).passed


def test_messages_show_lower_case_image_names_and_no_patterns(evidence_of):
    changes = {name: None for name in courses.AI_CPS if name.startswith("images/activationBase")}
    scenario = "scenarios/apply_annSolution/x86_64/docker-compose.yml"
    text = courses.AI_CPS[scenario]
    without = text[: text.index("  activation_base_fruit")] + text[text.index("  knowledge_base_fruit") :]
    evidence = evidence_of(changes | {scenario: without.replace('"activation_base_fruit", ', "")})
    tell = words_of(evidence.layout)
    services = tell(CHECKS["compose_services"](evidence))
    assert services.hint == "Add a service with `image: activationbase`."
    assert services.reason == "no service runs the image activationbase"
    built = tell(CHECKS["image_builds"](evidence, container=1))
    assert built.hint == "Write images/activationBase/Dockerfile."


OLD, NEW = "images/codeBase", "images/codeBase_fruit_shop"


@pytest.mark.parametrize(
    ("image", "files", "folder"),
    [
        ("someone/codebase_fruit-shop:2", {f"{OLD}/old.py": "", f"{NEW}/new.py": ""}, NEW),
        ("someone/codebase:latest", {f"{OLD}/old.py": "", f"{NEW}/new.py": ""}, OLD),
        ("someone/codebase_other", {f"{OLD}/old.py": "", f"{NEW}/new.py": ""}, OLD),
        ("someone/codebase:latest", {f"{OLD}/README.md": "", f"{NEW}/new.py": ""}, NEW),
    ],
)
def test_among_several_folders_the_one_with_the_running_image_and_a_program_is_used(
    image, files, folder, evidence_of
):
    """An older image is often beside the one that is used."""
    scenario = courses.AI_CPS["scenarios/apply_annSolution/x86_64/docker-compose.yml"]
    changes = {name: None for name in courses.AI_CPS if name.startswith(CODE)} | {
        f"{OLD}/Dockerfile": "FROM busybox\n", f"{NEW}/Dockerfile": "FROM busybox\n", **files,
        "scenarios/apply_annSolution/x86_64/docker-compose.yml": scenario.replace(
            "someone/codebase_fruit:latest", image
        ),
    }  # fmt: skip
    assert evidence_of(changes).places.codebase.folder == folder


def test_a_network_copied_from_another_folder_belongs_to_its_container(evidence_of):
    base = "images/knowledgeBase_fruit"
    network = next(content for name, content in courses.AI_CPS.items() if name.endswith(".h5"))
    changes = {name: None for name in courses.AI_CPS if name.startswith(base)}
    for line in ("COPY models/ann/currentAiSolution.h5 /knowledgeBase/", "ADD ../../models /knowledgeBase"):
        evidence = evidence_of(
            changes
            | {"models/ann/currentAiSolution.h5": network, f"{base}/Dockerfile": f"FROM busybox\n{line}\n"}
        )
        place = evidence.places.number(2)
        assert (place.file, place.shared_file) == (
            "models/ann/currentAiSolution.h5",
            "**/currentAiSolution.h5",
        )


@pytest.mark.parametrize("name", ["code/docker/{}_Dockerfile", "docker/{}.Dockerfile", "Dockerfile.{}"])
def test_dockerfiles_in_one_folder_are_found_by_the_name_of_their_container(name, evidence_of):
    changes = {path: None for path in courses.AI_CPS if path.startswith("images/")}
    files = {
        "activationBase": (
            "data/activation_data.csv",
            "FROM busybox\nCOPY ./../../data/activation_data.csv /a/\n",
        ),
        "knowledgeBase": (
            "data/net/currentAiSolution.h5",
            "FROM busybox\nADD data/net/currentAiSolution.h5 /k/\n",
        ),
        "codeBase": ("code/apply/apply_ann.py", "FROM python:3.11-slim\nCOPY code/apply /codeBase/\n"),
    }
    for role, (path, dockerfile) in files.items():
        changes |= {path: "1\n", name.format(role): dockerfile}
    evidence = evidence_of(changes)
    for place, (role, (path, _)) in zip(evidence.places.containers, files.items(), strict=True):
        assert (place.exists, place.file, place.dockerfile_path) == (True, path, name.format(role))
        assert evidence.build_request(place).context == "."
        assert place.image == role.lower()


NETWORKS = "images/knowledgeBase_fruit"
SCENARIO = "scenarios/apply_annSolution/x86_64/docker-compose.yml"
RUN = "python3 /tmp/codeBase/apply_annSolution.py"


@pytest.mark.parametrize(
    ("files", "run", "network"),
    [
        # The pattern of the rubric alone would take the pickle.
        (
            {"pear_new.keras": "", "currentOlsSolution.pkl": ""},
            f"{RUN} --model /tmp/pear_new.keras",
            "pear_new.keras",
        ),
        # Two that match the same pattern could not be distinguished.
        ({"pear_new.keras": "", "pear.keras": ""}, f"{RUN} /tmp/knowledgeBase/pear.keras", "pear.keras"),
        ({"pear.keras": "", "pear_scaler.pkl": ""}, f"{RUN} /tmp/pear_scaler.pkl", "pear.keras"),
        ({"pear.h5": "", "currentOlsSolution.pkl": ""}, RUN, "currentOlsSolution.pkl"),
    ],
)
def test_among_several_networks_the_one_in_the_command_is_used(files, run, network, evidence_of):
    changes = {name: None for name in courses.AI_CPS if name.startswith(NETWORKS)} | {
        f"{NETWORKS}/Dockerfile": "FROM busybox\nCOPY . /knowledgeBase/\n",
        **{f"{NETWORKS}/{name}": content for name, content in files.items()},
        SCENARIO: courses.AI_CPS[SCENARIO].replace(RUN, run),
    }
    place = evidence_of(changes).places.number(2)
    assert (place.file, place.shared_file) == (f"{NETWORKS}/{network}", f"**/{network}")


def test_among_several_networks_the_one_that_the_program_opens_is_used(evidence_of):
    changes = {name: None for name in courses.AI_CPS if name.startswith(NETWORKS)} | {
        f"{NETWORKS}/Dockerfile": "FROM busybox\nCOPY . /knowledgeBase/\n",
        f"{NETWORKS}/pear.keras": "",
        f"{NETWORKS}/old_pear.keras": "",
        f"{NETWORKS}/currentOlsSolution.pkl": "",
        f"{CODE}/tmp/codeBase/apply_annSolution.py": "load_model('/tmp/knowledgeBase/pear.keras')\n",
    }
    assert evidence_of(changes).places.model == f"{NETWORKS}/pear.keras"


@pytest.mark.parametrize("where", ["compose", "Dockerfile"])
def test_among_several_programs_the_started_one_is_used(where, evidence_of):
    changes = {name: None for name in courses.AI_CPS if name.startswith(CODE)} | {
        f"{CODE}/Dockerfile": 'FROM busybox\nCOPY *.py /\nCMD ["python", "use_network.py"]\n',
        f"{CODE}/use_network.py": "",
        f"{CODE}/use_regression.py": "",
    }
    scenario, program = courses.AI_CPS[SCENARIO], "use_network.py"
    if where == "compose":
        changes[SCENARIO] = scenario.replace("/tmp/codeBase/apply_annSolution.py", "/use_regression.py")
        program = "use_regression.py"
    else:
        changes[SCENARIO] = "\n".join(line for line in scenario.split("\n") if "python3" not in line)
    assert evidence_of(changes).places.codebase.file == f"{CODE}/{program}"
