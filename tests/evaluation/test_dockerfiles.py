"""A Dockerfile is parsed as data, and features of BuildKit are rewritten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.project import PROJECT, SERVICES
from evaluation.compose.safe_stack import BuildRequest
from evaluation.dockerfiles.parser import read_dockerfile
from evaluation.dockerfiles.refusals import refusals
from evaluation.dockerfiles.stage_variables import instructions_with_variables
from evaluation.dockerfiles.stages import BuildRefused
from evaluation.dockerfiles.variables import CannotExpand, expand
from evaluation.engine.image_names import is_allowed
from evaluation.images.build_failures import is_missing_layer, is_repeated
from evaluation.images.build_plan import unbuildable
from evaluation.images.canonical import VOLUMES_LABEL, rewrite
from evaluation.images.pip_index import INDEX_ARGUMENT
from evaluation.processes import bounded_process
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.submission.safe_tree import Tree
from tests.evaluation.submissions import copy_submission


def test_stages_bases_and_continued_lines_are_parsed():
    read = read_dockerfile(
        "# syntax=docker/dockerfile:1\nARG TAG=3.11-slim\nFROM python:${TAG} AS build\nRUN one \\\n  # why\n\n  two\n"
        "FROM build\nCOPY --from=build /a /b\nCOPY --from=other/tool:1 /c /d\nUSER 7\n"
    )
    assert [image.name for image in read.images] == ["python:3.11-slim", "other/tool:1"]
    assert [one.text for one in read.own_layers if one.keyword == "RUN"] == [
        "one   two"
    ]  # joined as Docker does
    assert [one.line for one in read.instructions] == [2, 3, 4, 8, 9, 10, 11]
    assert read.mistakes == ()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_projects_own_dockerfiles_have_no_mistakes(service):
    read = read_dockerfile((PROJECT.context(service) / "Dockerfile").read_text("utf-8"))
    assert read.mistakes == ()
    assert all(is_allowed(image.name) for image in read.images)


@pytest.mark.parametrize(
    ("text", "line", "mistake"),
    [
        ("", 1, "there is no FROM"),
        ("FROM python AS\n", 1, "FROM must have the form"),
        ("RUN x\nFROM python\n", 1, "RUN must not come before FROM"),
        ("FROM python\nCOPPY a b\n", 2, "unknown instruction COPPY"),
        ("ARG X\nFROM ${X}\n", 2, "its ARG has no value"),
    ],
)
def test_an_invalid_instruction_is_reported_with_its_line(text, line, mistake):
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
        ("python:3.11 AS x", (), False),
        ("sha256:894a2bf62821", (), False),
        ("894a2bf62821", (), False),
        ("codebase_app07", (), False),
    ],
)
def test_only_images_on_the_allow_list_are_allowed(image, also, allowed):
    assert is_allowed(image, also) is allowed


def test_features_of_buildkit_are_rewritten(tmp_path):
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    text = (
        "FROM busybox\nCOPY --link --chmod=755 run.sh /run.sh\nRUN --mount=type=cache,target=/c pip install x\n"
        'RUN <<EOF\nset -e\necho "$A"\nEOF\nCOPY <<EOF /etc/x\nhello\nEOF\nRUN python3 <<EOF\nprint(1)\nEOF\n'
    )
    made = rewrite(read_dockerfile(text), Tree(tmp_path))
    assert made.needs_buildkit == ()
    lines = [line for line in made.text.splitlines() if line != INDEX_ARGUMENT]
    assert lines[1:3] == ["COPY run.sh /run.sh", "RUN pip install x"]
    assert lines[3] == 'RUN ["/bin/sh", "-ec", "set -e\\necho \\"$A\\"\\n"]'
    assert lines[4] == "COPY app07-texts/1/EOF /etc/x"
    assert (tmp_path / "app07-texts/1/EOF").read_text() == "hello\n"
    assert lines[5] == 'RUN ["/bin/sh", "-c", "python3 <<EOF\\nprint(1)\\nEOF\\n"]'
    assert (tmp_path / "run.sh").stat().st_mode & 0o777 == 0o755


def written(text, folder, **options):
    """Return the lines of the rewritten Dockerfile."""
    return rewrite(read_dockerfile(text, options.get("arguments")), Tree(folder), **options).text.splitlines()


def test_stages_that_the_last_one_does_not_need_are_not_built(tmp_path):
    text = (
        "FROM busybox AS base\nRUN a\nFROM busybox AS unused\nRUN false\nFROM unused AS unused_too\nRUN b\n"
        "FROM busybox AS files\nRUN c\nFROM base\nCOPY --from=files /c /c\n"
    )
    assert written(text, tmp_path) == [
        "FROM busybox AS app07-stage-0", "RUN a", "FROM busybox AS app07-stage-3", "RUN c",
        "FROM app07-stage-0 AS app07-stage-4", "COPY --from=app07-stage-3 /c /c",
    ]  # fmt: skip


def test_instructions_that_cannot_be_rewritten_are_reported(tmp_path):
    assert written("# a\nfrom\tbusybox\nRUN  echo   hi\n", tmp_path) == [
        "FROM busybox AS app07-stage-0",
        "RUN echo   hi",
    ]
    text = "FROM busybox\nRUN --mount=type=secret,id=x cat /run/secrets/x\n"
    left = rewrite(read_dockerfile(text), Tree(tmp_path)).needs_buildkit
    assert left == ("line 2: RUN --mount=type=secret,id=x",)


def test_stages_get_new_names_and_images_are_literal(tmp_path):
    text = (
        "ARG A=slim\nARG B=python:3.11-${A}\nFROM ${B} AS One\nRUN a\nFROM one\nCOPY --from=0 /a /b\n"
        "COPY --from=ONE /a /c\nCOPY --from=busybox /bin/sh /d\nFROM scratch AS never\n"
    )
    assert written(text, tmp_path, target="1") == [
        "ARG A=slim",
        "ARG B=python:3.11-${A}",
        "FROM python:3.11-slim AS app07-stage-0",
        "RUN a",
        "FROM app07-stage-0 AS app07-stage-1",
        "COPY --from=app07-stage-0 /a /b",
        "COPY --from=app07-stage-0 /a /c",
        "COPY --from=busybox /bin/sh /d",
    ]
    assert (
        written(text, tmp_path, arguments={"A": "x"}, target="one")[2]
        == "FROM python:3.11-x AS app07-stage-0"
    )


@pytest.mark.parametrize(
    ("word", "becomes"),
    [
        ("$A", "a"),
        ("${A}b", "ab"),
        ("${NO:-$A}", "a"),
        ("${NO:-${NO2:-x$A}}", "xa"),
        ("${EMPTY:-w}", "w"),
        ("${EMPTY-w}", ""),
        ("${EMPTY+w}", "w"),
        ("${EMPTY:+w}", ""),
        ("${NO+w}", ""),
        ("'$A'", "$A"),
        ('"$A"', "a"),
        ("\\$A", "$A"),
        ("${A:+'}'}", "}"),
    ],
)
def test_variables_are_expanded_as_in_docker(word, becomes):
    assert expand(word, {"A": "a", "EMPTY": ""}) == becomes


@pytest.mark.parametrize("word", ["${A", "${}", "${A#x}", "'x", '"x', "${NO:?gone}", "${A:-" * 40 + "}" * 40])
def test_a_word_with_invalid_quoting_is_rejected(word):
    with pytest.raises(CannotExpand):
        expand(word, {"A": "a"})


def test_variables_that_grow_exponentially_are_rejected():
    text = "FROM busybox\nENV A=0123456789\n" + "ENV A=$A$A$A$A\n" * 30
    found = list(refusals(read_dockerfile(text), "", {}))
    assert "expands to more characters than are allowed" in found[0][1]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("# escape=`\nFROM busybox\nRUN a `\n  b\n", ["# escape=`", "RUN a   b"]),
        ("# syntax=x\n#Escape = `\nFROM busybox\nRUN a `\n  b\n", ["# escape=`", "RUN a   b"]),
        ("# a comment\n# escape=`\nFROM busybox\nRUN a \\\n  b\n", ["RUN a   b"]),
        ("\n# escape=`\nFROM busybox\nRUN a \\\n  b\n", ["RUN a   b"]),
        ("FROM busybox\n# escape=`\nRUN a \\\n# why\n\n  b\n", ["RUN a   b"]),
        ("FROM busybox\nRUN a \\ \t\n\tb\n", ["RUN a \tb"]),
    ],
)
def test_continued_lines_are_joined_as_in_docker(text, reads, tmp_path):
    lines = written(text, tmp_path)
    lines.remove("FROM busybox AS app07-stage-0")
    assert lines == reads


def test_no_written_line_ends_with_a_continuation(tmp_path):
    text = "FROM busybox\nRUN a \\\\\n\nCOPY --from=busybox a b\\"
    made = rewrite(read_dockerfile(text), Tree(tmp_path))
    assert not any(line.rstrip().endswith("\\") for line in made.text.splitlines())


@pytest.mark.parametrize(
    ("add", "becomes"),
    [
        ("ADD ${U} /x", "ADD ./${U} /x"),
        ("ADD /a ./b ././/c /x/", "ADD ./a ./b ./c /x/"),
        ('ADD "${U}" /x', 'ADD ./"${U}" /x'),
        ('ADD ["${U}", "/x"]', 'ADD ["./${U}", "/x"]'),
        ('ADD ["a","/x"] more', 'ADD ./["a","/x"] more'),
    ],
)
def test_every_source_of_an_add_becomes_a_path_of_the_context(add, becomes, tmp_path):
    assert written(f"FROM busybox\n{add}\n", tmp_path)[-1] == becomes


URL = "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    "lines",
    [
        f"ADD {URL} /x",
        f'ADD ["{URL}", "/x"]',
        f"ARG U={URL}\nADD ${{U}} /x",
        f"ENV U={URL}\nADD $U /x",
        f"ENV U {URL}\nADD $U /x",
        "ENV H=http S=://127.0.0.1:9/x\nADD ${H}${S} /x",
        f"ADD a ${{NO:-{URL}}} /x/",
        "ADD git@example.org:a/b.git /x",
        f"ADD <<EOF {URL} /x/\ntext\nEOF",
    ],
)
def test_an_add_of_a_url_is_refused_for_every_source_of_the_url(lines):
    found = list(refusals(read_dockerfile(f"FROM busybox\n{lines}\n"), "", {}))
    assert "would be downloaded by the engine itself, outside the limits of the evaluation" in found[0][1]


def test_a_url_in_a_build_argument_or_a_global_arg_is_found():
    text = "ARG U\nFROM busybox\nARG U\nADD $U /x\n"
    assert list(refusals(read_dockerfile(text, {"U": URL}), "", {"U": URL}))
    assert list(refusals(read_dockerfile(text.replace("ARG U\nF", f"ARG U={URL}\nF")), "", {}))
    assert not list(refusals(read_dockerfile(text), "", {}))


def test_onbuild_is_refused_if_it_would_run_and_removed_otherwise(tmp_path):
    text = f"FROM busybox AS a\nONBUILD ADD {URL} /x\n"
    assert list(refusals(read_dockerfile(text), "", {})) == []
    assert written(text, tmp_path) == ["FROM busybox AS app07-stage-0"]
    found = list(refusals(read_dockerfile(text + "FROM a\n"), "", {}))
    assert found == [(2, "ONBUILD is not supported; write the instruction in the stage that needs it")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM sha256:00\n", "is an image id"),
        (f"FROM {'0' * 64}\n", "is an image id"),
        ("FROM '$X'\n", "is not a fixed name"),
        ("ARG X='a b'\nFROM $X\n", "is not a valid image name"),
        ("FROM busybox\nARG X=busybox\nCOPY --from=$X /a /b\n", "is not a fixed name"),
        ("FROM busybox\nCOPY --from=sha256:00 /a /b\n", "is an image id"),
    ],
)
def test_an_image_must_be_a_name(text, reason):
    assert reason in next(refusals(read_dockerfile(text), "", {}))[1]


@pytest.mark.parametrize(
    "line",
    [
        "COPY -- --from=evil /a /b",
        "COPY --chown=1:1\u00a0--from=evil /a /b",
        "COPY --chown=\u00e0--from=evil /a /b",
        "COPY --from=busybox --from=evil /a /b",
        "COPY --fr\\om=evil /a /b",
        'COPY "--from=evil" --link="x y" /a /b',
        "COPY --link='--from=evil' /a /b",
    ],
)
def test_ambiguous_flags_are_rejected(line, tmp_path):
    read = read_dockerfile(f"FROM busybox\n{line}\n")
    assert read.mistakes or "--from=evil" not in rewrite(read, Tree(tmp_path)).text.split(' "')[0]


def test_a_platform_is_dropped_and_reported(tmp_path):
    made = rewrite(read_dockerfile("FROM --platform=$BUILDPLATFORM busybox\n"), Tree(tmp_path))
    assert (made.text, made.changes) == ("FROM busybox AS app07-stage-0\n", ("FROM --platform",))


def test_many_stages_are_processed_in_linear_time():
    text = "FROM busybox AS s0\nENV A=0\n" + "".join(
        f"FROM s{number} AS s{number + 1}\nENV A=${{A}}{number % 10}\n" for number in range(45)
    )
    read = read_dockerfile(text + "FROM s45\nADD $A /x\n")
    assert list(refusals(read, "", {})) == []
    *_, (_, values) = instructions_with_variables(read, 46, {})
    assert len(values["A"]) == 46


@pytest.mark.parametrize("name", ["../../x", "/etc/cron.d/x", "..", "a/b"])
def test_a_heredoc_is_written_to_its_own_folder_only(name, tmp_path):
    context = tmp_path / "one" / "context"
    context.mkdir(parents=True)
    text = f"FROM busybox\nCOPY <<{name} <<b /dst/\nevil\n{name}\nfine\nb\n"
    made = rewrite(read_dockerfile(text), Tree(context))
    assert made.needs_buildkit == (f"line 2: a heredoc named {name!r}",)
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert files == ["one/context/app07-texts/1/b"]


def test_heredocs_and_files_are_copied_together_with_variables_expanded(tmp_path):
    (tmp_path / "app07-texts").symlink_to("/etc")
    text = "FROM busybox\nENV A=one\nCOPY <<a file <<'b' /dst/\n$A \"${A}\" \\$A\na\n$A\nb\n"
    made = rewrite(read_dockerfile(text), Tree(tmp_path))
    assert made.text.splitlines()[-1] == "COPY app07-texts-1/1/a file app07-texts-1/2/b /dst/"
    assert (tmp_path / "app07-texts-1/1/a").read_text() == 'one "one" $A\n'
    assert (tmp_path / "app07-texts-1/2/b").read_text() == "$A\n"


def test_modes_are_set_inside_the_context_only(tmp_path):
    outside, context = tmp_path / "outside", tmp_path / "context"
    context.mkdir()
    outside.write_text("x")
    outside.chmod(0o600)
    (context / "link").symlink_to("../outside")
    (context / "folder").mkdir()
    (context / "folder" / "file.sh").write_text("x")
    text = "FROM busybox\nCOPY --chmod=777 ../outside link folder/*.sh . /dst/\n"
    rewrite(read_dockerfile(text), Tree(context))
    assert outside.stat().st_mode & 0o777 == 0o600
    assert (context / "folder" / "file.sh").stat().st_mode & 0o777 == 0o777


def test_a_remote_add_is_refused(submit, samples, tmp_path):
    dockerfile = samples.DATA_DOCKERFILE.replace("RUN", "ADD http://192.0.2.1/x /x\nRUN")
    folder = submit({"container1_activationbase/Dockerfile": dockerfile})
    submission = copy_submission(str(folder), tmp_path / "in", DEFAULT_LIMITS)
    wrong = unbuildable(submission, BuildRequest("container1_activationbase", "Dockerfile"))
    assert "line 2: ADD http://192.0.2.1/x would be downloaded by the engine itself" in wrong.reason
    assert unbuildable(submission, BuildRequest("container2_knowledgebase", "Dockerfile")) is None


def test_a_dockerfile_in_utf_16_is_not_built(submit, samples, tmp_path):
    folder = submit({"container1_activationbase/Dockerfile": samples.DATA_DOCKERFILE.encode("utf-16")})
    submission = copy_submission(str(folder), tmp_path / "in", DEFAULT_LIMITS)
    wrong = unbuildable(submission, BuildRequest("container1_activationbase", "Dockerfile"))
    assert wrong.reason.endswith("Dockerfile line 1: Docker reads UTF-8, and the file is UTF-16")


def test_a_misnamed_dockerfile_is_reported(submit, samples, tmp_path):
    place = "container1_activationbase"
    folder = submit({f"{place}/Dockerfile": None, f"{place}/Dockerfile.txt": samples.DATA_DOCKERFILE})
    submission = copy_submission(str(folder), tmp_path / "in", DEFAULT_LIMITS)
    wrong = unbuildable(submission, BuildRequest(place, "Dockerfile"))
    assert wrong.hint.startswith(f"Rename {place}/Dockerfile.txt to Dockerfile, without an extension")


@pytest.mark.parametrize(
    ("last", "lost"),
    [
        ("failed to export image: failed to set parent sha256:31: unknown parent image ID sha256:31", True),
        ("No such image: sha256:3129344783e1", True),
        ("failed to get digest sha256:35: open /var/lib/x: no such file or directory", True),
        ('unable to find image "sha256:3129344783e1"', True),
        ("unable to find image 'sha256:3129344783e1'", True),
        ("Successfully tagged app07eval:b0", False),
        ("The command '/bin/sh -c false' returned a non-zero code: 1", False),
        ("The command '/bin/sh -c : No such image: sha256:31' returned a non-zero code: 1", False),
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat x", False),
    ],
)
def test_a_layer_removed_by_another_evaluation_is_recognised(last, lost):
    assert is_missing_layer(f"Step 1/2 : FROM busybox\n ---> 1264ba6295fe\n{last}\n") is lost
    assert not is_missing_layer("unknown parent image ID\nthat was said earlier\n")


@pytest.mark.parametrize(
    ("last", "attempts"),
    [
        ("No such image: sha256:3129344783e1", 4),
        ("Error response from daemon: failed to create task for container: unavailable", 2),
        ("The command '/bin/sh -c false' returned a non-zero code: 1", 1),
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat x", 1),
        ("Error response from daemon: dockerfile parse error line 2: unknown instruction: RUM", 1),
    ],
)
def test_a_build_is_repeated_if_the_engine_may_have_failed(last, attempts):
    result = bounded_process.BoundedResult(
        1, f"Step 1/2 : FROM busybox\n{last}\n", 0.1, bounded_process.BY_ITSELF
    )
    assert [is_repeated(result, number) for number in (1, 2, 3, 4)] == [
        number < attempts for number in (1, 2, 3, 4)
    ]
    assert not is_repeated(replace(result, end_reason=bounded_process.TIME), 1)
    assert not is_repeated(replace(result, status=0), 1)


def test_the_output_of_a_failed_step_is_not_a_missing_layer():
    step = "The command 'sh -c sleep 590; exit 1\nunknown parent image ID' returned a non-zero code: 1"
    assert not is_missing_layer(f"Step 2/2 : RUN\n{step}\n")
    assert is_missing_layer("Step 2/2 : RUN true\nunknown parent image ID 0123\n")


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("LABEL " + " ".join(f"l{number}=$B" for number in range(100)), 3),
        ("\n".join(f"LABEL l{number}=$B" for number in range(6)), 7),
        ("EXPOSE " + "$B " * 100, 3),
        ("USER " + "$B" * 100, 3),
        ("COPY f /" + "$B" * 100, 3),
        ("ARG A=$B\n" + "RUN true\n" * 90, 87),
    ],
)
def test_expanded_instructions_have_a_size_limit(lines, line):
    """The builder expands variables itself: a LABEL of a hundred bytes can become megabytes of image settings."""
    text = f"FROM busybox\nENV B={'x' * 50_000}\n{lines}\n"
    assert [number for number, _ in refusals(read_dockerfile(text), "", {})] == [line]


def test_many_variables_of_an_ordinary_dockerfile_are_accepted():
    text = (
        "FROM busybox\nARG A=1.2.3 B\nENV C=$A D=${B:-none}\n"
        + "LABEL a=$A\nRUN echo $C\nCOPY $D /$D\n" * 100
    )
    assert list(refusals(read_dockerfile(text), "", {})) == []


def test_a_volume_becomes_a_label_and_every_stage_has_its_own_shell(tmp_path):
    text = (
        'FROM debian AS one\nSHELL ["/bin/bash", "-c"]\nENV P=/p\nVOLUME $P /q\nENV P=/other\n'
        "FROM busybox\nRUN <<E\ntrue\nE\nFROM one\nRUN <<E\nfalse\nE\nCOPY --from=1 /a /b\n"
    )
    lines = rewrite(read_dockerfile(text), Tree(tmp_path)).text.splitlines()
    assert not any(line.startswith("VOLUME") for line in lines)
    assert 'RUN ["/bin/sh", "-ec", "true\\n"]' in lines
    assert 'RUN ["/bin/bash", "-c", "false\\n"]' in lines
    assert lines[-1] == f"LABEL {VOLUMES_LABEL}=" + b'["/p", "/q"]'.hex()


def test_too_many_volumes_are_refused(tmp_path):
    text = "FROM busybox\n" + "".join(f"VOLUME /v{number}\n" for number in range(9))
    with pytest.raises(BuildRefused, match="8 at most"):
        rewrite(read_dockerfile(text), Tree(tmp_path))


def test_a_very_long_dockerfile_reports_a_limited_number_of_errors():
    found = read_dockerfile("FROM busybox\n" + "NO\n" * 300_000)
    assert len(found.instructions) == 1001
    assert len(found.mistakes) == 1001
    assert (1001, "more than 1000 instructions") in found.mistakes


@pytest.mark.parametrize(
    ("copy", "becomes"),
    [
        ("COPY ../../data/rows.csv ./../b /x/", "COPY ./data/rows.csv ./b /x/"),
        ('COPY ["../a b", "/x"]', 'COPY ["./a b", "/x"]'),
        ("COPY .. /x", "COPY ./ /x"),
        ("COPY a/../b /x", "COPY a/../b /x"),
    ],
)
def test_a_source_above_the_context_begins_at_its_top_as_in_buildkit(copy, becomes, tmp_path):
    assert written(f"FROM busybox\n{copy}\n", tmp_path)[-1] == becomes
