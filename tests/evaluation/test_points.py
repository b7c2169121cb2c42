"""Real containers: right submissions of several kinds get all points; what goes wrong in other ways is told apart."""

from __future__ import annotations

import pytest

from pipeline import submission
from pipeline.evaluation.result import NOT_CHECKED

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
PROGRAM = f"{C3}/UE_07_App5.py"
COMPOSE = "docker-compose.yml"


def trap_names(report):
    return {finding.id for finding in report.findings}


def result(report, name):
    return next(one for one in report.results if one.id == name)


@pytest.mark.parametrize("compose", ["v1", "v2"])
def test_this_projects_own_archive_gets_all_points_from_evidence_alone(
    own_project, evaluated, tmp_path, compose
):
    contents = submission.contents_of(own_project.root)
    archive = submission.create(own_project, contents, tmp_path / "Task06_Submission.zip")
    report = evaluated(archive.path, compose=compose)
    assert {one.id: one.reason for one in report.results if one.status != "passed"} == {}
    assert report.points == 100
    assert trap_names(report) <= {"unpinned"}
    assert all(one.enforced for one in report.protections)


def test_a_right_one_in_the_courses_style_gets_all_points_and_advice(submit, evaluated, failed):
    report = evaluated(submit())
    assert failed(report) == {}
    assert report.points == 100
    assert trap_names(report) == {
        "root-leftovers",
        "root-user",
        "unpinned",
        "obsolete-version",
        "fixed-names",
    }


def test_a_right_one_with_a_named_volume_healthchecks_and_what_only_buildkit_knows_gets_all_points(
    submit, samples, evaluated, failed
):
    compose = """
services:
  rows:
    build: {context: ./container1_activationbase}
    command: ["sh", "-c", "cp /activationBase/currentActivation.csv /exchange/activation_data.csv; tail -f /dev/null"]
    healthcheck: {test: ["CMD", "test", "-s", "/exchange/activation_data.csv"], interval: 300ms, retries: 50}
    volumes: ["exchange:/exchange"]
  network-file:
    build: ./container2_knowledgebase
    command: ["sh", "-c", "cp /knowledgeBase/currentSolution.pkl /exchange/; tail -f /dev/null"]
    healthcheck: {test: ["CMD", "test", "-s", "/exchange/currentSolution.pkl"], interval: 300ms, retries: 50}
    volumes: ["exchange:/exchange"]
  answer:
    build: {context: ./container3_codebase}
    environment: {MODEL_PATH: /shared_data/currentSolution.pkl, WHO: "${WHO:-nobody}$$"}
    volumes:
      - {type: volume, source: exchange, target: /shared_data}
    depends_on:
      rows: {condition: service_healthy}
      network-file: {condition: service_healthy}
volumes:
  exchange:
"""
    dockerfile = (
        samples.CODE_DOCKERFILE.replace("RUN pip", "RUN --mount=type=cache,target=/root/.cache pip")
        .replace("COPY UE", "COPY --link --chmod=644 UE")
        .replace("CMD", "RUN <<END\nset -e\nuseradd --uid 10001 student\nEND\nUSER student\nCMD")
    )
    program = samples.PROGRAM.split("for row in rows:")[0] + (
        "import json\n"
        "answers = [list(map(float, net.activate([float(v) for v in row[: net.indim]]))) for row in rows]\n"
        "json.dump({'predictions': answers}, open('/shared_data/result.json', 'w'), indent=2)\n"
    )
    report = evaluated(submit({COMPOSE: compose, f"{C3}/Dockerfile": dockerfile, PROGRAM: program}))
    assert failed(report) == {}
    assert report.points == 100
    assert "RUN <<END" in str(result(report, "container3.builds").evidence)


def test_the_stack_that_stops_at_the_first_exit_loses_orchestration_and_prediction(
    submit, samples, evaluated, failed
):
    report = evaluated(submit({COMPOSE: samples.COMPOSE.replace(" && sleep 60", "")}))
    assert failed(report) == {
        "compose.orchestration": "failed",
        "compose.status": NOT_CHECKED,
        "activation.prediction": "failed",
    }
    assert report.points == 100 - 5 - 3 - 15
    assert "first container's exit" in result(report, "compose.orchestration").reason
    found = next(one for one in report.findings if one.id == "first-exit")
    assert found.where == "docker-compose.yml:4"
    assert "Without that flag the same stack makes the right prediction" in found.text


def test_what_cannot_be_built_takes_what_depends_on_it_along(submit, samples, evaluated, failed):
    changes = {
        f"{C1}/Dockerfile": None,
        f"{C2}/Dockerfile": samples.MODEL_DOCKERFILE.replace("RUN mkdir", "RUN false && mkdir"),
        f"{C3}/Dockerfile": samples.CODE_DOCKERFILE.replace("FROM python:3.11-slim", "FROM node:20"),
    }
    report = evaluated(submit(changes))
    lost = failed(report)
    assert lost["container1.builds"] == lost["container2.builds"] == "failed"
    assert result(report, "container1.builds").reason == f"there is no {C1}/Dockerfile"
    assert "ended with status 1" in result(report, "container2.builds").reason
    # Asked for, not fetched: whoever evaluates decides.
    assert lost["container3.builds"] == NOT_CHECKED
    assert "--allow-image node:20" in result(report, "container3.builds").hint
    assert report.points == 4 + 4 + 4 + 10 + 10


def test_an_image_that_nobody_builds_is_named(submit, samples, evaluated, failed):
    report = evaluated(
        submit({COMPOSE: samples.COMPOSE.replace("image: codebase_app07", "image: codebase_app07:v2")})
    )
    assert failed(report)["compose.services"] == "failed"
    assert (
        "codebase_app07:v2, which nothing in the submission builds"
        in result(report, "compose.services").reason
    )
    assert report.points == 100 - 4 - 5 - 3 - 10 - 15


def test_a_prediction_that_is_written_down_and_not_computed_gets_no_points(submit, evaluated, failed):
    program = "print('Model loaded')\nprint('Prediction: [0.2070925505]')\nprint('ACTIVATION COMPLETE')\n"
    summary = "Result: prediction made\nAll checks passed\n"
    report = evaluated(
        submit({PROGRAM: program, "output/stage3_compose_execution/execution_summary.txt": summary})
    )
    assert failed(report) == {"activation.prediction": "failed"}
    assert report.points == 85
    assert "fixed-answer" in trap_names(report)


def test_a_shared_folder_on_ones_own_machine_costs_what_it_is_worth(submit, samples, evaluated, failed):
    compose = samples.COMPOSE.replace("./shared_data:/shared_data", "/home/bob/task06:/shared_data")
    report = evaluated(submit({COMPOSE: compose}))
    assert failed(report) == {"compose.services": "failed"}
    assert "/home/bob/task06, a place on somebody's own machine" in result(report, "compose.services").reason
    assert "own-machine-path" in trap_names(report)


def test_the_whole_project_may_be_shared_and_what_lay_in_it_is_no_result(submit, samples, evaluated, failed):
    compose = samples.COMPOSE.replace("./shared_data:/shared_data", ".:/work").replace(
        "/shared_data/", "/work/shared_data/"
    )
    program = samples.PROGRAM.replace("/shared_data/", "/work/shared_data/")
    old = {"shared_data/prediction.csv": "prediction\n0.5\n", "shared_data/.gitkeep": ""}
    report = evaluated(submit({COMPOSE: compose, PROGRAM: program, **old}))
    assert failed(report) == {}
    assert report.points == 100
