"""The layout of a rubric: where a submission has its containers, under whatever names."""

from __future__ import annotations

import pytest

from evaluation.layout.layout import TASK06
from evaluation.layout.patterns import find_files, matches_image, matches_path, matches_service
from evaluation.layout.places import find_places

FILES = (
    "docker-compose.yml",
    "container1_activationbase/Dockerfile",
    "container1_activationbase/currentActivation.csv",
    "container2_knowledgebase/Dockerfile",
    "container2_knowledgebase/mine.pkl",
    "container3_codebase/Dockerfile",
    "container3_codebase/UE_07_App5.py",
)


def test_the_tasks_own_layout_is_found_without_a_remark():
    places = find_places(TASK06, FILES)

    assert [place.folder for place in places.containers] == [
        "container1_activationbase",
        "container2_knowledgebase",
        "container3_codebase",
    ]
    assert places.number(2).file == "container2_knowledgebase/mine.pkl"
    assert (places.compose_file, places.remarks) == ("docker-compose.yml", ())


def test_the_evidence_of_a_submission_knows_its_places(evidence_of):
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
def test_a_star_matches_no_slash_and_two_match_any_folders(path, pattern, fits):
    assert matches_path(path, pattern) is fits


def test_the_exact_spelling_comes_first():
    assert find_files(["dockerfile"], ["Dockerfile", "dockerfile"]) == ["dockerfile", "Dockerfile"]


def test_images_are_compared_without_tag_and_services_without_hyphens():
    assert matches_image("docker.io/someone/codebase_fruit:2", ["*/codebase_*"])
    assert not matches_image("someone/codebase_fruit", ["codebase_*"])
    assert matches_service("Code-Base_1", ["codebase*"])
