"""Short right answers pass, whatever their language; strings that only look like answers do not."""

from __future__ import annotations

from collections import Counter

import pytest

from evaluation.documents.answers import Grade, Question, Surroundings, judge
from evaluation.documents.identifiers import Identifiers
from evaluation.rubric import load_rubric
from evaluation.submission.submission import Submission
from tests.evaluation import answer_corpus as corpus

NOT_AN_ANSWER = {
    corpus.FILLER,
    corpus.OTHER_PROJECT,
    corpus.QUESTION_AGAIN,
    corpus.KEYWORDS,
    corpus.PLACEHOLDER,
}
# The table in the documentation: grades by kind.
TABLE = {
    corpus.RIGHT: (38, 0, 0),
    corpus.DOUBTFUL: (0, 5, 0),
    corpus.FILLER: (0, 6, 7),
    corpus.OTHER_PROJECT: (0, 0, 5),
    corpus.QUESTION_AGAIN: (0, 0, 6),
    corpus.KEYWORDS: (0, 2, 3),
    corpus.PLACEHOLDER: (0, 0, 5),
    corpus.UNREADABLE: (0, 2, 0),
}


@pytest.fixture(scope="module")
def around(samples, tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus") / "submission"
    samples.write_sample(root, {"container3_codebase/pybrain/__init__.py": ""})
    submission = Submission("submission", "", "folder", root)
    names = ("README.md", "docker-compose.yml")
    return Surroundings(Identifiers(submission), {}, {name: submission.text(name) for name in names})


@pytest.fixture(scope="module")
def questions():
    items = [item.parameters for item in load_rubric().items if item.id.startswith("discussion.")]
    return {item["question"]: Question(item["asks"], item["topics"], item["expects"]) for item in items}


@pytest.fixture(scope="module")
def judged(around, questions):
    return [(kind, text, judge(text, questions[number], around)) for number, kind, _, text in corpus.CORPUS]


def test_a_right_answer_passes_even_if_it_is_short(judged):
    wrong = [
        (text, one.reason)
        for kind, text, one in judged
        if kind == corpus.RIGHT and one.grade is not Grade.ANSWERS
    ]
    assert wrong == []


def test_filler_that_only_looks_like_an_answer_does_not_pass(judged):
    wrong = [
        (text, one.reason)
        for kind, text, one in judged
        if kind in NOT_AN_ANSWER and one.grade is Grade.ANSWERS
    ]
    assert wrong == []


@pytest.mark.slow
def test_the_confusion_table_matches_the_documentation(judged):
    count = Counter((kind, one.grade) for kind, _, one in judged)
    assert {kind: tuple(count[kind, grade] for grade in Grade) for kind in TABLE} == TABLE


def test_longer_right_answers_pass_too(answers, around, questions):
    found = [(text, judge(text, questions[number], around)) for number, text in answers.HONEST]
    assert [(text, one.reason) for text, one in found if one.grade is not Grade.ANSWERS] == []


def test_names_of_a_submission_are_distinguished_from_common_names(around):
    own = around.own
    assert own.found_in("The image activationbase_app07 is built in container 1, then docker-compose up runs it.") == (
        "container1", "activationbase_app07",
    )  # fmt: skip
    assert (
        own.found_in("docker build, docker-compose.yml, README.md, Dockerfile, python app.py, data/model")
        == ()
    )
    assert own.found_in("wrote it to /shared_data, from currentSolution.pkl") == (
        "currentsolution.pkl",
        "shared_data",
    )


TABLES = """\
**CPU or GPU**

```yaml
services:
  codebase:
    image: codebase_app07
```

| Hardware | Setting | Image | Driver |
|---|---|---|---|
| CPU | cpus: 2, mem_limit: 512m | codebase_app07 | none |
| NVIDIA GPU | deploy.resources.reservations.devices | nvidia/cuda:11.8.0-runtime | nvidia container toolkit |
| AMD GPU | devices: /dev/kfd, /dev/dri | rocm/pytorch | ROCm kernel driver |
| ARM64 | platform: linux/arm64 | multi-arch build, docker buildx | none, QEMU for emulation |
| x86 | platform: linux/amd64 | python:3.11-slim | none |

- Apple M1: arm64 image
- Raspberry Pi: arm/v7 image, 1 GB memory limit
- AWS Graviton: arm64 image
- TensorFlow, PyTorch: CUDA libraries inside base image
"""


def test_a_page_of_tables_that_mentions_many_things_is_an_answer(around, questions):
    assert (
        judge(TABLES + "The rest of the file stays as it is.", questions[4], around).grade
        is not Grade.DOES_NOT
    )


def test_a_long_text_about_files_of_another_project_is_not_an_answer(around, questions):
    text = (
        "The container image is built from Dockerfile.api and starts src/serve_api.py, which loads weights.joblib and answers "
        "requests on a port. The environment is described in dvc.lock and settings.toml, so that every machine and every server "
        "has the same versions of its libraries. The tests in tests/test_api.py run before each deployment, and a volume keeps "
        "the data of the model between two versions."
    )
    assert "is about another project: it names" in judge(text, questions[1], around).reason
