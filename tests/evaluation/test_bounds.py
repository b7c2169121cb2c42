"""Untrusted input is read within limits on memory and time, and a report is always written."""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import io
import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import PipelineError
from evaluation.errors import CannotCheck, NoSubmission, TooCostly
from evaluation.evaluate import EvaluationOptions, copy_submission, evaluate
from evaluation.evidence.evidence import FACTS, Evidence
from evaluation.evidence.guarded import GuardedEvidence
from evaluation.evidence.remote import RemoteEvidence
from evaluation.images.builder import _strip_deprecation_notice
from evaluation.processes.messages import MessageError
from evaluation.processes.worker_pool import WorkerPool, error_from_message, error_to_message
from evaluation.quotas import DEFAULT_LIMITS, MIB
from evaluation.reports.export import EXPORTERS, Exporter, write
from evaluation.rubric import load_rubric, read_rubric
from evaluation.sandbox.container_run import ContainerRun
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry

pytestmark = pytest.mark.slow

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
SHORT = replace(DEFAULT_LIMITS, read_cpu=2, read_seconds=20.0)
# Readable text with a line on which `(a+)+$` backtracks endlessly.
BACKTRACKS = (
    "The three images of this project answer one row with a network that was trained before. The first one "
    "holds the row, the second one holds the network, and the third one computes what the network says and "
    "writes it to the shared folder.\n" + "a" * 60 + "b"
)
MOST = 512 * 1024  # getrusage reports KiB

RUBRIC = """
name = "small"

[[line]]
title = "Everything that is read"
points = 5

[[line.check]]
id = "prediction"
title = "The prediction is right"
check = "prediction_equals"
points = 1

[[line.check]]
id = "compose"
title = "Compose accepts the file"
check = "compose_syntax"
points = 1

[[line.check]]
id = "document"
title = "There is a README"
check = "document"
file = "README.md"
points = 1

[[line.check]]
id = "mentions"
title = "It says something"
check = "mentions"
file = "README.md"
all_of = ["(a+)+$|containers"]
points = 1

[[line.check]]
id = "program"
title = "The program is there"
check = "file_exists"
path = "container3_codebase/UE_07_App5.py"
points = 1
"""

# Evaluates each submission in a fork of a process that has imported everything, as a new process would have.
MEASURED = """
import json, os, resource, sys, traceback
from pathlib import Path
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.quotas import Limits
from evaluation.result import as_json
from evaluation.rubric import read_rubric

def measured(job):
    how = EvaluationOptions(Limits(**job["limits"]), run=False)
    report = evaluate(job["source"], read_rubric("small", job["rubric"].encode()), how)
    own = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line[:5] == "VmHWM")
    used = [int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
    return {"report": as_json(report), "used": used}

for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            print(json.dumps(measured(json.loads(line))), flush=True)
        except BaseException:
            print(json.dumps(traceback.format_exc()), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(json.dumps(f"exited with status {status}"), flush=True)
"""


@pytest.fixture(scope="module")
def evaluator():
    """Start a process whose forks evaluate submissions; end it after the last test."""
    words = [sys.executable, "-c", MEASURED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        yield running
    assert running.returncode == 0


@pytest.fixture
def measured(submit, evaluator):
    """Evaluate a submission without an engine in a separate process, and return results, findings and memory."""

    def run(changes, rubric=RUBRIC, limits=SHORT):
        job = {"source": str(submit(changes)), "rubric": rubric, "limits": vars(limits)}
        print(json.dumps(job), file=evaluator.stdin, flush=True)
        reply = json.loads(evaluator.stdout.readline())
        assert isinstance(reply, dict), reply
        parent, workers = reply["used"]
        assert parent < MOST and workers < MOST
        results = {one["id"]: one for line in reply["report"]["lines"] for one in line["results"]}
        return results, reply["report"]["findings"]

    return run


def collisions():
    """Return a pickled dictionary whose keys are tuples with the same hash."""
    keys = {(-1 if number >> bit & 1 else -2, bit) for number in range(2) for bit in range(2)}
    deep = [(a, b) for a in (-1, -2) for b in (-1, -2)]
    for _ in range(2):
        deep = [(a, b) for a in deep for b in deep]
    return pickle.dumps(dict.fromkeys([*keys, *deep[:60_000]]), protocol=4)


def shared_key():
    """Return a dictionary key of a few bytes whose repr would fill a disk."""
    key = ()
    for _ in range(26):
        key = (key, key)
    return pickle.dumps({key: 1}, protocol=4)


def xml_attributes():
    many = " ".join(f'a{number}="1"' for number in range(900_000))
    return f'<?xml version="1.0"?><PyBrain {many}></PyBrain>'.encode()


def xml_cells():
    cells = "<cell>" * 4000 + "</cell>" * 4000
    return f'<?xml version="1.0"?><PyBrain><Network>{cells}</Network></PyBrain>'.encode()


def npz():
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("weights.npy", "w") as file:
        for _ in range(500):
            file.write(bytes(MIB))
    return text.getvalue()


def many_zeros():
    packer = bz2.BZ2Compressor()
    return b"".join(packer.compress(bytes(MIB)) for _ in range(500)) + packer.flush()


@pytest.mark.parametrize(
    "model",
    [
        collisions, shared_key, xml_attributes, xml_cells, npz,
        many_zeros,
        lambda: b"\x80\x04" + b"(" * 5_000_000 + b".",
        lambda: b"\x80\x04" + b"]" + b"\x85" * 2_000_000 + b".",
        lambda: b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b".",
        lambda: b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N.",
        lambda: b"I" + b"9" * 10_000_000 + b"\n.",
        lambda: bytes(120 * MIB),
    ],
    ids=["collisions", "repr", "attributes", "cells", "npz", "bz2", "marks", "deep", "length", "frame", "int", "zeros"],
)  # fmt: skip
def test_an_expensive_model_does_not_stop_the_evaluation(measured, model):
    results, _ = measured({f"{C2}/currentSolution.pkl": model()})
    assert results["prediction"]["status"] == "failed"
    assert results["prediction"]["reason"]
    assert [results[name]["status"] for name in ("compose", "document", "mentions", "program")] == [
        "passed"
    ] * 4


@pytest.mark.parametrize(
    "rows",
    [
        lambda: b"x,y\n" + b"0.5,0.2\n" * 7_000_000,
        lambda: b"0.5," * 15_000_000,
        lambda: b"x,y\n" + b'"' * 60_000_000,
        lambda: "x,y\n0.5,0.2\n".encode("utf-16") * 2_000_000,
        lambda: b"1e999,1\n" * 100_000,
    ],
    ids=["many", "wide", "quotes", "utf-16", "infinite"],
)
def test_expensive_rows_do_not_stop_the_evaluation(measured, rows):
    results, _ = measured({f"{C1}/currentActivation.csv": rows()})
    assert results["prediction"]["status"] in ("failed", "not checked")
    assert results["prediction"]["reason"]
    assert [results[name]["status"] for name in ("compose", "document", "program")] == ["passed"] * 3


def test_catastrophic_backtracking_fails_one_check_only(measured):
    results, _ = measured({"README.md": BACKTRACKS})
    assert results["mentions"]["status"] == "failed"
    assert results["mentions"]["reason"] == (
        "README.md cannot be read within the limits of an evaluation: it takes more than 2 s of CPU time"
    )
    assert "Hand in ordinary files" in results["mentions"]["hint"]
    assert results["document"]["status"] == results["program"]["status"] == "passed"


def test_a_huge_readme_is_read_within_limits(measured):
    results, _ = measured({"README.md": "containers ".encode("utf-16") * 2_500_000})
    assert results["document"]["status"] in ("passed", "failed")
    assert results["program"]["status"] == "passed"


def nested(depth):
    return "a: " + "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "compose",
    [
        nested(400), nested(50_000), "a: " + "{a: " * 20_000,
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [{', '.join(['*a' if not n else f'*b{n - 1}'] * 20)}]\n" for n in range(20)),
        "services:\n  a: {image: x, cpus: " + "9" * 200_000 + "}",
        "services:\n  a: {image: x, when: 99999-99-99}",
        "services:\n  a: {image: !!binary aGFsbG8=}",
        "services:\n  a: {image: x, labels: !!set {a, b}}",
        "services:\n  a: {image: x, mem_limit: .inf, cpus: .nan}",
        "services:\n  a: {image: '" + "${A:-" * 15_000 + "'}",
        "services:\n  a: {image: '" + "$A" * 100_000 + "'}",
        "services:\n  a: {image: x, <<: [{}, {}]}\n" * 5,
        "services: 1e999",
        "? [a, b]\n: 1",
        "services:\n" + "".join(f"  s{n}: {{image: x}}\n" for n in range(9_000)),
        "- &a\n- *a\n" * 50_000,
    ],
    ids=["400 lists", "50000 lists", "mappings", "aliases", "number", "date", "binary", "set", "infinite", "variables",
         "dollars", "merges", "float", "key", "services", "itself"],
)  # fmt: skip
def test_an_expensive_compose_file_does_not_stop_the_evaluation(measured, compose):
    results, _ = measured({"docker-compose.yml": compose, ".env": "A=" + "x" * 900_000})
    assert results["compose"]["status"] in ("failed", "passed")
    assert "defect" not in results["compose"]["reason"]
    assert [results[name]["status"] for name in ("document", "mentions", "program")] == ["passed"] * 3


@pytest.mark.parametrize(
    "recipe",
    [
        "FROM busybox\n" + "\\\n" * 500_000,
        "FROM busybox\n" + "RUN x\n" * 150_000,
        "FROM busybox\nENV " + "A=$A$A " * 100_000,
        "FROM busybox\nRUN " + "<<A " * 100_000,
        "FROM busybox\nCMD " + "[" * 500_000,
        "FROM " + "${A:-" * 100_000,
        "# x\n" * 250_000,
        "FROM a AS a\n" * 80_000,
    ],
    ids=["continued", "steps", "env", "heredocs", "brackets", "base", "comments", "stages"],
)
def test_an_expensive_dockerfile_does_not_stop_the_evaluation(measured, recipe):
    results, findings = measured({f"{C1}/Dockerfile": recipe})
    assert [results[name]["status"] for name in ("compose", "document", "program")] == ["passed"] * 3
    assert all(one["text"] for one in findings)


@pytest.mark.parametrize("program", ["x = " + "(" * 90_000, "x = " + "-" * 500_000 + "1", "x = " + "1+" * 400_000 + "1",
                                     "a." * 300_000 + "a", "# \udcff" * 3, "'" * 900_000],
                         ids=["parentheses", "signs", "sum", "attributes", "surrogates", "quotes"])  # fmt: skip
def test_an_expensive_program_does_not_stop_the_evaluation(measured, program):
    results, _ = measured({f"{C3}/UE_07_App5.py": program.encode("utf-8", "surrogateescape")})
    assert [results[name]["status"] for name in ("compose", "document", "program")] == ["passed"] * 3


# --- what a run left and printed


@pytest.fixture
def guarded(submit, tmp_path):
    """Return a function for the evidence of an evaluation without an engine."""
    made = []

    def make(changes=None, limits=SHORT):
        place = tmp_path / f"guarded{len(made)}"
        place.mkdir()
        workers = WorkerPool(limits)
        taken = copy_submission(str(submit(changes)), place / "in", limits, workers)
        evidence = GuardedEvidence(
            taken.submission, limits, None, place, workers=workers, why_no_engine="a test without one"
        )
        made.append(evidence)
        return evidence

    yield make
    for evidence in made:
        evidence.workers.close()


def stack_run(*lines, **left):
    shared = {name: VolumeEntry(name, 0, 0.0, "file", content) for name, content in left.items()}
    log = tuple(("codebase", line) for line in lines)
    return StackRun("docker-compose up", 0, 1.0, "", (), log, "\n".join(lines), shared, {})


def test_a_worker_finds_the_expected_prediction(guarded):
    evidence = guarded()
    assert evidence.why_not_expected == ""
    shown = evidence.observed_prediction(stack_run("nothing"))
    assert (shown.equal, shown.where) == (False, "")


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["prediction: 1e999"], {}),
        (["prediction: 1e" + "9" * 400], {}),
        (["prediction: " + "9" * 8000], {}),
        ([], {"prediction.json": ("[" * 400 + "]" * 400).encode()}),
        ([], {"prediction.json": b"[" * 200_000}),
        (
            [],
            {
                "prediction.json": (
                    '{"prediction":' + "[" * 900 + "0.5," * 20_000 + "0" + "]" * 900 + "}"
                ).encode()
            },
        ),
        ([], {"prediction.json": lambda: b'{"prediction": ' + b"9" * 5_000_000 + b"}"}),
        ([], {"prediction.csv": lambda: b"0.5," * (16 * MIB)}),
        ([], {"prediction.csv": lambda: b"\n" * (16 * MIB)}),
        (["prediction output result " * 300] * 400, {}),
        (["\n" * 4000 + "prediction"] * 200, {}),
    ],
)
def test_files_and_output_of_a_run_are_read_within_limits(guarded, lines, left):
    evidence = guarded()
    run = stack_run(*lines, **{name: made() if callable(made) else made for name, made in left.items()})
    assert evidence.is_right(run) is False
    evidence.workers.close()
    with contextlib.suppress(PipelineError):
        evidence.observed_prediction(run)
    assert evidence.workers._idle == []  # known facts are not read again


def test_the_files_of_a_volume_are_saved_and_loaded(tmp_path):
    packed = tmp_path / "read.tar"
    with tarfile.open(packed, "w") as archive:
        for name, content in {"./a.csv": b"1,2\n", "./b/c.txt": b""}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.uid, entry.mtime = len(content), 7, 5
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("./link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with WorkerPool(SHORT) as workers:
        found = workers.call(
            tuple[VolumeEntry, ...],
            "read_volume",
            "it",
            archive_path=packed,
            folder=tmp_path / "kept",
            limit=MIB,
        )
    assert [(left.name, left.owner, left.written, left.kind, left.content, left.size) for left in found] == [
        ("a.csv", 7, 5.0, "file", b"1,2\n", 4), ("b/c.txt", 7, 0.0 + 5, "file", b"", 0),
        ("link", 0, 0.0, "link", b"", 0),
    ]  # fmt: skip
    assert found[0].stored == tmp_path / "kept" / "0"
    assert found[0].sha256 == hashlib.sha256(b"1,2\n").hexdigest()


def test_an_archive_with_a_huge_header_ends_its_worker_only(tmp_path):
    packed = tmp_path / "image.tar"
    entry = tarfile.TarInfo("pax")
    entry.type, entry.size = tarfile.XHDTYPE, 3 * 1024 * MIB
    packed.write_bytes(entry.tobuf(tarfile.USTAR_FORMAT))
    os.truncate(packed, 4 * 1024 * MIB)
    wanted = tmp_path / "wanted"
    wanted.write_bytes(b"x")
    with WorkerPool(SHORT) as workers:
        with pytest.raises(
            TooCostly, match=r"^the image cannot be read .*: it needs more than 512 MB of memory"
        ):
            workers.call(
                tuple[str, ...], "search", "the image", archive_path=packed, file=wanted, usual_path=""
            )
        with tarfile.open(packed, "w") as archive:
            archive.add(wanted, "/there")
        assert workers.call(
            tuple[str, ...], "search", "the image", archive_path=packed, file=wanted, usual_path=""
        ) == ("/there",)


# --- the worker itself


def test_a_killed_worker_is_reported_with_the_reason(guarded):
    evidence = guarded({"README.md": BACKTRACKS})

    def kill():
        find = ["pgrep", "-P", str(os.getpid()), "-f", "evaluation.workers.main"]
        while not (found := subprocess.run(find, capture_output=True, text=True, check=False).stdout.split()):
            time.sleep(0.05)
        for worker in found:
            os.kill(int(worker), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(TooCostly, match="its reader was killed by the system"):
        evidence.verdict("mentions", print, {"file": "README.md", "all_of": ["(a+)+$"]})
    thread.join()
    assert evidence.verdict("document", print, {"file": "README.md"}).passed


def test_a_worker_inherits_no_environment_and_ends_with_the_evaluation(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TUTOR", "1")
    (tmp_path / "x").write_bytes(b"x")
    with WorkerPool(SHORT) as workers:
        workers.call(str, "key_of", "x", source=tmp_path / "x", files=(), limits=SHORT)
        process = workers._idle[0]._process
        about = Path(f"/proc/{process.pid}")
        environment, limits = (about / "environ").read_bytes(), (about / "limits").read_text()
        assert len(list((about / "fd").iterdir())) <= 5
    assert b"SECRET" not in environment and b"HOME" not in environment
    assert f"{512 * MIB}" in next(
        line for line in limits.splitlines() if line.startswith("Max address space")
    )
    assert process.returncode is not None


def test_a_worker_of_an_ordinary_user_reads_large_rows(guarded, tmp_path):
    """Libraries may start threads, which count as the user's processes."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    rows = b"a,b\n" + b"0.25,0.5\n" * 200_000
    program = (
        "import os, sys, threading; from pathlib import Path\n"
        "from evaluation.workers.main import limit_everything\n"
        "import ctypes, random, resource, signal, pyarrow.csv\n"
        # A separate user: the processes of other tests count for theirs.
        "number = 50_000 + os.getpid() % 10_000; os.setgid(number); os.setuid(number)\n"
        "limit_everything(512 * 1024**2, os.getppid())\n"
        "threads = [threading.Thread(target=print) for _ in range(4)]\n"
        "[one.start() for one in threads]\n"
        "print(pyarrow.csv.read_csv(sys.argv[1]).num_rows, len(os.sched_getaffinity(0)))\n"
    )
    (tmp_path / "rows.csv").write_bytes(rows)
    with (tmp_path / "rows.csv").open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", program, f"/proc/self/fd/{file.fileno()}"],
            pass_fds=[file.fileno()], capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.stdout.split() == ["200000", "1"], done.stderr


def test_workers_end_when_the_evaluation_is_killed(tmp_path):
    program = (
        "import sys, time; from pathlib import Path\n"
        "from evaluation.quotas import DEFAULT_LIMITS as L\n"
        "from evaluation.processes.worker_pool import WorkerPool, error_from_message, error_to_message\n"
        "w = WorkerPool(L); w.call(str, 'key_of', 'x', source=Path(sys.argv[1]), files=(), limits=L)\n"
        "print(w._idle[0]._process.pid, flush=True); time.sleep(60)\n"
    )
    (tmp_path / "x").write_bytes(b"x")
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "x")], stdout=subprocess.PIPE, text=True
    ) as running:
        number = int(running.stdout.readline())
        running.kill()
    for _ in range(50):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived the evaluation")


def test_an_error_of_a_task_is_raised_in_the_evaluation(guarded):
    evidence = guarded()
    with pytest.raises(CannotCheck, match="no container engine is available: a test without one"):
        evidence.verdict("image_builds", print, {"container": 1})
    with (
        WorkerPool(SHORT) as workers,
        pytest.raises(NoSubmission, match="is larger than a submission may be"),
    ):
        few = replace(SHORT, files=1)
        workers.call(str, "key_of", "it", source=evidence.submission.root, files=(), limits=few)


def test_every_error_type_is_preserved_between_processes():
    def below(kind):
        return {kind, *(inner for one in kind.__subclasses__() for inner in below(one))}

    for kind in below(CannotCheck) | below(NoSubmission):
        sent = error_to_message(
            kind("what", "the limit") if kind is TooCostly else kind("a reason", hint="a hint")
        )
        assert type(error_from_message(sent)) is kind


def test_the_report_lists_the_limits_of_the_workers(submit):
    report = evaluate(str(submit()), load_rubric(), EvaluationOptions(run=False))
    reading = next(one for one in report.protections if one.what == "The processes that read it are limited")
    assert reading.enforced
    assert reading.how == (
        "separate processes: 512 MB of memory, 20 s of CPU time per task, 60 s of wall time, "
        "300 s to copy the submission"
    )


def test_control_characters_never_reach_an_exporter(submit):
    folder = submit({"README.md": "\x1b[2J\u202egnihtyna \x07 words"})
    rubric = read_rubric("small", RUBRIC.encode())
    report = evaluate(str(folder), rubric, EvaluationOptions(SHORT, run=False))
    text = str(report)
    assert "\x1b" not in text and "\u202e" not in text
    assert (
        "\\x1b[2J\\u202egnihtyna"
        in next(one for one in report.results if one.id == "document").evidence[1].text
    )


# Attributes that work unchanged in a worker: they read no file beyond the facts, or are derived from facts.
MADE_OF_FACTS = {
    *("engine", "image", "image_of", "copies_in_image", "run_for_files", "missing_folders", "is_right"),
    *("refused_hosts", "verdict", "detect", "diagnose", "results_of"),
    *("to_message", "from_message", "number_of", "run_with"),
}


def test_every_public_attribute_of_the_evidence_is_a_fact_or_derived_from_facts():
    kinds = [
        kind for kind in Evidence.__mro__ if kind.__module__ not in ("builtins", "evaluation.evidence.facts")
    ]
    public = {name for kind in kinds for name in vars(kind) if not name.startswith("_")}
    assert public == MADE_OF_FACTS | set(FACTS)


def test_workers_compute_exactly_the_facts_that_read_files_of_the_submission(evidence_of, tmp_path):
    read = {name for name, fact in FACTS.items() if fact.source is not None}
    assert read == {
        *("compose", "safe_stack", "roles", "dockerfile", "why_not_expected", "observed_prediction"),
        *("write_replacement", "rerun_result", "result_without_codebase", "shown_readings", "mistake"),
        *(
            "output",
            "write_other_content",
            "fingerprints",
            "discussion_fingerprint",
            "build_request",
            "copied_files",
        ),
    }
    submission = evidence_of().submission
    remote = RemoteEvidence(submission, DEFAULT_LIMITS, tmp_path, lambda name, arguments: None)
    for name in set(FACTS) - read:
        with pytest.raises(MessageError, match=f"{name} is not computed by workers"):
            remote.compute(name, {})


@pytest.mark.parametrize("name", ["stack", "expected", "verdict", "workers", "__init__", "nothing"])
def test_a_worker_can_request_only_the_facts_meant_for_workers(guarded, name):
    with pytest.raises(CannotCheck, match="is not available to workers"):
        guarded()._respond("fact", {"name": name, "arguments": {}})


def test_an_interrupted_evaluation_leaves_a_report_and_no_worker(submit, tmp_path):
    folder = submit({"README.md": BACKTRACKS})
    (tmp_path / "small.toml").write_text(RUBRIC, encoding="utf-8")
    words = [
        "evaluate",
        "--no-run",
        "--rubric",
        str(tmp_path / "small.toml"),
        "--output",
        str(tmp_path / "out"),
    ]
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())", *words, str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        for line in running.stdout:
            if "There is a README" in line:
                break
        time.sleep(1.0)
        workers = subprocess.run(
            ["pgrep", "-P", str(running.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        os.killpg(running.pid, signal.SIGINT)
        output = running.communicate(timeout=300)[0]
    assert running.returncode == 130, output
    report = json.loads(next((tmp_path / "out").glob("*/report.json")).read_text("utf-8"))
    results = {one["id"]: one for one in report["lines"][0]["results"]}
    assert report["interrupted"] is True
    assert results["document"]["status"] == "passed"
    assert results["mentions"]["reason"] == "the evaluation was interrupted"
    assert workers and not [number for number in workers if Path("/proc", number).exists()]


def test_workers_receive_the_results_of_container_runs(guarded):
    evidence = guarded()
    ran = ContainerRun(
        "docker run --rm activationbase_app07", 137, "", 60.0, "it did not end within 60 s and was stopped"
    )
    evidence.remember(Evidence.container_run, ran, evidence.places.number(1))
    verdict = evidence.verdict("prints_its_rows", print, {"container": 1})
    assert (
        verdict.reason == "`docker run --rm activationbase_app07`: it did not end within 60 s and was stopped"
    )
    assert evidence.detect("over_the_limits", print, 6).places == ((f"{C1}/Dockerfile", verdict.reason),)


def test_the_time_limit_shrinks_after_each_expensive_input(guarded):
    evidence = guarded({"README.md": BACKTRACKS}, replace(SHORT, read_cpu=3))
    for seconds in (3, 2):
        with pytest.raises(TooCostly, match=f"it takes more than {seconds} s of CPU time"):
            evidence.verdict("mentions", print, {"file": "README.md", "all_of": ["(a+)+$"]})


def test_a_failing_report_format_does_not_stop_the_others(submit, tmp_path):
    report = evaluate(
        str(submit()), read_rubric("small", RUBRIC.encode()), EvaluationOptions(SHORT, run=False)
    )

    def broken(report):
        raise OverflowError("too large")

    table = {**EXPORTERS, "html": Exporter("report.html", broken)}
    assert sorted(write(report, tmp_path, exporters=table)) == sorted(set(EXPORTERS) - {"html"})
    with pytest.raises(PipelineError, match="cannot be written as html: OverflowError: too large"):
        write(report, tmp_path, ("html",), exporters=table)


def test_the_deprecation_notice_is_searched_at_the_beginning_only():
    notice = "DEPRECATED: The legacy builder is deprecated\n   Install it.\n\n"
    assert _strip_deprecation_notice(f"{notice}Step 1/2\n") == "Step 1/2\n"
    many = "DEPRECATED: The legacy builder\n" * 130_000
    before = time.process_time()
    assert _strip_deprecation_notice(many) == many
    assert time.process_time() - before < 5
