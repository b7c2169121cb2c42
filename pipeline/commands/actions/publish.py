"""Publish the images step by step, and report on each step."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from common import atomic_files, process
from common.docker_command import find_daemon
from common.errors import CheckoutBusy, EngineUnavailable, PipelineError, UsageError
from common.run_lock import Busy, exclusive
from pipeline.commands.base.command import Context, Result
from pipeline.publishing.audit import CLEAN, AuditReport, audit
from pipeline.publishing.bake import PLATFORMS
from pipeline.publishing.destination import Destination, check_tag
from pipeline.publishing.package import Package
from pipeline.publishing.publication import Publication
from pipeline.publishing.record import AUDIT_FILE, RECORD_FILE, Record, record_folder
from pipeline.publishing.source_state import source_state
from pybrain_runtime.io.atomic_file import cannot_write

_PATIENCE = 60.0
_MOST_FINDINGS = 20


class Options(Protocol):
    """The options of `publish`."""

    registry: str
    tag: str | None
    platform: list[str]
    group: str
    audit: bool


@dataclass
class PublishResult(Result):
    """The result of `publish`.

    Attributes:
        record: the record of the published images.
        shown: the path of the record, as it is shown to the user.
        error: the reason why not every image was published; None if all were.
    """

    record: Record
    shown: str
    error: PipelineError | None = None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {"record": self.shown, **self.record.as_json()}


def publish(context: Context, options: Options) -> PublishResult:
    """Publish the images of a group.

    Args:
        context: the command's context.
        options: the command's options.

    Raises:
        UsageError: registry, tag or SOURCE_DATE_EPOCH is not valid.
        EngineUnavailable: there is no engine, or no buildx, or an image cannot be built.
        CheckoutBusy: another command publishes from this checkout.
        CannotWrite: a file cannot be written.
    """
    destination = Destination.parse(options.registry)
    state = source_state(context.layout.root, context.environment)
    tag = check_tag(options.tag if options.tag is not None else state.version)
    engine = _engine()
    platforms = list(dict.fromkeys(options.platform)) or [engine_platform()]
    record = Record(record_folder(context.layout, destination, tag), destination, tag, state)
    publication = Publication(context.layout, destination, tag, platforms, state, context.environment)
    console = context.console
    console.print(f"  registry     {destination}, tag {tag}, {', '.join(platforms)}")
    console.print(f"  engine       docker {engine}")
    console.print(f"  revision     {state.revision or 'unknown: no git repository'}")
    if state.revision and not state.is_committed:
        console.note("The working tree has uncommitted changes; the revision is marked accordingly.")
    with ExitStack() as stack:
        _lock(context, stack)
        return _steps(context, options, publication, record)


def _lock(context: Context, stack: ExitStack) -> None:
    """Allow one publication at a time in a checkout, until the stack is closed."""
    path = atomic_files.make_folder(context.layout.output) / ".publishing.lock"
    lock = exclusive(
        path,
        patience=_PATIENCE,
        on_wait=lambda by: context.console.note(f"another publication is in progress ({by}); waiting"),
    )
    try:
        stack.enter_context(lock)
    except Busy as error:
        raise CheckoutBusy(
            f"another publication is in progress in this checkout: {error}", hint="Try again later."
        ) from error
    except OSError as error:
        raise cannot_write(path, error) from error


def _engine() -> str:
    """Return the version of the engine; the hint of the error omits the local engine, which cannot publish."""
    try:
        return find_daemon()
    except EngineUnavailable as error:
        hint = error.hint.replace(", or use --engine local", "")
        raise EngineUnavailable(error.message, hint=hint) from error


def engine_platform() -> str:
    """Return the platform of the engine.

    Raises:
        UsageError: the project has no images for this platform.
    """
    asked = process.capture(["docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"], timeout=20)
    platform = asked.output.strip()
    if platform not in PLATFORMS:
        raise UsageError(
            f"The engine runs on {platform[:40] or 'an unknown platform'}, for which there are no images.",
            hint=f"Choose with --platform: {', '.join(PLATFORMS)}.",
        )
    return platform


def _steps(context: Context, options: Options, publication: Publication, record: Record) -> PublishResult:
    """Run the steps; an error after the first push is reported together with what was pushed."""
    console = context.console
    images = publication.images(options.group)
    every = [image for group in images.values() for image in group]
    with console.status("building 1 image" if len(every) == 1 else f"building {len(every)} images"):
        publication.build(every, on_line=lambda line: None)
    with console.status("reading their packages"):
        contents = {image: publication.read(image) for image in every}
    if options.audit:
        record.audit = _audited(context, publication.packages(list(contents.values())), record)
    record.write()
    shown = context.layout.shown(record.folder / RECORD_FILE)
    try:
        for target, group in images.items():
            with console.status(f"pushing {target.reference}"):
                published = publication.push(target, group, [contents[image] for image in group], record)
            console.print(f"    {published.digest}, verified")
        record.is_complete = True
        record.write()
    except PipelineError as error:
        return PublishResult(record, shown, error)
    console.print(f"  record       {shown}")
    return PublishResult(record, shown)


def _audited(context: Context, packages: list[Package], record: Record) -> AuditReport:
    """Look up known vulnerabilities, write the report, and print its findings."""
    console = context.console
    with console.status("looking up known vulnerabilities"):
        report = audit(packages, context.layout, console.note)
    atomic_files.write_json(record.folder / AUDIT_FILE, report.as_json())
    if report.status != CLEAN:
        reason = f": {report.reason}" if report.reason else ""
        console.print(f"    vulnerabilities of Python packages: {report.status}{reason}")
    for name, found in list(report.findings.items())[:_MOST_FINDINGS]:
        fixed = f"; fixed in {', '.join(found['fixed_in'])}" if found["fixed_in"] else ""
        console.print(f"    {name}: {', '.join(found['ids'])}{fixed}")
    return report
