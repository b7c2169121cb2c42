"""Why points were lost: the root cause is diagnosed from what happened, comes first, and is reported once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.container_state import ContainerState
from evaluation.causes.attribution import Checked, attribute
from evaluation.causes.crash import find_crash
from evaluation.causes.diagnosis import find_faults
from evaluation.causes.output import last_message, missing_program
from evaluation.evidence.evidence import Evidence
from evaluation.fault import CONTENT, COPY, PREDICTION, STACK, STATUS, Fault
from evaluation.images.build_plan import BuildResult
from evaluation.result import Result
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
COMPOSE, PROGRAM, DOCKERFILE = "docker-compose.yml", f"{C3}/UE_07_App5.py", f"{C3}/Dockerfile"
# A library of one file: copying the whole one takes longer than these tests.
SMALL = {f"{C3}/pybrain/__init__.py": "x = 1\n"}
COPIED, CONTENT_ROWS = f"{COPY}1", f"{CONTENT}1"
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TRACEBACK = (
    'Traceback (most recent call last):\n  File "/codeBase/UE_07_App5.py", line 2, in <module>\n    {}\n{}'
)
OF_NUMPY = (
    "ValueError: setting an array element with a sequence. The requested array would exceed the maximum"
)


def container(service, status, ended=3.0):
    start = NOON if service != "codebase" else NOON + timedelta(seconds=0.5)
    return ContainerState(service, start, NOON + timedelta(seconds=ended), status, "", 0)


@pytest.fixture
def faults_of(evidence_of):
    """Return a function for the faults of a submission whose codebase printed something and ended with a status."""

    def find(
        printed,
        changes=None,
        *,
        status=1,
        shared=("activation_data.csv", "currentSolution.pkl"),
        data=(137, 137),
    ):
        evidence = evidence_of(SMALL | (changes or {}))
        lines = printed.splitlines()
        names = ("activationbase", "knowledgebase")
        states = [container(name, code, 5) for name, code in zip(names, data, strict=True)]
        left = {name: VolumeEntry(name, 1, NOON.timestamp(), "file", b"1") for name in shared}
        log = tuple(("codebase", line) for line in lines)
        run = StackRun(
            "docker-compose up", status, 1.0, "", (*states, container("codebase", status)), log, printed, left, {},
            {"activationbase": ("cp: can't stat '/rows.csv': No such file or directory",)},
        )  # fmt: skip
        for fact, value in ((Evidence.run, run), (Evidence.full_run, run), (Evidence.late_files, ())):
            evidence.remember(fact, value)
        return find_faults(evidence)

    return find


def crash(code, error):
    return TRACEBACK.format(code, error)


@pytest.mark.parametrize(
    ("program", "code", "error", "fault", "what", "do_first"),
    [
        ("x_input = [[df['x'].values[0]]]\nnet.activate(x_input)\n", "net.activate(x_input)", OF_NUMPY, "nested-activate",
         "`x_input` is a table (a list in a list, or an array of two dimensions) on line 1", "net.activate(x_input[0])"),
        ("x = data\nnet.activate(x)\n", "net.activate(x)",
         "ValueError: could not broadcast input array from shape (1,1) into shape (1,)",
         "nested-activate", "UE_07_App5.py line 2, `net.activate(x)`, fails with ValueError", "one flat row"),
        ("\nnet.activate(row)\n", "net.activate(row)", "ValueError: Net takes 1 inputs; 2 values were given",
         "number-of-inputs", "takes 1 inputs; 2 values", "only the 1 input columns"),
        ("\nload(f)\n", "pickle.load(f)", "_pickle.UnpicklingError: invalid load key, 'v'.", "no-pickle", "invalid load key", "mode 'rb'"),
        ("\nimport pandas\n", "import pandas", "ModuleNotFoundError: No module named 'pandas'", "no-module-pandas",
         "No module named 'pandas'", "RUN pip install pandas==VERSION"),
        ("\nimport sklearn\n", "import sklearn", "ModuleNotFoundError: No module named 'sklearn'", "no-module-sklearn",
         "", "pip install scikit-learn==VERSION"),
        ("\nimport pybrain\n", "import pybrain", "ModuleNotFoundError: No module named 'pybrain'", "pybrain-import",
         "", "COPY pybrain /opt/pybrain/pybrain"),
        ("\nopen(NAME)\n", "open(NAME)", "FileNotFoundError: [Errno 2] No such file or directory: '/shared_data/rows.csv'",
         "path-differs", "contains: activation_data.csv, currentSolution.pkl", "Open /shared_data/activation_data.csv in UE_07"),
        ("\nopen(NAME)\n", "open(NAME)", "FileNotFoundError: [Errno 2] No such file or directory: 'currentSolution.pkl'",
         "path-differs", "which codebase sees as /shared_data", "Open /shared_data/currentSolution.pkl"),
        ("\nopen(NAME)\n", "open(NAME)", "FileNotFoundError: [Errno 2] No such file or directory: '/shared_data/currentSolution.pkl'",
         "no-waiting", "before its files had arrived", "condition: service_healthy"),
        ("\nload(f)\n", "pickle.load(f)", "EOFError: Ran out of input", "half-copied", "Ran out of input", "rename it (mv)"),
        ("\nx\n", "row['x1']", "KeyError: 'x1'", "no-column", "The rows have these columns: x,y", "same spelling"),
        ("\nx\n", "float('x')", "ValueError: could not convert string to float: 'x'", "text-as-number", "'x'", "next(reader)"),
        ("\n7,1\n", "float('7,1')", "ValueError: could not convert string to float: '7,1'", "decimal-comma", "'7,1'", "decimal point"),
        ("\nx\n", "urlopen(x)", "urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>", "internet",
         "URLError", "no network"),
        ("\n1/0\n", "1/0", "ZeroDivisionError: division by zero", "crash", "UE_07_App5.py line 2, `1/0`, fails",
         "Fix UE_07_App5.py, line 2"),
    ],
)  # fmt: skip
def test_a_crash_is_explained_by_its_traceback(faults_of, program, code, error, fault, what, do_first):
    found = faults_of(crash(code, error), {PROGRAM: program})
    assert found[0].id == fault
    assert what in found[0].what
    assert do_first in found[0].do_first
    if fault != "no-waiting":
        assert (found[0].where, found[0].breaks[0]) == (f"{PROGRAM}:2", PREDICTION)
        assert found[0].evidence[-1].text.endswith(error)


@pytest.mark.parametrize(
    ("printed", "status", "fault"),
    [
        ("✗ Error: setting an array element with a sequence", 1, "nested-activate"),
        ("python3: can't open file '/codeBase/App.py': [Errno 2] No such file or directory", 2, "no-program"),
        ("sh: 1: pyhton3: not found", 127, "no-command"),
        ('  File "/codeBase/UE_07_App5.py", line 3\n    print(\n         ^\nSyntaxError: \'(\' was never closed', 1, "syntax-error"),
        ("something else", 4, "program-failed"),
        ("✗ Error: the model is not there", 0, "error-with-status-0"),
        ("Error: [Errno 2] No such file or directory: '/shared_data/rows.csv'", 0, "path-differs"),
    ],
)  # fmt: skip
def test_a_failure_without_a_traceback_is_explained_by_its_output(faults_of, printed, status, fault):
    program = "x_input = [[1.0]]\nnet.activate(x_input)\n"
    assert faults_of(printed, {PROGRAM: program}, status=status)[0].id == fault


def test_a_git_lfs_pointer_is_reported(faults_of):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 13445\n"
    printed = crash("pickle.load(f)", "_pickle.UnpicklingError: invalid load key, 'v'.")
    found = faults_of(printed, {f"{C2}/currentSolution.pkl": pointer})[0]
    assert (found.id, found.title) == (
        "lfs-pointer",
        "The network file is a Git LFS pointer, not the network",
    )
    assert "git lfs pull" in found.do_first


def test_a_program_in_another_encoding_is_reported(faults_of):
    found = faults_of(
        "SyntaxError: Non-UTF-8 code starting with '\\xf6' in file /codeBase/UE_07_App5.py on line 1"
    )
    assert (found[0].id, found[0].title) == ("syntax-error", "The program is not UTF-8")


def test_a_stopped_program_is_not_a_fault(faults_of):
    assert faults_of("Loading", status=137) == ()


def test_windows_line_endings_are_reported_if_a_script_fails(faults_of):
    found = faults_of("exec: ./run.sh: not found", {f"{C3}/run.sh": "#!/bin/sh\r\npython3 x\r\n"}, status=127)
    assert "run.sh has Windows line endings" in found[0].what
    assert "LF line endings" in found[0].do_first


def test_a_data_container_that_fails_explains_the_file_that_is_missing(faults_of):
    missing = "FileNotFoundError: [Errno 2] No such file or directory: '/shared_data/activation_data.csv'"
    found = faults_of(crash("open(x)", missing), data=(1, 137), shared=("currentSolution.pkl",))
    assert [fault.id for fault in found] == ["failed-activationbase", "first-exit"][:1]
    assert "cp: can't stat '/rows.csv'" in found[0].what


def test_an_extra_service_that_ends_first_is_reported(evidence_of, samples):
    compose = samples.WAITING_COMPOSE + "  hello:\n    image: busybox:latest\n"
    evidence = evidence_of(SMALL | {COMPOSE: compose})
    states = (container("hello", 0, 0.1), container("codebase", 137, 1))
    run = StackRun("docker-compose up", 0, 1.0, "", states, (), "", {}, {})
    for fact, value in ((Evidence.run, run), (Evidence.full_run, run), (Evidence.late_files, ())):
        evidence.remember(fact, value)
    fault = next(fault for fault in find_faults(evidence) if fault.id == "first-exit")
    assert fault.do_first.startswith("Remove the service hello, which the task does not have")


@pytest.mark.parametrize(
    ("printed", "shared", "what", "do_first", "breaks"),
    [
        ("cp: can't create '/shared_data/activation_data.csv': Read-only file system", (), "does not arrive",
         "Remove `:ro`", (COPIED, CONTENT_ROWS, STACK)),
        ("cp: can't stat '/rows.csv': No such file or directory", (), "can't stat '/rows.csv'", "Fix its copy",
         (COPIED, CONTENT_ROWS, STACK)),
        ("", ("activation_data.csv",), "its healthcheck does not succeed", "must look for the copied file", (STACK,)),
    ],
)  # fmt: skip
def test_a_container_that_does_not_become_healthy_is_the_first_cause(
    evidence_of, printed, shared, what, do_first, breaks
):
    evidence = evidence_of(SMALL)
    left = {name: VolumeEntry(name, 1, 0.0, "file", b"1") for name in (*shared, "currentSolution.pkl")}
    started = [ContainerState(name, NOON, None, None, "", 0) for name in ("activationbase", "knowledgebase")]
    run = StackRun(
        "docker-compose up", 1, 1.0, "", (*started, ContainerState("codebase", None, None, None, "", 0)),
        (("activationbase", printed),), "dependency failed to start: container activationbase-1 is unhealthy\n", left, {},
    )  # fmt: skip
    for fact, value in ((Evidence.run, run), (Evidence.full_run, run), (Evidence.late_files, ())):
        evidence.remember(fact, value)
    found = find_faults(evidence)
    assert [fault.id for fault in found] == ["unhealthy-activationbase"]
    assert found[0].title == "activationbase does not become healthy, and codebase waits for it"
    assert what in found[0].what
    assert found[0].do_first.startswith(do_first) or do_first in found[0].do_first
    assert found[0].breaks == breaks
    assert found[0].stops == (STATUS, PREDICTION)


def test_a_container_outside_the_shared_folder_is_the_cause_if_the_program_waits_forever(faults_of, samples):
    compose = samples.COMPOSE.replace("./shared_data:/shared_data", "./elsewhere:/shared_data", 1)
    found = faults_of("", {COMPOSE: compose}, status=None, shared=("currentSolution.pkl",), data=(0, 0))
    (fault,) = [fault for fault in found if fault.id == "unshared-1"]

    assert fault.title == "activationbase does not see the folder that the others share"
    assert (
        "mounts elsewhere, but the others share shared_data: activation_data.csv does not arrive"
        in fault.what
    )
    assert fault.do_first.endswith("./shared_data:/shared_data") and PREDICTION in fault.stops


def test_a_copy_outside_the_mount_is_reported(faults_of, samples):
    compose = samples.COMPOSE.replace("./shared_data:/shared_data", "./shared_data:/data", 1)
    found = faults_of("x", {COMPOSE: compose}, shared=("currentSolution.pkl",))
    assert "mount-1" in [fault.id for fault in found]
    fault = next(fault for fault in found if fault.id == "mount-1")
    assert "copies to /shared_data, but the shared folder is mounted at /data" in fault.title


@pytest.mark.parametrize(
    ("output", "changes", "title", "do_first", "where"),
    [
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat UE_07_App5.PY: file does not exist",
         {DOCKERFILE: "FROM python:3.11-slim\nCOPY UE_07_App5.PY /\n"}, "COPY names UE_07_App5.PY", "Did you mean UE_07_App5.py?", ":2"),
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat pybrain: file does not exist",
         {}, "The pybrain folder is missing", "not a link or a git pointer", ":4"),
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat pybrain: file does not exist",
         {f"{C3}/.dockerignore": "pybrain/\n"}, "COPY names pybrain, which container3_codebase/.dockerignore excludes",
         "Remove the line", ":4"),
        ("COPY failed: file not found in build context or excluded by .dockerignore: stat model.pkl: file does not exist",
         {DOCKERFILE: "FROM busybox\nCOPY model.pkl /m/model.pkl  # the model\n"}, "A comment follows COPY on the same line",
         "on a line of its own", ":2"),
        ("COPY failed: forbidden path outside the build context: ../models/a.pkl ()",
         {DOCKERFILE: "FROM busybox\nCOPY ../models/a.pkl /m/\n"}, "COPY names a file outside container3_codebase/",
         "without `..`", ":2"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/.local'",
         {DOCKERFILE: "FROM python:3.11-slim\nUSER 1000\nRUN pip install numpy==2.4.6\n"},
         "A build step lacks permission", "let USER be the last step before CMD", ":2"),
        ("ERROR: Could not find a version that satisfies the requirement scipy==1.5 (from versions: 1.9.2, 1.10.1)\n"
         "ERROR: No matching distribution found for scipy==1.5",
         {DOCKERFILE: "FROM python:3.11-slim\nRUN pip install scipy==1.5\n"}, "pip cannot find scipy==1.5", "Available versions: 1.9.2, 1.10.1", ":2"),
        ("error: command 'gcc' failed: No such file or directory\nERROR: Failed building wheel for scipy",
         {DOCKERFILE: "FROM python:3.11-slim\nRUN pip install scipy\n"}, "pip cannot build", "prebuilt wheel", ":2"),
        ("E: Unable to locate package libfoo", {DOCKERFILE: "FROM python:3.11-slim\nRUN apt install libfoo\n"},
         "apt cannot find libfoo", "apt-get update", ":2"),
        ("/bin/sh: pip: not found", {DOCKERFILE: "FROM busybox\nRUN pip install numpy\n"}, "The base image busybox has no pip",
         "FROM python:3.11-slim", ":1"),
        ("Step 2/3 : RUN false\nThe command '/bin/sh -c false' returned a non-zero code: 1",
         {DOCKERFILE: "FROM python:3.11-slim\nRUN false\n"}, "The image codebase_app07 does not build", "Run `docker build", ":2"),
    ],
)  # fmt: skip
def test_a_failed_build_is_explained_by_its_output(evidence_of, output, changes, title, do_first, where):
    evidence = evidence_of(SMALL | changes)
    result = BuildResult("", False, 1, "`docker build` exited with status 1", "Run `docker build .`", output)
    evidence.remember(Evidence.build_result, result, evidence.places.codebase)
    fault = find_faults(evidence)[0]
    assert fault.title.startswith(title)
    assert do_first in fault.do_first
    assert fault.where == DOCKERFILE + where


def test_the_advice_of_the_engines_client_is_not_the_reason():
    printed = [
        'docker: Error response from daemon: exec: "cat /a": no such file or directory: unknown.',
        "",
        "Run 'docker run --help' for more information",
    ]
    assert last_message(printed) == printed[0]


def test_an_empty_library_is_reported_once(evidence_of):
    found = find_faults(evidence_of({f"{C3}/pybrain/.git": "gitdir: ../../.git/modules/pybrain\n"}))
    assert [(fault.id, fault.missing) for fault in found] == [("empty-pybrain", True)]


def test_the_innermost_own_line_of_a_chained_traceback_counts():
    text = (
        crash("a()", "KeyError: 1")
        + "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    )
    text += (
        'Traceback (most recent call last):\n  File "/codeBase/main.py", line 9, in <module>\n    b()\n'
        '  File "/codeBase/main.py", line 4, in b\n    c(1)\n    ~^^^\n'
        '  File "/usr/lib/python3.11/json/x.py", line 1, in c\n    d\njson.decoder.JSONDecodeError: Expecting value\n'
    )
    found = find_crash(text.splitlines())
    assert found is not None and (found.kind, found.message) == ("JSONDecodeError", "Expecting value")
    frame = found.frame_in(lambda file: False)
    assert frame is not None and (frame.line, frame.code) == (4, "c(1)")
    assert find_crash(["all is well", "Prediction: 3"]) is None


# --- attribution


def checked(name, check, status, of, needs=(), **more):
    return Checked(
        Result(name, f"{name} holds", status, 0.0, of, f"{name} failed", "Do it.", **more), check, needs
    )


FIRST_EXIT = Fault("first-exit", "It stops", "what", "do", (STACK,), (STATUS, PREDICTION))
CRASH = Fault("crash", "It crashes", "what", "do", (PREDICTION,), (STATUS,))
CHECKS = (
    checked("stack", "compose_orchestration", "failed", 5),
    checked("status", "compose_status", "not checked", 3, ("stack",)),
    checked("prediction", "prediction_equals", "failed", 15),
    checked("readme", "mentions", "failed", 2),
    checked("built", "image_builds", "not checked", 9, undecided=True),
)


def lost(attribution):
    return {cause.id: cause.lost for cause in attribution.causes}


def test_each_lost_point_has_one_cause_and_the_costliest_comes_first():
    found = attribute(CHECKS, (CRASH, FIRST_EXIT))
    assert lost(found) == {"crash": ("prediction",), "first-exit": ("stack", "status"), "readme": ("readme",)}
    assert list(lost(found)) == ["crash", "first-exit", "readme"]
    assert {name: result.follows for name, result in found.results.items() if result.follows} == {
        "status": "first-exit"
    }
    assert found.causes[2].title == "readme failed"
    assert found.causes[2].what == "Expected: readme holds."


def test_checks_that_fail_for_the_same_reason_are_one_cause():
    checks = tuple(
        replace(one, result=replace(one.result, reason="there is no README.md", hint="Write README.md."))
        for one in (checked("words", "document", "failed", 2), checked("build", "mentions", "failed", 2))
    )
    found = attribute(checks, ())
    assert lost(found) == {"words": ("words", "build")}
    assert found.causes[0].title == "There is no README.md"
    assert not any(result.follows for result in found.results.values())


def test_a_rubric_can_make_a_fault_cost_its_points_once():
    each, once = attribute(CHECKS, (FIRST_EXIT,)), attribute(CHECKS, (FIRST_EXIT,), once=True)
    assert sum(result.points for result in each.results.values()) == 0
    excused = {name: result.points for name, result in once.results.items() if result.excused}
    assert excused == {"status": 3, "prediction": 15}
    assert {result.status for result in once.results.values()} == {"failed", "not checked"}
    assert (
        lost(each) == lost(once) == {"first-exit": ("stack", "status", "prediction"), "readme": ("readme",)}
    )


def test_checks_that_need_the_stack_follow_from_an_unusable_compose_file():
    checks = (
        checked("services", "compose_services", "failed", 4),
        checked("stack", "compose_orchestration", "not checked", 5),
        checked("copied", "shared_file_is_there", "not checked", 2),
        checked("readme", "mentions", "not checked", 2),
    )
    assert lost(attribute(checks, ())) == {"services": ("services", "stack", "copied")}


def test_a_stack_that_another_service_prevents_from_starting_is_a_cause():
    reason = "the image of the service runner was not built: runner/Dockerfile was not found"
    checks = tuple(
        replace(one, result=replace(one.result, reason=reason))
        for one in (
            checked("stack", "compose_orchestration", "not checked", 5),
            checked("copied", "shared_file_is_there", "not checked", 2),
        )
    )
    found = attribute(checks, ())
    assert lost(found) == {"stack": ("stack", "copied")}
    assert found.causes[0].title.startswith("The image of the service runner was not built")


def test_a_missing_dockerfile_is_reported_by_name(evidence_of):
    evidence = evidence_of(SMALL)
    reason = f"{C1}/Dockerfile was not found; {C1}/ contains: rows.csv"
    result = BuildResult("", False, reason=reason, hint="Write it.")
    evidence.remember(Evidence.build_result, result, evidence.places.number(1))
    fault = find_faults(evidence)[0]
    assert (fault.title, fault.do_first, fault.missing) == (
        f"{C1}/Dockerfile was not found",
        "Write it.",
        True,
    )


def test_nothing_is_excused_if_something_is_missing():
    missing = attribute(CHECKS, (replace(FIRST_EXIT, missing=True),), once=True)
    assert not any(result.excused for result in missing.results.values())


def test_a_program_missing_from_the_image_is_found_in_the_output_of_the_engine():
    output = (
        "docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create "
        'failed: unable to start container process: exec: "python3": executable file not found in $PATH: unknown\n\n'
        "Run 'docker run --help' for more information\n"
    )
    assert missing_program(output) == "python3"
    assert missing_program("python3: No module named pybrain\n") == ""
