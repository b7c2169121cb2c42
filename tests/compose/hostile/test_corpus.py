"""Each request of the corpus is accepted or refused as stated, quickly, and no file gives access to the host."""

from __future__ import annotations

import json
import re
import time
from pathlib import PurePosixPath

import pytest
import yaml

from pipeline.compose import TARGETS, RequestRefused, generate, read_request


def test_each_request_is_accepted_or_refused_as_the_corpus_states(group, findings) -> None:
    wrong = [f"{case.value!r:.100}: {problem}" for case in group for problem in problems(case, findings)]
    assert wrong == []


def problems(case, findings):
    """Report problems of the result for one request."""
    started = time.thread_time()
    try:
        request = read_request(case.data)
        texts = {target: generate(request, target=target).text for target in TARGETS}
    except RequestRefused as refusal:
        if case.accepted:
            yield f"refused: {refusal.problems[0]}"
        if not any(_is_at(problem.path, case.place) for problem in refusal.problems):
            yield f"the place is {refusal.problems[0].path!r}"
        if not all(problem.reason and "\n" not in problem.reason for problem in refusal.problems):
            yield "a problem without a reason in one line"
        return
    finally:
        if time.thread_time() - started > 1:
            yield "took longer than a second"
    if case.accepted is False:
        yield "accepted"
    for target, text in texts.items():
        yield from (f"{target}: {finding}" for finding in findings(text, target))


def _is_at(path: str, place: str) -> bool:
    """Return whether a problem is reported at the path, above or below it, or for the whole request."""
    plain = re.sub(r"\W+", ".", path).strip(".")
    wanted = re.sub(r"\W+", ".", place).strip(".")
    return plain.startswith(wanted) or wanted.startswith(plain)


LONG = {
    "words": "a " * 15_999,
    "quotation marks": "'a' " * 1_999,
    "backslashes": "\\a" * 3_999,
    "addresses": "1.1.1." * 5_000,
    "colons": "fd00:" * 6_000,
    "control characters": "\x01" * 7_999,
    "emoji": "\U0001f4a5" * 3_999,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_strings_in_every_container_take_less_than_a_second(text: str) -> None:
    containers = [
        {
            "name": f"a{index}",
            "image": "busybox",
            "command": text,
            "command_line_args": text,
            "environment": {"A": text},
        }
        for index in range(20)
    ]
    data = json.dumps({"containers": containers}).encode()
    started = time.thread_time()
    try:
        generate(read_request(data))
    except RequestRefused as refusal:
        assert refusal.problems
    assert time.thread_time() - started < 1


def test_the_corpus_is_large_and_most_of_its_requests_are_refused(corpus) -> None:
    cases = list(corpus.cases())
    assert len(cases) > 1500
    assert sum(case.accepted is False for case in cases) > 1300


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile",
        "DOCKERFILE",
        "Dockerfile.dockerignore",
        "requirements.txt",
        "code",
        "library",
        "data",
        "model",
    ],
)
def test_no_two_fetched_files_have_the_same_path(corpus, name: str) -> None:
    """A file in the container cannot replace the generated Dockerfile."""
    request = corpus.changed(
        "containers[2].data_source", {"url": "https://example.com/x", "container_path": f"/a/{name}"}
    )
    request["containers"][2]["model_source"] = {
        "url": "https://example.com/y",
        "container_path": f"/b/{name}",
    }
    request["containers"][2]["custom_libraries"] = ["https://example.com/z"]
    files = generate(read_request(json.dumps(request).encode())).files
    places = [file.path.rstrip("/").lower() for file in files]
    assert len(set(places)) == len(places)
    parents = {str(parent) for place in places for parent in PurePosixPath(place).parents}
    assert parents.isdisjoint(places)


@pytest.mark.parametrize("end", ["..", ".", "-x", ".hidden", "a%2f..%2fb", "x\\y", ""])
def test_no_fetched_file_is_outside_its_folder(corpus, end: str) -> None:
    request = corpus.changed("containers[2].custom_libraries", [f"https://example.com/{end}"])
    try:
        files = generate(read_request(json.dumps(request).encode())).files
    except RequestRefused:
        return
    for file in files:
        if file.source:
            assert re.fullmatch(r"containers/\w+(/[A-Za-z0-9][\w.-]*)+/?", file.path)


@pytest.mark.parametrize("name", ["x.csv", "activation_data.csv", "prediction.csv"])
def test_no_container_overwrites_the_file_of_another_container(name: str) -> None:
    containers = [
        {"name": f"data{index}", "image": "busybox", "data_source": {"container_path": f"/{index}/{name}"}}
        for index in range(3)
    ]
    containers.append(
        {"name": "code", "image": "python:3.11-slim", "command": "true", "pip_packages": ["numpy"]}
    )
    generated = generate(read_request(json.dumps({"containers": containers}).encode()))
    services = yaml.safe_load(generated.text)["services"]
    targets = [services[f"data{index}"]["entrypoint"][-2] for index in range(3)]
    assert len({*targets, services["code"]["environment"]["OUTPUT_PATH"]}) == 4
    assert services["code"]["environment"]["DATA_PATH"] == targets[0]
