"""The layout of a rubric: containers are found in a submission even under other names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.checks.containers import image_builds, image_holds_its_file
from evaluation.compose.roles import find_roles
from evaluation.compose.safe_stack import BuildRequest, SafeService, SafeStack
from evaluation.layout.expected_layout import TASK06
from evaluation.layout.patterns import find_files, matches_image, matches_path, matches_service
from evaluation.layout.places import find_places
from evaluation.layout.wording import words_of
from evaluation.result import Cause, Finding, Result
from evaluation.rubric import load_rubric, read_rubric

FILES = (
    "docker-compose.yml",
    "container1_activationbase/Dockerfile",
    "container1_activationbase/currentActivation.csv",
    "container2_knowledgebase/Dockerfile",
    "container2_knowledgebase/mine.pkl",
    "container3_codebase/Dockerfile",
    "container3_codebase/UE_07_App5.py",
)


def test_the_tasks_own_layout_is_found():
    places = find_places(TASK06, FILES)

    assert [place.folder for place in places.containers] == [
        "container1_activationbase",
        "container2_knowledgebase",
        "container3_codebase",
    ]
    assert places.number(2).file == "container2_knowledgebase/mine.pkl"
    assert places.compose_file == "docker-compose.yml"
    assert places.remarks == (
        (
            "container2_knowledgebase/mine.pkl",
            "container2_knowledgebase/mine.pkl is used as currentSolution.pkl",
        ),
    )


@pytest.mark.parametrize("found", ["compose.yml", "deployment/docker-compose.yaml"])
def test_a_compose_file_elsewhere_is_found_with_a_remark(found):
    layout = replace(TASK06, compose_files=("infra/stack.yaml",))
    places = find_places(layout, [*FILES[1:], found])

    assert places.compose_file == found
    assert (found, f"{found} is used as the compose file, infra/stack.yaml") in places.remarks
    assert find_places(layout, [*FILES, "infra/stack.yaml"]).compose_file == "infra/stack.yaml"


@pytest.mark.parametrize(
    ("one", "two", "three"),
    [
        ("Container1_ActivationBase", "Container2_KnowledgeBase", "Container3_CodeBase"),
        ("activationbase", "knowledgebase", "codebase"),
        ("1_activation-base", "2_knowledge-base", "3_code-base"),
        ("container1", "container_2", "container 3"),
    ],
)
def test_slightly_different_folder_names_are_found_with_a_remark(one, two, three):
    new = {"container1_activationbase": one, "container2_knowledgebase": two, "container3_codebase": three}
    files = [f"{new.get(name.partition('/')[0], '')}/{name.partition('/')[2]}".strip("/") for name in FILES]

    places = find_places(TASK06, files)

    assert [place.folder for place in places.containers] == [one, two, three]
    assert (f"{one}/", f"the folder {one}/ is used as container1_activationbase/") in places.remarks


def test_all_dockerfiles_may_be_in_the_top_folder():
    text = """
        name = "Side by side"
        [layout]
        [[layout.container]]
        role = "knowledgebase"
        folders = ["."]
        dockerfiles = ["Dockerfile.model"]
        files = ["model/*.h5"]
        [[layout.container]]
        role = "codebase"
        folders = ["."]
        dockerfiles = ["Dockerfile.code"]
        files = ["src/predict.py"]
        [[line]]
        title = "None"
        points = 0
        check = []
    """
    files = ("Dockerfile.code", "Dockerfile.model", "model/net.h5", "src/predict.py")
    model, code = find_places(read_rubric("side.toml", text.encode()).layout, files).containers

    assert (model.dockerfile_path, model.file) == ("Dockerfile.model", "model/net.h5")
    assert (code.dockerfile_path, code.file) == ("Dockerfile.code", "src/predict.py")
    stack = SafeStack({
        "one": SafeService("one", "", BuildRequest(".", "Dockerfile.code"), {}, (), {}),
        "two": SafeService("two", "", BuildRequest(".", "Dockerfile.model"), {}, (), {}),
    })  # fmt: skip
    places = find_places(read_rubric("side.toml", text.encode()).layout, files)
    assert find_roles(stack, places, ()).services == {"knowledgebase": "two", "codebase": "one"}


def test_no_file_is_chosen_if_several_match_a_pattern():
    files = [
        *(name for name in FILES if "mine.pkl" not in name),
        *(f"container2_knowledgebase/{n}.pkl" for n in "ab"),
    ]
    assert find_places(TASK06, files).model == ""


def test_a_missing_folder_is_reported_by_the_rubrics_name_with_what_was_found_instead(evidence_of):
    evidence = evidence_of(
        {f"container1_activationbase/{name}": None for name in ("Dockerfile", "currentActivation.csv")}
    )

    verdict = image_builds(evidence, container=1)

    assert verdict.reason.startswith(
        "there is no folder container1_activationbase/ with a Dockerfile; the submission contains:"
    )
    assert "container2_knowledgebase" in verdict.reason


def test_a_missing_file_is_reported_with_the_content_of_its_folder(evidence_of):
    evidence = evidence_of({
        "container2_knowledgebase/currentSolution.pkl": None,
        "container2_knowledgebase/model.h5": b"weights",
    })  # fmt: skip

    reason = image_holds_its_file(evidence, container=2).reason

    assert reason == (
        "there is no container2_knowledgebase/currentSolution.pkl in the submission; "
        "container2_knowledgebase/ contains: Dockerfile, model.h5"
    )


@pytest.mark.slow
def test_a_folder_with_any_name_is_found_by_the_service_that_is_built_from_it(evidence_of):
    moved = {f"container2_knowledgebase/{name}": None for name in ("Dockerfile", "currentSolution.pkl")} | {
        "Modelle/Dockerfile": b"FROM busybox\nCOPY currentSolution.pkl /knowledgeBase/\n",
        "Modelle/currentSolution.pkl": b"weights",
    }
    compose = "services:\n  k:\n    image: knowledgebase_app07\n    build: {context: ./%s}\n"
    found = evidence_of(moved | {"docker-compose.yml": (compose % "Modelle").encode()})

    place = found.places.number(2)
    assert (place.folder, place.exists, place.file) == ("Modelle", True, "Modelle/currentSolution.pkl")
    assert (
        "Modelle/",
        "the folder Modelle/, from which k is built, is used as container2_knowledgebase/",
    ) in found.places.remarks
    for elsewhere in ("../Modelle", "Nothing", "container1_activationbase", ".", "https://x.y/z.git"):
        other = evidence_of(moved | {"docker-compose.yml": (compose % elsewhere).encode()})
        assert not other.places.number(2).exists


def test_the_evidence_of_a_submission_has_its_places(evidence_of):
    assert evidence_of().places.number(1).file == "container1_activationbase/currentActivation.csv"


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("images/codeBase_fruit", "images/codebase_*", True),
        ("images/codeBase_fruit/tmp", "images/codebase_*", False),
        ("scenarios/apply/x86_64/docker-compose.yml", "scenarios/**/docker-compose.yml", True),
        ("scenarios/docker-compose.yml", "scenarios/**/docker-compose.yml", True),
        ("tmp/model.h5", "*.h5", False),
    ],
)
def test_a_star_does_not_match_a_slash_and_two_match_any_folders(path, pattern, fits):
    assert matches_path(path, pattern) is fits


def test_the_exact_spelling_comes_first():
    assert find_files(["dockerfile"], ["Dockerfile", "dockerfile"]) == ["dockerfile", "Dockerfile"]


def test_images_are_compared_without_tag_and_services_without_hyphens():
    assert matches_image("docker.io/someone/codebase_fruit:2", ["*/codebase_*"])
    assert not matches_image("someone/codebase_fruit", ["codebase_*"])
    assert matches_service("Code-Base_1", ["codebase*"])


def test_messages_use_the_titles_and_the_shared_folder_of_the_rubric():
    ai_cps = load_rubric(Path("ai-cps")).layout
    told = words_of(ai_cps)(
        Finding(
            "x",
            "t",
            "risk",
            "codebase reads /shared_data/a.csv",
            "cp /codebase/x, codebase.py codebase/y; share ./shared_data:/shared_data.",
            "",
        )
    )

    assert told.text == "codeBase reads /tmp/a.csv"
    assert told.hint == "cp /codebase/x, codebase.py codebase/y; share ai_system:/tmp."
    assert words_of(ai_cps)(Cause("x", "codebase fails", "codebase", "")).title == "codeBase fails"
    assert (
        words_of(ai_cps)(Result("x", "codebase runs", "passed", 1, 1, "codebase ran")).title
        == "codebase runs"
    )
    assert words_of(TASK06)("codebase") == "codebase"


def test_an_image_name_with_a_registry_or_a_user_refers_to_the_local_build():
    places = find_places(TASK06, ["container1_activationbase/Dockerfile"])
    first = places.containers[0]
    for name in (
        "activationbase_app07",
        "anna/activationbase_app07:v1",
        "docker.io/anna/activationbase_app07",
    ):
        assert first.is_build(name)
    assert not first.is_build("activationbase_app07:v2")
    assert not first.is_build("anna/knowledgebase_app07")
