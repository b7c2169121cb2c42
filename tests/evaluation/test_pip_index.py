"""The builds that use the package index of the proxy, and their output."""

from __future__ import annotations

import pytest

from evaluation.dockerfiles.parser import read_dockerfile
from evaluation.images.canonical import rewrite
from evaluation.images.pip_index import INDEX_ARGUMENT, without_index
from evaluation.submission.safe_tree import Tree

PIP = "RUN pip install numpy\n"


def written(text, folder, **options):
    """Return the lines of the rewritten Dockerfile."""
    return rewrite(read_dockerfile(text, options.get("arguments")), Tree(folder), **options).text.splitlines()


def test_only_stages_that_run_pip_begin_with_the_argument(tmp_path):
    text = f"FROM busybox AS a\nRUN echo\nFROM python:3.11-slim AS b\nCOPY x /x\n{PIP}FROM b\nCOPY --from=a /x /x\n"
    assert written(text, tmp_path) == [
        "FROM busybox AS app07-stage-0", "RUN echo",
        "FROM python:3.11-slim AS app07-stage-1", INDEX_ARGUMENT, "COPY x /x", "RUN pip install numpy",
        "FROM app07-stage-1 AS app07-stage-2", "COPY --from=app07-stage-0 /x /x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "run",
    [
        'RUN ["pip3", "install", "numpy"]\n',
        "RUN python3 -m pip install numpy\n",
        "RUN <<EOF\npip install numpy\nEOF\n",
        "RUN python -m venv /v && /v/bin/pip install numpy\n",
        "RUN pip install -i https://mirror.example/simple numpy\n",  # the option goes before the argument
        "RUN pip install --extra-index-url https://mirror.example/simple numpy\n",
        "ARG PIP_NO_CACHE_DIR=1\nRUN pip install numpy\n",
    ],
)
def test_every_form_of_pip_gets_the_argument(run, tmp_path):
    assert written(f"FROM python:3.11-slim\n{run}", tmp_path)[1] == INDEX_ARGUMENT


@pytest.mark.parametrize(
    "lines",
    [
        "ENV PIP_INDEX_URL=https://mirror.example/simple\n",
        "ARG PIP_INDEX_URL\n",
        "ENV PIP_CONFIG_FILE=/my.conf\n",
        "ENV PIP_NO_INDEX=1\n",
        "RUN pip config set global.index-url https://mirror.example/simple\n",
        "RUN pip3.11  config set global.index-url https://mirror.example/simple\n",
        'RUN printf "[global]\\nindex-url=https://mirror.example/simple" > /etc/pip.conf\n',
        "COPY pip.conf /etc/pip.conf\n",
        "COPY <<EOF /root/.config/pip/pip.conf\n[global]\nEOF\n",
        "COPY settings /root/.pip\n",
        "RUN <<EOF\nexport PIP_INDEX_URL=https://mirror.example/simple\nEOF\n",
        "LABEL index=$PIP_INDEX_URL\n",
    ],
)
def test_a_dockerfile_that_chooses_an_index_gets_no_argument(lines, tmp_path):
    (tmp_path / "x").touch()
    assert INDEX_ARGUMENT not in written(f"FROM python:3.11-slim\n{lines}{PIP}", tmp_path)


def test_a_global_argument_may_choose_the_index(tmp_path):
    text = f"ARG PIP_INDEX_URL=https://mirror.example/simple\nFROM python:3.11-slim\n{PIP}"
    assert INDEX_ARGUMENT not in written(text, tmp_path)


def test_build_arguments_and_the_image_may_choose_the_index(tmp_path):
    text = f"FROM python:3.11-slim AS a\nRUN echo\nFROM a\n{PIP}"
    assert INDEX_ARGUMENT not in written(
        text, tmp_path, arguments={"PIP_INDEX_URL": "https://mirror.example/"}
    )
    variables = {"python:3.11-slim": {"PIP_CONFIG_FILE": "/site.conf"}}
    assert INDEX_ARGUMENT not in written(text, tmp_path, variables_of=lambda image: variables.get(image, {}))
    assert INDEX_ARGUMENT in written(text, tmp_path)


def test_an_image_allowed_only_by_the_user_may_have_its_own_configuration(tmp_path):
    assert INDEX_ARGUMENT not in written(f"FROM site.example/python:3.11\n{PIP}", tmp_path)


@pytest.mark.parametrize("name", ["pip.conf", "files/PIP.INI", "home/.config/pip/pip.conf"])
def test_a_configuration_file_in_the_context_may_be_copied(name, tmp_path):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("[global]\nindex-url = https://mirror.example/simple\n")
    assert INDEX_ARGUMENT not in written(f"FROM python:3.11-slim\nCOPY . /\n{PIP}", tmp_path)


def test_the_output_of_a_build_shows_files_as_with_the_default_index():
    path = f"files/{'a' * 64}/{'b' * 32}/https/files.example/packages/12/numpy-2.4.6-py3-none-any.whl"
    output = (
        "Looking in indexes: http://127.0.0.1:3128/simple/\nCollecting numpy\n"
        f"  Downloading http://127.0.0.1:3128/{path} (16.9 MB)\n"
    )
    assert without_index(output) == "Collecting numpy\n  Downloading numpy-2.4.6-py3-none-any.whl (16.9 MB)\n"
    further = "Looking in indexes: http://127.0.0.1:3128/simple/, https://mirror.example/simple\n"
    assert without_index(further) == "Looking in indexes: https://mirror.example/simple\n"
