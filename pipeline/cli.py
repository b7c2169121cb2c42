"""The commands: what each does with its options, and how its result is shown."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from pipeline import parser
from pipeline.commands import activate, convert, evaluate, inspect, submit
from pipeline.console import Console, speak_utf8
from pipeline.errors import ChecksFailed, Interrupted, NotUsable, Occupied, PipelineError
from pipeline.process import termination_as_interrupt
from pipeline.project import PREDICTION_CSV, PROJECT, Layout
from pipeline.run_lock import Busy, exclusive


def main(arguments: list[str] | None = None) -> int:
    """The entry point where the project is installed: ``app07 [command] [options]``."""
    words = sys.argv[1:] if arguments is None else arguments
    return execute(parser.parse(words, program="app07" if arguments is None else None))


def execute(options: argparse.Namespace, layout: Layout = PROJECT) -> int:
    """Runs a parsed command.

    Returns:
        Its exit status; an error of the user is shown as its message, without a traceback.
    """
    speak_utf8()
    if options.command == "test":
        return _run_tests(layout, options.pytest)
    console = Console(quiet=options.json)
    try:
        with termination_as_interrupt():
            result = COMMANDS[options.command](Session(layout, options, console))
        status = 0
    except PipelineError as error:
        result, status = _failed(error, options, console), error.status
    except KeyboardInterrupt:
        stopped = Interrupted("interrupted; everything that was started has been stopped")
        result, status = _failed(stopped, options, console), stopped.status
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + getattr(signal, "SIGPIPE", 13)
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        defect = PipelineError(
            f"a defect of ours: {type(error).__name__}: {error}",
            hint="Please report it, with what --debug shows.",
        )
        result, status = _failed(defect, options, console, traced=True), defect.status
    if options.json:
        json.dump({"status": status, **result}, sys.stdout, indent=2, ensure_ascii=False)
        print()
    return status


def _failed(
    error: PipelineError, options: argparse.Namespace, console: Console, *, traced: bool = False
) -> dict[str, Any]:
    if options.debug and not traced:
        traceback.print_exc()
    from pipeline.advice import advice_for
    from pybrain_runtime.container.advice import with_advice

    shown = error.error if isinstance(error, NotUsable) else error
    text = with_advice(shown, advice_for(shown, options.command))
    console.complain(text)
    return {"error": text, **(error.report if isinstance(error, NotUsable) else {})}


class Session:
    """One command being carried out.

    Args:
        layout: the checkout.
        options: the parsed command line.
        console: where it says what it does.
        environment: None takes ``os.environ``.
    """

    def __init__(
        self,
        layout: Layout,
        options: argparse.Namespace,
        console: Console,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.layout = layout
        self.options = options
        self.console = console
        self.environment = os.environ if environment is None else environment

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One driver at a time in one checkout; a second one waits as long as a run may last."""
        from pipeline import atomic_files

        atomic_files.folder(self.layout.output)
        patience = getattr(self.options, "timeout", parser.DEFAULT_TIMEOUT)
        lock = exclusive(
            self.layout.lock,
            patience=patience,
            on_wait=lambda holder: self.console.say(
                f"another run is going on in this checkout ({holder}); waiting"
            ),
        )
        with ExitStack() as held:
            try:
                held.enter_context(lock)
            except Busy as error:
                raise Occupied(
                    f"another run is going on in this checkout: {error}", hint="Start again later."
                ) from error
            except OSError as error:
                raise atomic_files.cannot_write(self.layout.lock, error) from error
            yield


def _prepare(session: Session, *, into_contexts: bool, begins: tuple[int, ...] = ()) -> Any:
    """Stage 1, shown.

    Results of an earlier run are removed: those of the stages that begin now, those of later stages where the
    prepared files are others, and all where they are not right.
    """
    from pipeline.stages import previous_results as earlier

    layout = session.layout
    earlier.clear(layout, *begins)
    before = _hashes(layout)
    try:
        prepared = _prepare_files(session, into_contexts=into_contexts)
    except BaseException:
        earlier.clear(layout, 1, 2, 3)
        raise
    if _hashes(layout) != before:
        earlier.clear(layout, 2, 3)
    return prepared


def _hashes(layout: Layout) -> tuple[str, ...]:
    """The SHA-256 of the prepared network, its card and the rows, as they stand in the folder of stage 1."""
    from pipeline.atomic_files import sha256_of
    from pipeline.project import ACTIVATION_FILE, CARD_FILE, KNOWLEDGE_FILE

    paths = [layout.stage1 / name for name in (ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE)]
    return tuple(sha256_of(path) if path.is_file() else "" for path in paths)


def _prepare_files(session: Session, *, into_contexts: bool) -> Any:
    from pipeline.stages import prepare
    from pipeline.stages.selection import columns, select
    from pybrain_runtime.container.advice import scaling_advice
    from pybrain_runtime.container.settings import switch

    say, layout = session.console.say, session.layout
    session.console.title("Stage 1 · prepare the files")
    selection = select(layout, session.environment, model=session.options.model, data=session.options.data)
    prepared, changes = prepare.prepare(
        layout,
        selection,
        input_columns=columns(session.environment, "INPUT_COLUMNS"),
        target_columns=columns(session.environment, "TARGET_COLUMNS"),
        ignore_card_names=switch(session.environment, "IGNORE_CARD_NAMES"),
        environment=session.environment,
    )
    if into_contexts:
        changes += prepare.put_into_contexts(layout, prepared)
    knowledge, rows = prepared.knowledge, prepared.rows
    say(f"  knowledge   {layout.shown(selection.model)} ({selection.model_from})")
    say(f"              {knowledge.kind}, {knowledge.indim} inputs, {knowledge.outdim} outputs, "
        f"{knowledge.parameter_count} parameters; read, not executed")  # fmt: skip
    found = prepared.scaled.unused_scaling
    unused = scaling_advice(found) if found else ""
    if unused or prepared.scaled.scaling != knowledge.scaling:
        say(f"              {unused or f'scaling: {prepared.scaled.scaling}'}")
    say(f"  activation  {layout.shown(selection.data)} ({selection.data_from})")
    say(f"              {_count(rows.count, 'row')}, which fit the network")
    say(f"              {rows.layout.summary()}")
    for change in changes:
        kept = f"; the one it replaced is kept as {layout.shown(change.kept)}" if change.kept else ""
        say(f"  {'written  ' if change.written else 'unchanged'}   {layout.shown(change.path)}{kept}")
    return prepared


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number:,} {what}s"


def _build(session: Session) -> Any:
    """The engine, with its images made, shown."""
    from pipeline.engines.base import LOOK_TIMEOUT
    from pipeline.engines.choose import choose_engine

    console = session.console
    options = session.options
    engine, why = choose_engine(
        session.layout,
        options.engine,
        compose=options.compose,
        patience=min(options.timeout, LOOK_TIMEOUT),
    )
    console.say(f"  engine      {why}")
    with console.step(
        "checking the images" if session.options.no_build else "building what is missing or stale"
    ):
        done = engine.build(anew=not session.options.no_build, on_line=lambda line: None)
    for line in done:
        console.say(f"    {line}")
    return engine


def _check(session: Session, engine: Any, prepared: Any) -> list[Any]:
    """Stage 2, shown."""
    from pipeline.stages import container_tests

    console = session.console
    reports = container_tests.check(session.layout, engine, prepared)
    marks = {"passed": "✓", "failed": "✗", "not checked": "–"}
    for report in reports:
        console.say(f"  {report.name} ({report.seconds:.1f} s)")
        for check in report.checks:
            detail = f": {_short(check.detail)}" if check.detail and check.status != "passed" else ""
            left_out = " (not checked)" if check.status == "not checked" else ""
            console.say(f"    {marks[check.status]} {check.name}{left_out}{detail}")
    if not container_tests.all_passed(reports):
        raise ChecksFailed(
            "not every container is what it should be:\n"
            + "\n".join(f"    {line}" for line in container_tests.failures(reports)),
            status=next((report.inner for report in reports if report.inner), ChecksFailed.status),
            hint=f"See {session.layout.shown(session.layout.stage2)}/.",
        )
    return reports


def _short(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else ""
    return first if len(first) <= 160 else first[:157] + "..."


def _run(session: Session, engine: Any, prepared: Any) -> Any:
    """Stage 3, shown."""
    from pipeline.stages import stack_run

    console = session.console
    done = stack_run.run(
        session.layout,
        engine,
        prepared,
        timeout=session.options.timeout,
        on_line=lambda line: console.say(f"  {line}"),
    )
    if done.error is not None:
        raise done.error
    return done


def _table(session: Session, done: Any) -> None:
    """The short table at the end."""
    from pipeline.stages import stack_run

    say, shown = session.console.say, session.layout.shown
    say()
    say("Prediction")
    for line in stack_run.prediction_lines(done.files[PREDICTION_CSV]):
        say(line)
    say()
    say("Where the files are")
    stage = session.layout.stage3
    for what, path in (
        ("prediction", stage / PREDICTION_CSV),
        ("about the run", stage / stack_run.SUMMARY),
        ("its log", stage / stack_run.LOG),
        ("stage 1", session.layout.stage1),
        ("stage 2", session.layout.stage2),
    ):
        say(f"  {what:<14} {shown(path)}")


def run_command(session: Session) -> dict[str, Any]:
    """All three stages."""
    with session.alone():
        prepared = _prepare(session, into_contexts=False, begins=(2, 3))
        session.console.title("Stage 2 · test each container")
        engine = _build(session)
        reports = _check(session, engine, prepared)
        session.console.title("Stage 3 · run the stack")
        done = _run(session, engine, prepared)
        _table(session, done)
    return _prepared_json(session, prepared) | _checked_json(reports) | _run_json(session, done)


def prepare_command(session: Session) -> dict[str, Any]:
    """Stage 1; the chosen files become the project's own."""
    with session.alone():
        return _prepared_json(session, _prepare(session, into_contexts=True))


def check_command(session: Session) -> dict[str, Any]:
    """Stage 2."""
    with session.alone():
        prepared = _prepare(session, into_contexts=False, begins=(2, 3))
        session.console.title("Stage 2 · test each container")
        engine = _build(session)
        return _checked_json(_check(session, engine, prepared))


def compose_command(session: Session) -> dict[str, Any]:
    """Stage 3."""
    with session.alone():
        prepared = _prepare(session, into_contexts=False, begins=(3,))
        session.console.title("Stage 3 · run the stack")
        engine = _build(session)
        done = _run(session, engine, prepared)
        _table(session, done)
    return _run_json(session, done)


def _prepared_json(session: Session, prepared: Any) -> dict[str, Any]:
    from pipeline.stages.prepare import RECORD

    return {"prepared": json.loads((prepared.folder / RECORD).read_text(encoding="utf-8"))}


def _checked_json(reports: list[Any]) -> dict[str, Any]:
    return {"containers": {report.name: report.status for report in reports}}


def _run_json(session: Session, done: Any) -> dict[str, Any]:
    return {
        "engine": done.engine,
        "seconds": round(done.seconds, 3),
        "prediction": done.prediction,
        "files": {name: session.layout.shown(path) for name, path in done.files.items()},
    }


def _run_tests(layout: Layout, arguments: list[str]) -> int:
    """The whole suite, in a process of its own, from the project's folder; in several where none are asked for."""
    own = ("-n", "--numprocesses", "--pdb", "--trace", "-pno:xdist", "no:xdist")
    several = [] if any(word.startswith(own) for word in arguments) else ["-n", "auto", "--dist", "loadgroup"]
    command = [sys.executable, "-m", "pytest", *several, *arguments]
    os.chdir(layout.root)
    if os.name == "nt":
        import subprocess

        return subprocess.call(command)
    sys.stdout.flush()
    os.execv(command[0], command)


COMMANDS = {
    "run": run_command,
    "prepare": prepare_command,
    "check": check_command,
    "compose": compose_command,
    "activate": activate.run,
    "inspect": inspect.run,
    "convert": convert.run,
    "evaluate": evaluate.run,
    "submit": submit.run,
}
