"""The image of each service: the three containers must have separate images."""

from __future__ import annotations

import pytest

from evaluation.checks.orchestration import compose_services

OWN = {
    "activationbase": "container1_activationbase",
    "knowledgebase": "container2_knowledgebase",
    "codebase": "container3_codebase",
}


def with_builds(samples, builds):
    compose = samples.WAITING_COMPOSE
    for name, build in builds.items():
        compose = compose.replace(f"image: {name}_app07", f"build: {build}")
    return {"docker-compose.yml": compose}


@pytest.mark.slow
def test_services_may_build_their_own_folders(evidence_of, samples):
    assert compose_services(
        evidence_of(with_builds(samples, {name: f"./{place}" for name, place in OWN.items()}))
    ).passed
    recipes = {name: f"{{context: ., dockerfile: ./{place}/Dockerfile}}" for name, place in OWN.items()}
    assert compose_services(evidence_of(with_builds(samples, recipes))).passed


def test_one_image_cannot_serve_all_three_services(evidence_of, samples):
    """Only the first service counts as the container whose folder it builds."""
    verdict = compose_services(evidence_of(with_builds(samples, dict.fromkeys(OWN, "./container3_codebase"))))
    assert not verdict.passed
    assert verdict.reason == "no service runs the image activationbase_app07"


def test_a_service_must_not_build_another_containers_image(evidence_of, samples):
    recipe = "{context: ., dockerfile: ./container3_codebase/Dockerfile}"
    verdict = compose_services(evidence_of(with_builds(samples, dict.fromkeys(OWN, recipe))))
    assert not verdict.passed
    assert verdict.reason == (
        "the service activationbase runs an image that is built in container3_codebase, "
        "not the one of container1_activationbase"
    )
    assert verdict.hint == "Each container has an image of its own: write `image: activationbase_app07`."


def test_two_services_must_not_share_a_build(evidence_of, samples):
    changes = with_builds(samples, dict.fromkeys(OWN, "./all")) | {
        "all/Dockerfile": "FROM python:3.11-slim\n"
    }
    verdict = compose_services(evidence_of(changes))
    assert not verdict.passed
    assert verdict.reason == "the services activationbase and knowledgebase run the same image, built in all"
