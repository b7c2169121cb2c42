"""A Dockerfile is read as data, and rewritten where only BuildKit would understand it."""

from __future__ import annotations

import pytest

from pipeline.evaluation.builds import lost_a_layer, unbuildable
from pipeline.evaluation.classic import rewrite
from pipeline.evaluation.compose_keys import is_allowed
from pipeline.evaluation.dockerfile import read_dockerfile
from pipeline.evaluation.intake import take_in
from pipeline.evaluation.limits import DEFAULT_LIMITS
from pipeline.evaluation.safestack import BuildWanted
from pipeline.layout import PROJECT, SERVICES


def test_stages_bases_and_continued_lines_are_understood():
    read = read_dockerfile(
        "# syntax=docker/dockerfile:1\nARG TAG=3.11-slim\nFROM python:${TAG} AS build\nRUN one \\\n  # why\n\n  two\n"
        "FROM build\nCOPY --from=build /a /b\nCOPY --from=other/tool:1 /c /d\nUSER 7\n"
    )
    assert [image.name for image in read.images] == ["python:3.11-slim", "other/tool:1"]
    assert [one.text for one in read.own_layers if one.keyword == "RUN"] == ["one two"]
    assert [one.line for one in read.instructions] == [2, 3, 4, 8, 9, 10, 11]
    assert read.mistakes == ()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_this_projects_own_are_read_without_a_mistake(service):
    read = read_dockerfile((PROJECT.context(service) / "Dockerfile").read_text("utf-8"))
    assert read.mistakes == ()
    assert all(is_allowed(image.name) for image in read.images)


@pytest.mark.parametrize(
    ("text", "line", "mistake"),
    [
        ("", 1, "there is no FROM"),
        ("FROM python AS\n", 1, "FROM takes an image"),
        ("RUN x\nFROM python\n", 1, "RUN stands before FROM"),
        ("FROM python\nCOPPY a b\n", 2, "there is no instruction COPPY"),
        ("ARG X\nFROM ${X}\n", 2, "its ARG has no value"),
    ],
)
def test_what_docker_would_refuse_is_named_with_its_line(text, line, mistake):
    found = read_dockerfile(text).mistakes[0]
    assert found[0] == line
    assert mistake in found[1]


@pytest.mark.parametrize(
    ("image", "also", "allowed"),
    [
        ("python:3.11-slim", (), True),
        ("docker.io/library/busybox", (), True),
        ("busybox@sha256:00", (), True),
        ("node:20", (), False),
        ("node:20", ("node",), True),
        ("node:20", ("node:20",), True),
        ("node:20", ("node:18",), False),
        ("evil.example/python:3.11-slim", (), False),
        ("someone/python", (), False),
        ("localhost:5000/python", (), False),
    ],
)
def test_only_official_images_of_a_short_list_are_used_without_asking(image, also, allowed):
    assert is_allowed(image, also) is allowed


def test_what_only_buildkit_knows_is_rewritten(tmp_path):
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    text = (
        "FROM busybox\nCOPY --link --chmod=755 run.sh /run.sh\nRUN --mount=type=cache,target=/c pip install x\n"
        'RUN <<EOF\nset -e\necho "$A"\nEOF\nCOPY <<EOF /etc/x\nhello\nEOF\nRUN python3 <<EOF\nprint(1)\nEOF\n'
    )
    made = rewrite(read_dockerfile(text), text, tmp_path)
    assert made.needs_buildkit == ()
    lines = made.text.splitlines()
    assert lines[1:3] == ["COPY run.sh /run.sh", "RUN pip install x"]
    assert lines[3] == 'RUN ["/bin/sh", "-ec", "set -e\\necho \\"$A\\"\\n"]'
    assert lines[4] == "COPY Dockerfile.generated.1 /etc/x"
    assert (tmp_path / "Dockerfile.generated.1").read_text() == "hello\n"
    assert lines[5] == 'RUN ["/bin/sh", "-c", "python3 <<EOF\\nprint(1)\\nEOF\\n"]'
    assert (tmp_path / "run.sh").stat().st_mode & 0o777 == 0o755


def test_a_plain_one_is_left_as_it_is_and_what_cannot_be_rewritten_is_said(tmp_path):
    plain = "FROM busybox\nRUN  echo   hi\n"
    assert rewrite(read_dockerfile(plain), plain, tmp_path).text == plain
    text = "FROM busybox\nRUN --mount=type=secret,id=x cat /run/secrets/x\n"
    left = rewrite(read_dockerfile(text), text, tmp_path).needs_buildkit
    assert left == ("line 2: RUN --mount=type=secret,id=x",)


def test_a_file_from_elsewhere_is_not_fetched_by_the_engine(submit, samples, tmp_path):
    dockerfile = samples.DATA_DOCKERFILE.replace("RUN", "ADD http://192.0.2.1/x /x\nRUN")
    folder = submit({"container1_activationbase/Dockerfile": dockerfile})
    submission = take_in(str(folder), tmp_path / "in", DEFAULT_LIMITS)
    wrong = unbuildable(submission, BuildWanted("container1_activationbase", "Dockerfile"))
    assert "line 2: ADD http://192.0.2.1/x would be fetched by the engine itself" in wrong.reason
    assert unbuildable(submission, BuildWanted("container2_knowledgebase", "Dockerfile")) is None


@pytest.mark.parametrize(
    ("last", "lost"),
    [
        ("failed to export image: failed to set parent sha256:31: unknown parent image ID sha256:31", True),
        ("No such image: sha256:3129344783e1", True),
        ("Successfully tagged app07eval:b0", False),
        ("The command '/bin/sh -c false' returned a non-zero code: 1", False),
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat x", False),
    ],
)
def test_a_layer_that_another_evaluation_took_away_is_no_fault_of_the_dockerfile(last, lost):
    assert lost_a_layer(f"Step 1/2 : FROM busybox\n ---> 1264ba6295fe\n{last}\n") is lost
    assert not lost_a_layer("unknown parent image ID\nthat was said earlier\n")
