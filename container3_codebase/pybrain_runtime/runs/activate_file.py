"""Runs inference on a file of any size: rows are read, predicted and written chunk by chunk.

    outcome = activate_file(load_knowledge("net.pkl"), "rows.csv", "prediction.csv")

The chunk boundaries depend only on the file, and a chunk is one mini-batch. So the prediction is byte-identical
with any number of threads, with or without pyarrow, and even if the run was interrupted and resumed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from pybrain_runtime.activation import ActivationStream
from pybrain_runtime.engine.threads import checked_threads
from pybrain_runtime.io.output_paths import check_outputs, check_target
from pybrain_runtime.io.report_files import check_report_target, report_path
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.runs.checkpoint import checkpoint_path
from pybrain_runtime.runs.file_run import FileRun
from pybrain_runtime.runs.options import StreamOptions
from pybrain_runtime.runs.outcome import Outcome, Progress
from pybrain_runtime.runs.partial_output import partial_path
from pybrain_runtime.runs.rejected_rows import check_rejected_rows_target, rejected_rows_path


def activate_file(
    knowledge: Knowledge,
    data: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: StreamOptions | None = None,
    *,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Run inference on a file, in bounded memory.

    Args:
        knowledge: the network.
        data: the rows: CSV, TSV or JSON lines, optionally compressed with gzip, or Parquet; ``-`` for standard input.
        output: the prediction: Parquet if it ends in ``.parquet``, JSON lines if it ends in ``.jsonl``, else CSV;
            compressed if it also ends in ``.gz``. The report is written beside it, with the extension ``.json``.
        options: the options; None for the defaults.
        on_progress: called after each chunk.

    Returns:
        What was written. Until the run is complete, the output does not exist.

    Raises:
        PipelineError: a file is missing or invalid, or cannot be written. Partial output is removed; with ``resume``
            it is kept, and the next run continues it.
        CannotResume: the interrupted run had other inputs or options.
    """
    started = time.time()
    options = options or StreamOptions()
    checked_threads(options.threads)
    path = os.fspath(output)
    _check_paths(path, (knowledge.path, knowledge.card_path, os.fspath(data)), options)
    with ActivationStream(
        data,
        knowledge,
        input_columns=options.input_columns,
        target_columns=options.target_columns,
        ignore_card_names=options.ignore_card_names,
        skip=options.skip,
        fast=options.fast,
        keep=options.keep,
        compare_classes=True,
    ) as activation:
        return FileRun(knowledge, activation, path, options, started, on_progress).run()


def _check_paths(output: str, read: tuple[str, ...], options: StreamOptions) -> None:
    """Check, before any file is opened for writing, that no file would be overwritten by mistake."""
    written = [output, report_path(output), partial_path(output), checkpoint_path(output)]
    if options.skip:
        written += [rejected_rows_path(output), partial_path(rejected_rows_path(output))]
    check_outputs(written, read)
    for path in written:
        check_target(path)
    check_report_target(report_path(output))
    if options.skip:
        check_rejected_rows_target(rejected_rows_path(output))
